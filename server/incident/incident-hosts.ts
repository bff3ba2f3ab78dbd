import { setTimeout as sleep } from 'node:timers/promises'
import { diagnose } from '../diagnosis/diagnose.js'
import { VethlabError } from '../error/vethlab-error.js'
import { RackGround } from '../racks/rack-ground.js'
import type { RackInfo, Racks } from '../racks/racks.js'
import type { TraceStory } from '../trace/story.js'
import { traceStory } from '../trace/trace.js'
import type { Incident, IncidentQuestion } from './incident.js'
import { claimsOf, judgeView, type Viewed, type ViewedBy } from './judge-view.js'

/**
 * `right`: each time the true cause with what shows it, and the cure, as it is worded, ended the incident and opened nothing else.
 * `partly`: the true cause, but not all of that. `unknown`: said so at least once, and never anything else. `wrong`: another cause, an
 * answer that does not tell of it, or a cure that opened more than it had to.
 */
export type Judgement = 'right' | 'partly' | 'unknown' | 'wrong'

export interface Tried {
  name: string
  code: string
  judgement: Judgement
  /** What was not right; empty where all was. */
  why: string
  /** Each answer's cause, or its outcome where it had none. */
  told: string[]
  traceMs: number[]
  /** Whether the way leads over two hosts. */
  twoHosts: boolean
  /** What a diagnosis and netdiag found. */
  views?: Record<ViewedBy, Viewed>
  /** The last story before the cure. */
  story?: TraceStory
}

interface Options {
  /** How often the trace is asked; at least once. */
  times: number
  /** Whether a diagnosis is made as well, and netdiag run in the container's host. */
  viewed?: boolean
  signal?: AbortSignal
}

const execMs = 120_000
const traceMs = 40_000
/** Nodes of a swarm that have given each other up try again once a minute (libnetwork/networkdb). */
const mendedMs = { alone: 15_000, swarm: 180_000 }
const appearsMs = 10_000
/** After this long it is quicker to make another swarm. */
const wholeMs = 10_000

const lan = { subnet: '192.168.1.0/24', at: { node1: '.11', node2: '.12', laptop: '.50' } }
const topology = { hosts: { node1: 'docker', node2: 'docker', laptop: 'plain' }, lans: { lan } } as const

/** Hosts on which incidents are made one after the other. Close it after use. */
export class IncidentHosts {
  private readonly opened = new Map<'alone' | 'swarm', Promise<RackInfo>>()

  constructor(private readonly racks: Racks) {}

  /** Makes an incident, asks about it, mends it as advised, and leaves the hosts as they were. */
  async try(
    incident: Incident,
    { times, viewed = false, signal = new AbortController().signal }: Options,
  ): Promise<Tried> {
    const kind = incident.rack ?? 'alone'
    const rack = await this.rackOf(kind)
    const one = new Trial(this.racks, rack, incident, signal, mendedMs[kind])
    try {
      return await one.run(times, viewed)
    } finally {
      await one.undo()
      if (kind === 'swarm' && !(await this.isWhole(rack))) await this.forget(kind, rack)
    }
  }

  /**
   * Whether a swarm is as it was made: both ways lead through the tunnel, and what begins on one node is known on the other. Not all
   * of it comes back by itself: the neighbour entries of an overlay are gone with a link that was down, a node that has left is out.
   */
  private async isWhole(rack: RackInfo): Promise<boolean> {
    const [node1, node2] = [new Host(this.racks, rack, 'node1'), new Host(this.racks, rack, 'node2')]
    try {
      // A container that has spoken to nobody yet: what others have cached does not help it.
      if (!(await node2.works('docker run -d --name fresh --network mesh nginx'))) return false
      return await until(
        () => node1.works('docker exec m1 nc -z -w 1 m2 80 && docker exec m1 nc -z -w 1 fresh 80'),
        wholeMs,
      )
    } finally {
      await node2.works('docker rm -f fresh')
    }
  }

  private async forget(kind: 'alone' | 'swarm', rack: RackInfo): Promise<void> {
    this.opened.delete(kind)
    await this.racks.close(rack.id)
  }

  async close(): Promise<void> {
    for (const rack of this.opened.values()) {
      const made = await rack.catch(() => undefined)
      if (made) await this.racks.close(made.id)
    }
    this.opened.clear()
  }

  private rackOf(kind: 'alone' | 'swarm'): Promise<RackInfo> {
    const rack = this.opened.get(kind) ?? this.open(kind)
    this.opened.set(kind, rack)
    // The next incident has another try.
    rack.catch(() => this.opened.delete(kind))
    return rack
  }

  private async open(kind: 'alone' | 'swarm'): Promise<RackInfo> {
    const rack = await this.racks.open(topology, { label: 'incident' })
    if (kind === 'swarm') {
      const [node1, node2] = [new Host(this.racks, rack, 'node1'), new Host(this.racks, rack, 'node2')]
      await node1.do('docker swarm init --advertise-addr 192.168.1.11 >/dev/null')
      const token = await node1.do('docker swarm join-token -q worker')
      await node2.do(`docker swarm join --advertise-addr 192.168.1.12 --token ${token} 192.168.1.11:2377`)
      await node1.do(
        `docker network create -d overlay --attachable --subnet 10.10.0.0/24 mesh
         docker run -d --name m1 --network mesh --ip 10.10.0.10 netshoot sleep infinity`,
      )
      const far = 'docker run -d --name m2 --network mesh --ip 10.10.0.20 nginx || { docker rm -f m2; false; }'
      await until(() => node2.works(far), 30_000)
      await until(() => node1.works('docker exec m1 nc -z -w 1 m2 80'), 30_000)
    }
    return rack
  }
}

class Host {
  constructor(
    private readonly racks: Racks,
    private readonly rack: RackInfo,
    private readonly name: string,
  ) {}

  /** @throws VethlabError command.failed where it fails */
  async do(script: string): Promise<string> {
    const result = await this.run(script)
    if (!result.failed) return result.stdout.trim()
    throw new VethlabError('command.failed', `${result.stdout}${result.stderr}`.trim() || 'failed', {
      place: `${this.name}: ${script.split('\n')[0]!.slice(0, 200)}`,
      cure: 'Look at the script: it has to run in a fresh host.',
    })
  }

  async works(script: string): Promise<boolean> {
    return !(await this.run(script)).failed
  }

  private run(script: string) {
    return this.racks.exec(this.rack.id, this.name, ['sh', '-ec', script], { timeoutMs: execMs })
  }
}

/** Whether it came true in time. */
async function until(isSo: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  for (const end = performance.now() + timeoutMs; ; ) {
    if (await isSo()) return true
    if (performance.now() > end) return false
    await sleep(300)
  }
}

class Trial {
  private readonly told: string[] = []
  private readonly tookMs: number[] = []
  private story: TraceStory | undefined
  private views: Record<ViewedBy, Viewed> | undefined
  /** The last one that told another cause. */
  private other: TraceStory | undefined

  constructor(
    private readonly racks: Racks,
    private readonly rack: RackInfo,
    private readonly incident: Incident,
    private readonly signal: AbortSignal,
    private readonly mendedMs: number,
  ) {}

  async run(times: number, viewed: boolean): Promise<Tried> {
    const { make, symptom, ask } = this.incident
    for (const [where, script] of Object.entries(make)) {
      this.signal.throwIfAborted()
      const token = script.includes('$TOKEN') ? await this.host('node1').do('docker swarm join-token -q worker') : ''
      const done = await this.host(where)
        .do(script.replace('$TOKEN', token))
        .catch((error: Error) => error)
      if (done instanceof Error) return this.tried('wrong', `it cannot be made: ${done.message}`)
    }
    if (!(await until(async () => !(await this.works(symptom)), appearsMs)))
      return this.tried('wrong', 'the incident does not show: its symptom works')
    // Whom it has just asked for, it would not ask again.
    await this.host('laptop').do('ip neigh flush all')
    const findings: string[] = []
    for (let time = 0; time < times; time++) {
      const story = await this.ask(ask)
      this.story = story
      if (story.cause?.code !== this.incident.code) this.other = story
      const finding = this.findingOf(story)
      if (finding !== '') findings.push(finding)
    }
    if (viewed) this.views = { diagnose: await this.diagnose(), netdiag: await this.netdiag() }
    const { code } = this.incident
    const others = this.told.filter((one) => one !== code)
    const heard = `told ${others.join(', ')}: ${this.other?.cause?.what.en ?? this.other?.summary.en}`
    if (others.some((one) => one !== 'unknown')) return this.tried('wrong', heard)
    if (others.length > 0) return this.tried('unknown', heard)
    const cured = await this.cure()
    if (cured) return this.tried(cured.opened ? 'wrong' : 'partly', cured.why)
    return this.tried(findings.length > 0 ? 'partly' : 'right', findings[0] ?? '')
  }

  /** What is left of it. Nothing here stops the rest. */
  async undo(): Promise<void> {
    const { undo = {}, rack, cure } = this.incident
    for (const [where, script] of Object.entries(undo)) await this.host(where).works(script.replaceAll(';', '\n'))
    if (rack !== 'swarm') {
      const clear =
        'docker ps -aq | xargs -r docker rm -f >/dev/null; docker network prune -f >/dev/null; ip neigh flush all'
      for (const host of new Set(['node1', ...(cure ? [cure.on] : [])].filter((name) => name !== 'laptop')))
        await this.host(host).works(clear)
    }
    await this.host('laptop').works('ip neigh flush all')
  }

  private host(where: string): Host {
    return new Host(this.racks, this.rack, where.split(' ')[0]!)
  }

  private works([host, script]: readonly [string, string]): Promise<boolean> {
    return this.host(host).works(script)
  }

  private async ask(question: IncidentQuestion): Promise<TraceStory> {
    const ground = new RackGround(this.racks, this.rack.id)
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(traceMs)])
    const started = performance.now()
    const story = await traceStory(ground, { ...question, home: 'node1' }, { signal })
    this.tookMs.push(performance.now() - started)
    this.told.push(story.cause?.code ?? story.outcome)
    return story
  }

  private async diagnose(): Promise<Viewed> {
    const ground = new RackGround(this.racks, this.rack.id)
    const container = this.patient('diagnose')
    const report = await diagnose(ground, { container, home: 'node1' }, { signal: this.signal })
    const findings = report.stages.flatMap((stage) => stage.findings)
    const claims = findings.map(({ outcome, text, cause }) => ({ outcome, text: text.en, ...(cause ? { cause } : {}) }))
    return judgeView('diagnose', this.incident, claims)
  }

  /** As a learner would run it, who has the terminal of the container's host. */
  private async netdiag(): Promise<Viewed> {
    const [name = '', host = 'node1'] = this.patient('netdiag').split('/').toReversed()
    const argv = ['netdiag', name, '--json']
    const ran = await this.racks.exec(this.rack.id, host, argv, { timeoutMs: execMs })
    return judgeView('netdiag', this.incident, claimsOf(ran))
  }

  private patient(view: ViewedBy): string {
    const { ask, diagnosis, netdiag } = this.incident
    const own = view === 'netdiag' ? netdiag?.of : undefined
    return own ?? diagnosis?.of ?? (/^(laptop|node\d)$/.test(ask.from) ? 'web' : ask.from)
  }

  /** What is missing in a story that has the right cause. */
  private findingOf({ cause }: TraceStory): string {
    const { says, evidence } = this.incident
    if (!cause) return ''
    if (says && !says.test(cause.what.en)) return `says nothing of ${says}: ${cause.what.en}`
    if (evidence && !evidence.test(cause.evidence.join('\n')))
      return `does not show ${evidence}: ${cause.evidence.join('; ')}`
    return ''
  }

  private async cure(): Promise<{ why: string; opened: boolean } | undefined> {
    const { cure, symptom, shut } = this.incident
    if (!cure) return undefined
    const { on, of = 0, instead = {}, afterwards } = cure
    const text = of < 0 ? '' : (this.story?.cause?.tries[of]?.en ?? '')
    const commands = commandsOf(text)
    if (of >= 0 && commands.length === 0) return { why: `the cure has no command: ${text}`, opened: false }
    for (const command of commands) {
      const whole = Object.entries(instead).reduce((line, [what, by]) => line.replace(what, by), command)
      const done = await this.host(on)
        .do(whole)
        .catch((error: Error) => error)
      if (done instanceof Error) return { why: `the cure fails: ${whole}: ${done.message}`, opened: false }
    }
    if (afterwards) await this.host(on).do(afterwards)
    if (!(await until(() => this.works(symptom), this.mendedMs)))
      return { why: `the cure does not help: ${text || afterwards}`, opened: false }
    if (shut && (await this.works(shut))) return { why: `the cure opens more than it has to: ${text}`, opened: true }
    return undefined
  }

  private tried(judgement: Judgement, why: string): Tried {
    const { name, code, rack } = this.incident
    return {
      ...{ name, code, judgement, why, told: this.told, traceMs: this.tookMs },
      twoHosts: rack === 'swarm' || code === 'tunnel-source',
      ...(this.story ? { story: this.story } : {}),
      ...(this.views ? { views: this.views } : {}),
    }
  }
}

/** The commands of a sentence. */
function commandsOf(text: string): string[] {
  const tools = /^(docker|ip6?tables(?:-legacy|-nft)?|nft|nsenter|ip|sysctl|systemctl|bridge|tc) /
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code!).filter((code) => tools.test(code))
}
