import { holds, sameAddress } from '../network/addresses.js'
import { translationAt } from '../network/filter.js'
import type { Frame, IpPacket, Observation, RuleHit, Sighting } from '../network/observation.js'
import { ownsAddress } from '../network/own-address.js'
import type { Link, NetworkState, Rule } from '../network/state.js'
import { isLegacy, keepsLegacy } from '../network/tables.js'
import { type LivePlace, linkOf, placeAt } from '../place/place.js'
import { isFlooded } from './flood.js'
import { ruleOf, translation } from './rule-text.js'

/** An observation put in order: the way out, the way back, who was asked for a MAC address, and what dropped the packet. */
export interface Seen {
  /** Its sightings in the order of time, without the copies that bridges sent to others. */
  observation: Observation
  /** Nothing kept the watchers from seeing, so that what was not seen was not there. */
  whole: boolean
  /** The first packet's way out, one step a link and direction. */
  out: Step[]
  /** The way of the answer. */
  back: Step[]
  /** Of messages that say "unreachable" or "too long" (RFC 792), as they went by. */
  errors: Step[]
  questions: Asked[]
  /** What ended the packet, or the answer. */
  drop?: RuleHit
  replyDrop?: RuleHit
  /** What a rule made of the packet's destination where it was last seen; it was not seen on its way there. */
  redirect?: { address: string; port?: number }
  /** Where the packet is addressed to at its last step, if it came to the one who has that address. */
  arrived?: Step
  /** The answer came back to the sender. */
  returned: boolean
}

/** A packet at one link. */
export interface Step {
  sighting: Sighting
  /** Missing on a LAN's own bridge, and in a namespace that came after the capture. */
  place?: LivePlace
  link?: Link
  packet: IpPacket
  /** The frame that it was in, or the one within the tunnel's. */
  frame: Frame
  tunnel?: { id: number; from: string; to: string }
}

/** Whose MAC address was asked for, and what came of it. */
export interface Asked {
  target: string
  /** Where it was asked first. */
  place?: LivePlace
  link: string
  lan?: string
  macs: string[]
}

export function readObservation(whole: Observation, state: NetworkState, sender: { namespace: string }): Seen {
  const sightings = whole.sightings
    .filter((sighting) => !isFlooded(sighting, state))
    .toSorted((a, b) => a.atMs - b.atMs)
  const observation = { ...whole, sightings }
  const steps = (role: Sighting['role']) =>
    firstPass(sightings.filter((one) => one.role === role).flatMap((one) => stepOf(one, state)))
  // A reset that goes the same way is none of the packet: somebody who got an answer that was not for them refuses it so (RFC 9293, 3.5.2).
  const out = steps('request').filter(({ packet }) => !packet.tcp?.flags.includes('R'))
  const back = steps('reply')
  const hits = observation.ruleHits.toSorted((a, b) => a.atMs - b.atMs)
  const drop = dropOf(hits, 'request')
  const replyDrop = dropOf(hits, 'reply')
  const redirect = redirectOf(out.at(-1), hits, state)
  const arrived = arrivalOf(out, state, redirect?.address)
  return {
    observation,
    whole: observation.faults.length === 0,
    out,
    back,
    errors: steps('error'),
    questions: questionsOf(sightings, state),
    ...(drop ? { drop } : {}),
    ...(replyDrop ? { replyDrop } : {}),
    ...(redirect ? { redirect } : {}),
    ...(arrived ? { arrived } : {}),
    returned: back.some(({ sighting }) => sighting.namespace === sender.namespace && sighting.direction === 'in'),
  }
}

/** What is handed to a program by a queue goes on behind that rule, once the program lets it; where no more is heard of it, it ended there. */
function dropOf(hits: RuleHit[], role: RuleHit['role']): RuleHit | undefined {
  const own = hits.filter((hit) => hit.role === role)
  const last = own.at(-1)
  return own.find(ends) ?? (last && isQueued(last) ? last : undefined)
}

export function isQueued({ verdict }: Pick<RuleHit, 'verdict'>): boolean {
  return /^queue\b/i.test(verdict)
}

function ends({ verdict, rule }: RuleHit): boolean {
  return /^(drop|reject)/i.test(verdict) || (rule !== undefined && /\bxt target "?REJECT|^reject/i.test(rule))
}

function stepOf(sighting: Sighting, state: NetworkState): Step[] {
  const { frame: outer, lan } = sighting
  const frame = outer.vxlan?.inner ?? outer
  if (!frame.ip) return []
  const place = lan === undefined ? placeAt(state, sighting.host, sighting.namespace) : undefined
  const link = place && linkOf(place.namespace, sighting)
  return [
    {
      sighting,
      ...(place ? { place } : {}),
      ...(link ? { link } : {}),
      packet: frame.ip,
      frame,
      ...(outer.vxlan && outer.ip
        ? { tunnel: { id: outer.vxlan.id, from: outer.ip.source, to: outer.ip.destination } }
        : {}),
    },
  ]
}

/** Later packets of a connection go the same way: only the first at each link and direction is told. */
function firstPass(steps: Step[]): Step[] {
  const met = new Set<string>()
  return steps.filter(({ sighting: { namespace, linkIndex, direction, lanPort }, tunnel }) => {
    const key = [namespace, linkIndex, direction, lanPort, tunnel !== undefined].join(' ')
    return !met.has(key) && met.add(key)
  })
}

/** A translation of the destination in the namespace that the packet was last seen in, as it came. */
function redirectOf(last: Step | undefined, hits: RuleHit[], state: NetworkState): Seen['redirect'] {
  if (last?.sighting.direction !== 'in' || last.tunnel) return undefined
  const hit = hits.findLast(
    (candidate) =>
      candidate.role === 'request' &&
      candidate.namespace === last.sighting.namespace &&
      translation(candidate, state) === 'destination',
  )
  const to = hit ? ruleOf(hit, state)?.to : translatedUntold(last)?.to
  const [, address = '', port] = /^\[?([0-9a-f.:]*?)\]?(?::(\d+))?$/.exec(to ?? '') ?? []
  const { destination, destinationPort } = last.packet
  // REDIRECT says a port alone, and leads to the address of the link that it came in by.
  const led = address === '' ? destination : address
  const isSame = sameAddress(led, destination) && (port === undefined || Number(port) === destinationPort)
  if ((address === '' && port === undefined) || isSame) return undefined
  return { address: led, ...(port === undefined ? {} : { port: Number(port) }) }
}

/** Of a rule of iptables-legacy the kernel does not tell which packet it met, so that the rules say it. */
function translatedUntold({ place, packet, sighting }: Step): Rule | undefined {
  if (!place || !keepsLegacy(place.namespace)) return undefined
  const { source, destination, protocol, sourcePort, destinationPort } = packet
  const rule = translationAt(place.namespace, 'prerouting', {
    ...{ source, destination, in: sighting.link, out: '', state: 'new' },
    protocol: protocol === 'tcp' || protocol === 'udp' ? protocol : 'icmp',
    ...(sourcePort === undefined ? {} : { sourcePort }),
    ...(destinationPort === undefined ? {} : { destinationPort }),
  })
  return rule && isLegacy(rule.family) && /^(DNAT|REDIRECT)$/.test(rule.target) ? rule : undefined
}

function arrivalOf(out: Step[], state: NetworkState, redirected: string | undefined): Step | undefined {
  const last = out.findLast(({ tunnel, sighting }) => !tunnel && sighting.lan === undefined)
  const has = ({ place, packet, sighting, link }: Step) =>
    place !== undefined &&
    (sighting.direction === 'in' || link?.kind === 'loopback') &&
    // The overlay's gateway is on a bridge of the Engine's, which answers nobody's ping but is there.
    ownsAddress(place.namespace, redirected ?? packet.destination)
  if (last && has(last)) return last
  // To the gateway of a LAN, which is no host.
  const lan = out.findLast(({ sighting }) => sighting.lan !== undefined)
  const gateway = state.lans.find(({ name }) => name === lan?.sighting.lan)
  const isGateway = (address: string) =>
    sameAddress(address, gateway?.gateway) || sameAddress(address, gateway?.gateway6)
  return lan && lan === out.at(-1) && isGateway(lan.packet.destination) ? lan : undefined
}

function questionsOf(sightings: Sighting[], state: NetworkState): Asked[] {
  const asked = new Map<string, Asked>()
  for (const sighting of sightings) {
    const { neighbour } = sighting.frame.vxlan?.inner ?? sighting.frame
    if (!neighbour) continue
    // An announcement asks for nobody.
    if (neighbour.kind === 'question' && sameAddress(neighbour.target, neighbour.senderAddress)) continue
    const target = neighbour.kind === 'question' ? neighbour.target : neighbour.senderAddress || neighbour.target
    const place = placeAt(state, sighting.host, sighting.namespace)
    const known = asked.get(target)
    if (neighbour.kind === 'question') {
      const lan = sighting.lan ?? (place && linkOf(place.namespace, sighting)?.lan)
      if (!known)
        asked.set(target, {
          target,
          link: sighting.link,
          macs: [],
          ...(place ? { place } : {}),
          ...(lan ? { lan } : {}),
        })
      else if (lan !== undefined) known.lan ??= lan
    } else {
      const mac = neighbour.senderMac.toLowerCase()
      const entry = known ?? { target, link: sighting.link, macs: [], ...(place ? { place } : {}) }
      asked.set(target, entry)
      if (!entry.macs.includes(mac)) entry.macs.push(mac)
    }
  }
  return [...asked.values()].filter(({ target }) => !holds('169.254.0.0/16', target))
}
