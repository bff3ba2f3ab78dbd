import type { Duplex } from 'node:stream'
import { VethlabError } from '../error/vethlab-error.js'
import type { HostCapture, StillCapture } from '../network/capture.js'
import type { Conversation, Talk } from '../network/conversation.js'
import type { Observation, TracedPacket } from '../network/observation.js'
import type { ProbeAnswer, ProbeRequest } from '../network/question.js'
import type { ScriptOptions, ScriptRun } from '../place/script-run.js'
import type { PtyHostClient } from '../terminal/client.js'
import type { CommandResult } from './command-result.js'
import type { StateThread } from './state-thread.js'
import type { HostKind, LanPlan, TopologyInput } from './topology.js'

/**
 * The interface to racks, and the only one that the rest of the house uses. `LocalRacks` is it in this process (root);
 * `RackdClient` is it over rackd's socket. Every method that names a rack throws rack.not-found, every one that names
 * a host host.not-found.
 */
export interface Racks {
  /** Makes pictures of what was captured; where it is missing, whoever captures does. */
  readonly states?: Pick<StateThread, 'make'> | undefined

  /**
   * Makes a rack, or nothing: what a failure leaves half-made is removed before it is thrown.
   * @throws VethlabError topology.*, rack.limit, image.missing, store.full, golden.missing, machine.*, host.boot-failed
   */
  open(topology: TopologyInput, options?: OpenOptions): Promise<RackInfo>
  /** All racks; with `owner` those that are opened for it, and those that are opened for nobody. */
  list(of?: { owner?: string }): Promise<RackInfo[]>
  info(rack: string): Promise<RackInfo>
  /**
   * Has at least so many booted hosts wait for racks, for so many milliseconds, instead of the usual number if that is less; never so many
   * that less than 1 GiB of memory is free. What is not wanted any more is removed. @returns how many wait now
   */
  warm(hosts: Record<HostKind, number>, forMs: number): Promise<Record<HostKind, number>>
  /** Puts one host, or all of them, back to the start: new system, same name, addresses and LANs, all links mended. */
  reset(rack: string, host?: string): Promise<RackInfo>
  /** Ends a rack and removes all of it. */
  close(rack: string): Promise<void>

  /** Runs a program as root of a host. The result has one shape for success, failure and time-out. */
  exec(rack: string, host: string, argv: string[], options?: ExecOptions): Promise<CommandResult>
  /** The pty host of a rack: opens, lists, attaches to, resizes and closes its terminals. Dispose of it after use. */
  terminals(rack: string): Promise<PtyHostClient>
  /** Takes a host off a LAN, as pulling a cable does, or puts it back. @throws VethlabError lan.not-found */
  setLink(rack: string, lan: string, host: string, state: 'cut' | 'mended'): Promise<void>

  /**
   * GET from a host's Engine, such as `/networks`; undefined where the Engine knows no such thing.
   * @throws VethlabError host.unreachable, host.unverified, host.no-engine
   */
  engine(rack: string, host: string, path: string): Promise<unknown>
  /**
   * Ends a host's Engine as `systemctl restart docker` does, and resolves once it answers again, as golden's own.
   * @throws VethlabError host.unreachable, host.unverified, host.no-engine
   */
  restartEngine(rack: string, host: string, options?: { signal?: AbortSignal }): Promise<void>
  /** Calls back with each of the Engine's events from now on; resolves when `signal` aborts or the Engine ends. */
  watchEngine(rack: string, host: string, onEvent: (event: unknown) => void, signal: AbortSignal): Promise<void>
  /**
   * Calls back when it begins to listen, and then for every change in any network namespace of a host, at most once in
   * 50 ms: links, addresses, routes, rules, permanent neighbours and static forwarding entries, forwarding. What is learnt
   * from traffic is no change. Resolves when `signal` aborts.
   * @throws VethlabError rack.busy, host.unreachable when the host ends
   */
  watchNetwork(rack: string, host: string, onChange: () => void, signal: AbortSignal): Promise<void>
  /**
   * What the kernel holds in every network namespace of a host, read with the machine's own tools, and what its Engine says,
   * if that is golden's own. What can't be read is a fault in the capture.
   */
  capture(rack: string, host: string): Promise<HostCapture>
  /**
   * The same of all hosts, at a moment in which every process of theirs is frozen. That is over also when whoever captures is
   * killed: the next rackd lets them go on.
   * @throws VethlabError rack.not-still where a process can't be frozen
   */
  captureStill(rack: string): Promise<StillCapture>
  /** An active question, asked with the machine's own tools from a network namespace of a host. */
  probe(rack: string, host: string, probe: ProbeRequest): Promise<ProbeAnswer>
  /**
   * Sends one real packet from a network namespace of a host, and tells where in all of the rack it and its answer were
   * seen, and which rules they met. Who aborts it leaves nothing behind.
   * @throws VethlabError argument.invalid, rack.busy, host.unreachable
   */
  observe(rack: string, host: string, packet: TracedPacket, options?: { signal?: AbortSignal }): Promise<Observation>
  /**
   * Says something to a program from a host, in HTTP or TLS, and tells what it answers and whom it connects to meanwhile.
   * @throws VethlabError argument.invalid, rack.busy, host.unreachable
   */
  talk(rack: string, host: string, talk: Talk, options?: { signal?: AbortSignal }): Promise<Conversation>
  /**
   * Runs `checks/FILE` of a lab's folder on the machine, apart from it and from the rack, and gives what it printed. It has a user of
   * its own, no network, and limits on memory, processes, output and time.
   * @throws VethlabError argument.invalid where not every user can read the folder, rack.busy
   */
  runScript(rack: string, directory: string, file: string, options: ScriptOptions): Promise<ScriptRun>
  /**
   * A TCP connection to a port as seen from inside the host: on 127.0.0.1, or else on one of the host's own addresses.
   * Each side may end its half. Who answers there is the learner's: its bytes are not to be trusted.
   * @throws VethlabError port.refused, host.unreachable
   */
  connectPort(rack: string, host: string, port: number): Promise<Duplex>
}

export interface OpenOptions {
  /** Shown in lists, such as the lab's name; cut to 200 printable characters. */
  label?: string
  /** Whom it is opened for, such as the id of a server's records; at most 64 characters. */
  owner?: string
  /** Names of images that its hosts must have. */
  images?: readonly string[]
  onProgress?(progress: OpenProgress): void
  signal?: AbortSignal
}

/** A stage of opening that is done, and the milliseconds since the beginning. */
export interface OpenProgress {
  stage: 'hosts' | 'network' | 'engines'
  elapsedMs: number
}

/** Goes through rackd's socket in one piece. */
const largestStdinBytes = 4 * 1024 ** 2

/** @throws VethlabError argument.invalid */
export function checkStdin(stdin: string | Uint8Array = ''): void {
  if (Buffer.byteLength(stdin) <= largestStdinBytes) return
  throw new VethlabError('argument.invalid', 'is larger than 4 MiB', {
    place: 'stdin',
    cure: 'Send it in parts.',
  })
}

export interface ExecOptions {
  /** At most 4 MiB. */
  stdin?: string | Uint8Array
  env?: Record<string, string>
  /** Milliseconds, 30,000 by default; then SIGTERM and SIGKILL for it and its descendants. */
  timeoutMs?: number
  /** Bytes of each stream, 1 MiB by default and 3 MiB at most; more ends the program. */
  maxOutputBytes?: number
  signal?: AbortSignal
}

export interface RackInfo {
  id: string
  label: string
  /** Whom it was opened for; missing where that was nobody, or an older version of this program. */
  owner?: string
  /** ISO 8601. */
  createdAt: string
  hosts: RackHostInfo[]
  lans: LanPlan[]
  internet: boolean
}

/** What one host had too much of, while all of the machine ran short of it; `uncountable`: more than can be looked through. */
export type HostEnd = 'kernel-memory' | 'terminals' | 'files' | 'neighbours' | 'uncountable'

export interface RackHostInfo {
  name: string
  kind: HostKind
  /** The container's id, also the name of its control group and its disk. */
  id: string
  alive: boolean
  /** Why it was ended, where it was ended for the others' sake; it has to be reset. */
  ended?: HostEnd
  interfaces: { lan: string; name: string; address: string; prefix: number; address6?: string; cut: boolean }[]
}
