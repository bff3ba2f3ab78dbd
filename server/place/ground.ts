import type { Conversation, Talk } from '../network/conversation.js'
import type { Observation, TracedPacket } from '../network/observation.js'
import type { ProbeAnswer, ProbeRequest } from '../network/question.js'
import type { NetworkState } from '../network/state.js'
import type { CommandRun, ScriptOptions, ScriptRun } from './script-run.js'

/** What checks stand on: the state of a rack, and questions to it. Throws only what makes a check an error. */
export interface Probe {
  capture(): Promise<NetworkState>
  ask(host: string, question: ProbeRequest): Promise<ProbeAnswer>
  /** Runs `checks/FILE` of a lab's folder, apart from the machine and the rack. */
  runScript(directory: string, file: string, options: ScriptOptions): Promise<ScriptRun>
  /** Runs a shell text as root of a host, whose programs can be anybody's: what it says proves nothing of the network. */
  runCommand(host: string, text: string, signal?: AbortSignal): Promise<CommandRun>
}

/** What a trace stands on: in addition, packets that are watched on their way. */
export interface Ground extends Probe {
  /** Sends one packet from a host and watches all namespaces of the rack meanwhile. */
  observe(host: string, packet: TracedPacket, signal?: AbortSignal): Promise<Observation>
  /** Says something to a program from a host, and hears what it answers and whom it connects to meanwhile. */
  talk(host: string, talk: Talk, signal?: AbortSignal): Promise<Conversation>
}

/** What a question about places is asked in. */
export interface Asking {
  /** Captured once, before the question. */
  state: NetworkState
  probe: Probe
  /** The host that a name without a host belongs to: the first docker host of the topology. */
  home: string
  signal: AbortSignal
}
