import type { Conversation, Talk } from '../../server/network/conversation.js'
import type { Frame, IpPacket, Observation, RuleHit, Sighting, TracedPacket } from '../../server/network/observation.js'
import type { ProbeRequest } from '../../server/network/question.js'
import type { NamespaceState } from '../../server/network/state.js'
import type { Ground } from '../../server/place/ground.js'
import { type Script, ScriptedProbe } from '../check/cases.js'
import type { StateBuilder } from '../check/state-builder.js'

/** Writes down where a packet was seen in a rack that a StateBuilder made, as `observe` would have said it. */
export class Journey {
  private readonly seen: Observation = {
    outcome: 'silent',
    detail: 'no answer',
    sightings: [],
    ruleHits: [],
    faults: [],
    durationMs: 5,
  }
  private at = 0
  private packet: IpPacket

  constructor(
    private readonly rack: StateBuilder,
    { protocol = 'icmp', ...packet }: Pick<IpPacket, 'source' | 'destination'> & Partial<IpPacket>,
  ) {
    this.packet = { version: 4, hops: 64, length: 84, dontFragment: true, protocol, ...packet }
  }

  /** @param where `node1`, or `node1/web` */
  by(
    where: string,
    link: string,
    direction: Sighting['direction'],
    more: Partial<Sighting> & { to?: string } = {},
  ): this {
    const { to = direction === 'in' ? this.macOf(where, link) : undefined, ...rest } = more
    return this.add({ ...this.placeOf(where, link), direction, role: 'request', frame: this.frame(to), ...rest })
  }

  lan(lan: string, port: string, direction: Sighting['direction'], role: Sighting['role'] = 'request'): this {
    return this.add({
      lan,
      lanPort: port,
      namespace: '1',
      link: `p-${port}`,
      linkIndex: 9,
      direction,
      role,
      frame: this.frame(),
    })
  }

  asks(where: string, link: string, target: string, ...answers: string[]): this {
    const place = this.placeOf(where, link)
    const neighbour = { target, senderMac: '02:00:00:00:00:01', senderAddress: this.packet.source }
    this.add({
      ...place,
      direction: 'out',
      role: 'neighbour',
      frame: { length: 42, neighbour: { kind: 'question', ...neighbour } },
    })
    for (const mac of answers) {
      const answer = { kind: 'answer', target: this.packet.source, senderMac: mac, senderAddress: target } as const
      this.add({ ...place, direction: 'in', role: 'neighbour', frame: { length: 42, neighbour: answer } })
    }
    return this
  }

  /** From now on the packet is so. */
  becomes(packet: Partial<IpPacket>): this {
    this.packet = { ...this.packet, ...packet }
    return this
  }

  meets(host: string, hit: Partial<RuleHit> & Pick<RuleHit, 'chain' | 'verdict'>): this {
    const namespace = this.rack.host(host).namespaces[0]!.id
    const common = { family: 'ip', table: 'filter', policy: false, role: 'request' } as const
    this.seen.ruleHits.push({ atMs: ++this.at, host, namespace, ...common, ...hit })
    return this
  }

  fault(what: string): this {
    this.seen.faults.push(what)
    return this
  }

  ends(outcome: Observation['outcome'], detail = ''): Observation {
    return { ...this.seen, outcome, detail }
  }

  private add(sighting: Omit<Sighting, 'atMs'>): this {
    this.seen.sightings.push({ atMs: ++this.at, ...sighting })
    return this
  }

  private frame(destination?: string): Frame {
    return { length: 98, ip: this.packet, ...(destination ? { source: '02:00:00:00:00:01', destination } : {}) }
  }

  private placeOf(where: string, link: string): Pick<Sighting, 'host' | 'namespace' | 'link' | 'linkIndex'> {
    const namespace = this.namespaceOf(where)
    const found = namespace.links.find(({ name }) => name === link)!
    return { host: where.split('/')[0]!, namespace: namespace.id, link, linkIndex: found.index }
  }

  private namespaceOf(where: string): NamespaceState {
    const [host, container] = where.split('/')
    const found = this.rack.host(host!)
    return container ? this.rack.namespaceOf(found, container) : found.namespaces[0]!
  }

  private macOf(where: string, link: string): string {
    return this.namespaceOf(where).links.find(({ name }) => name === link)!.mac
  }
}

/** Answers questions by a script, and packets by the observations that it was given, in their order. */
export class ScriptedGround implements Ground {
  readonly talks: { host: string; talk: Talk }[] = []
  readonly packets: { host: string; packet: TracedPacket }[] = []
  private readonly probe: ScriptedProbe

  constructor(
    rack: StateBuilder,
    private readonly observations: Observation[],
    script: Script = {},
    private readonly conversations: Conversation[] = [],
  ) {
    this.probe = new ScriptedProbe(rack, script)
  }

  capture() {
    return this.probe.capture()
  }

  runScript(): Promise<never> {
    return Promise.reject(new Error('a trace runs no script'))
  }

  runCommand(): Promise<never> {
    return Promise.reject(new Error('a trace runs no command'))
  }

  ask(host: string, question: ProbeRequest) {
    return this.probe.ask(host, question)
  }

  async talk(host: string, talk: Talk): Promise<Conversation> {
    this.talks.push({ host, talk })
    const next = this.conversations.shift()
    if (!next) throw new Error(`nothing is known of conversation ${this.talks.length}`)
    return next
  }

  async observe(host: string, packet: TracedPacket, _signal?: AbortSignal): Promise<Observation> {
    this.packets.push({ host, packet })
    const next = this.observations.shift()
    if (!next) throw new Error(`nothing is known of packet ${this.packets.length}`)
    return next
  }
}
