import { VethlabError } from '../error/vethlab-error.js'
import { networkState } from '../network/assemble.js'
import type { HostCapture } from '../network/capture.js'
import type { Conversation, Talk } from '../network/conversation.js'
import { sameMoment } from '../network/moment.js'
import type { Observation, TracedPacket } from '../network/observation.js'
import type { ProbeAnswer, ProbeRequest } from '../network/question.js'
import type { LanState, NetworkState } from '../network/state.js'
import type { Probe } from '../place/ground.js'
import type { CommandRun, ScriptOptions, ScriptRun } from '../place/script-run.js'
import { Unanswerable } from '../place/unanswerable.js'
import type { Racks } from './racks.js'
import type { LanPlan } from './topology.js'

/** What Engines say may change of itself while they are not asked, such as a container that ends. */
const mostStill = 3
/** As long as a lab's own script may take. */
const commandMs = 10_000

/** Checks' view of a rack: all hosts at one moment, and questions to any of them. */
export class RackGround implements Probe {
  constructor(
    private readonly racks: Racks,
    private readonly rack: string,
    /** Captures while no process of its hosts runs. */
    private readonly options: { isStill?: boolean } = {},
  ) {}

  async capture(): Promise<NetworkState> {
    const { hosts, lans, internet } = await this.racks.info(this.rack)
    const shape = { hosts, internet, lans: lans.map(inCidr) }
    const make = async (captures: HostCapture[]) =>
      this.racks.states ? this.racks.states.make(captures, shape) : networkState(captures, shape)
    if (!this.options.isStill) {
      return make(await Promise.all(hosts.map(({ name }) => this.racks.capture(this.rack, name).catch(calling(name)))))
    }
    for (let left = mostStill; left > 0; left--) {
      const { hosts: captures, engines } = await this.racks.captureStill(this.rack)
      const after = captures.map((one) => ({
        ...one,
        ...(one.engine ? { engine: engines[one.host] ?? one.engine } : {}),
      }))
      const [state, again] = await Promise.all([make(captures), make(after)])
      if (sameMoment(state, again)) return state
    }
    throw new Unanswerable('check.unsteady', {
      en: 'what the Engines say changed each time while the hosts were held still: let the network come to rest, and try again',
      zh: '每次停住主机时，Docker 引擎的状态都在变化：请等网络稳定下来再试',
    })
  }

  ask(host: string, question: ProbeRequest): Promise<ProbeAnswer> {
    return this.racks.probe(this.rack, host, question).catch(calling(host))
  }

  runScript(directory: string, file: string, options: ScriptOptions): Promise<ScriptRun> {
    return this.racks.runScript(this.rack, directory, file, options)
  }

  runCommand(host: string, text: string, signal?: AbortSignal): Promise<CommandRun> {
    return this.racks.exec(this.rack, host, ['bash', '-c', text], {
      env: { HOME: '/root' },
      timeoutMs: commandMs,
      ...(signal ? { signal } : {}),
    })
  }

  /** Sends one packet from a host and watches all namespaces of the rack meanwhile. */
  observe(host: string, packet: TracedPacket, signal?: AbortSignal): Promise<Observation> {
    return this.racks.observe(this.rack, host, packet, signal ? { signal } : {})
  }

  /** Says something to a program, and hears what it answers and whom it connects to meanwhile. */
  talk(host: string, talk: Talk, signal?: AbortSignal): Promise<Conversation> {
    return this.racks.talk(this.rack, host, talk, signal ? { signal } : {})
  }
}

/** The machine calls a host otherwise in each rack, which tells a learner nothing. */
function calling(host: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof VethlabError) || error.code !== 'host.unreachable') throw error
    const { code, what, cure } = error
    const zh = { what: '主机已停止运行', cure: '请重置这台主机。' }
    throw new VethlabError(code, what, { place: host, cure, zh, cause: error })
  }
}

/** A plan keeps addresses and lengths of prefixes apart. */
function inCidr({ subnet, prefix, subnet6, prefix6, ...lan }: LanPlan): LanState {
  return { ...lan, subnet: `${subnet}/${prefix}`, ...(subnet6 && { subnet6: `${subnet6}/${prefix6}` }) }
}
