import type { Frame, IpPacket, Observation, RuleHit, Sighting } from '../network/observation.js'
import { innermost, isIcmpError, parseFrame } from '../network/packet.js'
import { oneLine } from '../wording/one-line.js'
import { portOf } from './lan.js'
import { after } from './packet-filter.js'
import type { PacketMark } from './packet-mark.js'
import { type ListedRule, parseTraceEvent, ruleKey, type TraceEvent, verdictOf } from './trace-events.js'

/** What eyes/observe-packet.pl says, made an observation. */

/** A network namespace that was watched. */
export interface Place {
  /** The host it belongs to, or the LAN. */
  host?: string
  lan?: string
  /** Of a LAN: hosts that stand on it. */
  ports?: string[]
  /** Inode. */
  namespace: string
  path: string
  /** Whether it is the host's own. */
  home?: boolean
  /** Processes in it, as the machine numbers them. */
  processes?: number[]
}

interface Context {
  /** By the number that the lines have for them. */
  places: Place[]
  mark: PacketMark
  /** The table that has netfilter tell, and its rules. */
  table: string
  roles: Map<bigint, 'request' | 'reply'>
  faults: string[]
  /** Rules of a namespace by `ruleKey`. */
  texts(place: Place): Promise<Map<string, ListedRule>>
}

const losses = {
  frames: 'more frames came by than are told',
  traces: 'more rules were met than are told',
  times: 'the kernel took no times, so the order of frames is a guess',
} as const

const outcomes = ['answered', 'refused', 'silent', 'unroutable', 'too-long', 'error'] as const

export async function readLines(lines: string[], context: Context): Promise<Omit<Observation, 'durationMs'>> {
  const { places, faults } = context
  const sightings: Sighting[] = []
  const traced: { place: Place; at: number; event: TraceEvent }[] = []
  const names = new Map<string, string>()
  let sent = 0n
  let outcome: Observation['outcome'] = 'error'
  let detail = ''
  for (const line of lines) {
    const [word, ...rest] = line.split(' ')
    const place = places[Number(rest[0])]
    if (word === 'sent') sent = nanoseconds(rest[0])
    else if (word === 'outcome') {
      outcome = outcomes.find((known) => known === rest[0]) ?? 'error'
      detail = oneLine(rest.slice(1).join(' '), 300)
    } else if (word === 'lost') {
      faults.push(losses[rest[0] as keyof typeof losses] ?? losses.frames)
    } else if (!place) continue
    else if (word === 'namespace') faults.push(`${nameOf(place)}: ${oneLine(rest.slice(1).join(' '), 200)}`)
    else if (word === 'link') names.set(`${rest[0]} ${rest[1]}`, linkName(rest[2]))
    else if (word === 'frame') {
      const sighting = sightingOf(rest, place, sent, context.mark)
      if (sighting) sightings.push(sighting)
    } else if (word === 'trace') {
      const event = parseTraceEvent(Buffer.from(rest[2] ?? '', 'hex'))
      if (event) traced.push({ place, at: since(rest[1], sent), event })
    }
  }
  const home = new Set(places.filter((place) => place.home).map(({ namespace }) => namespace))
  // One time for two links: on a bridge and its port, where the sort keeps how they came; and on a macvlan's parent and the
  // macvlan, maybe in a container, where they come from two sockets, and the host's own is first.
  const rank = ({ namespace }: Sighting) => (home.has(namespace) ? 0 : 1)
  sightings.sort((a, b) => a.atMs - b.atMs || rank(a) - rank(b))
  const nameOfLink = (place: Place, link: number | undefined) => names.get(`${places.indexOf(place)} ${link}`) ?? ''
  const ruleHits = await hitsOf(traced, sightings, nameOfLink, context)
  return { outcome, detail, sightings, ruleHits, faults }
}

export function nameOf({ host, lan, namespace }: Place): string {
  return `${host ?? lan ?? ''} (network namespace ${namespace})`
}

export const linkName = (hex = '') => oneLine(Buffer.from(hex, 'hex').toString('utf8'), 64)

/** Times of day are too long for a number that is to tell what came first on two ends of a cable. */
export const nanoseconds = (time = '') => (/^\d+$/.test(time) ? BigInt(time) : 0n)

export const since = (time: string | undefined, sent: bigint) => Number(nanoseconds(time) - sent) / 1e6

function sightingOf(words: string[], place: Place, sent: bigint, mark: PacketMark): Sighting | undefined {
  const [, time, index, name, direction, length, hex = ''] = words
  const bytes = Buffer.from(hex, 'hex')
  const frame = parseFrame(bytes, Number(length))
  const role = roleOf(frame, bytes, mark)
  if (!role) return undefined
  const link = linkName(name)
  const port = place.lan && place.ports?.find((host) => portOf(host) === link)
  return {
    atMs: since(time, sent),
    ...(place.host === undefined ? {} : { host: place.host }),
    ...(place.lan === undefined ? {} : { lan: place.lan }),
    ...(port === undefined ? {} : { lanPort: port }),
    namespace: place.namespace,
    link,
    linkIndex: Number(index),
    direction: direction === 'out' ? 'out' : 'in',
    role,
    frame,
  }
}

/** What a frame is to the marked packet; undefined for all others. */
export function roleOf(frame: Frame, bytes: Buffer, mark: PacketMark): Sighting['role'] | undefined {
  const { ip, neighbour } = innermost(frame)
  if (neighbour) return 'neighbour'
  if (!ip) return undefined
  const tokenIsThere = bytes.includes(mark.token)
  if (ip.protocol === 'icmp' && ip.icmp) {
    if (isIcmpError(ip.version, ip.icmp.type)) return isAbout(ip.icmp.about, tokenIsThere, mark) ? 'error' : undefined
    if (mark.protocol !== 'icmp' || !tokenIsThere) return undefined
    return ip.icmp.type === (ip.version === 4 ? 8 : 128) ? 'request' : 'reply'
  }
  if (ip.protocol !== mark.protocol) return undefined
  if (mark.protocol === 'udp') {
    if (ip.destinationPort === mark.sourcePort) return 'reply'
    return tokenIsThere ? 'request' : undefined
  }
  // Beginning and end of the connection; between them it only says that all is well.
  if (!ip.tcp || !/[SFR]/.test(ip.tcp.flags)) return undefined
  const sequence = mark.token.readUInt32BE(0)
  const { sequence: own, acknowledgement } = ip.tcp
  if (own === sequence || own === after(sequence, 1)) return 'request'
  const acknowledges = [1, 2].some((count) => acknowledgement === after(sequence, count))
  return acknowledges && ip.tcp.flags !== 'S' ? 'reply' : undefined
}

function isAbout(about: IpPacket | undefined, tokenIsThere: boolean, mark: PacketMark): boolean {
  if (about?.protocol !== mark.protocol) return false
  if (mark.protocol === 'tcp') return about.tcp?.sequence === mark.token.readUInt32BE(0)
  // An error may quote no more than the header.
  return tokenIsThere || (mark.protocol === 'udp' && about.sourcePort === mark.sourcePort)
}

async function hitsOf(
  traced: { place: Place; at: number; event: TraceEvent }[],
  sightings: Sighting[],
  nameOfLink: (place: Place, link: number | undefined) => string,
  { table, roles, faults, texts, mark }: Context,
): Promise<RuleHit[]> {
  const rules = new Map<Place, Map<string, ListedRule>>()
  const met = traced.filter(({ event }) => event.table !== table && event.handle !== undefined)
  await Promise.all(
    [...new Set(met.map(({ place }) => place))].map(async (place) => {
      rules.set(place, await texts(place))
    }),
  )
  const known = new Map<string, 'request' | 'reply'>()
  const links = new Map<string, [string, string]>()
  const clocks = new Map<Place, number>()
  const hits: RuleHit[] = []
  let unknown = 0
  for (const { place, at, event } of traced) {
    const key = `${place.namespace} ${event.id}`
    if (event.table === table) {
      const role = event.handle === undefined ? undefined : roles.get(event.handle)
      if (role) known.set(key, role).set(place.namespace, role)
      continue
    }
    // The id changes when a bridge hands a packet up, so the headers have to tell then.
    const role = known.get(key) ?? roleByHeaders(event, mark, known.get(place.namespace))
    // Somebody else may have netfilter tell of other packets.
    if (!role || place.host === undefined) continue
    known.set(key, role)
    // Links are told at the beginning of a hook's chains only.
    if (event.headers) links.set(key, [nameOfLink(place, event.in), nameOfLink(place, event.out)])
    const [inLink, outLink] = links.get(key) ?? ['', '']
    if (event.kind === 'end') continue
    const rule = rules.get(place)?.get(ruleKey(event))
    if (event.kind === 'rule' && rule === undefined) unknown++
    const atMs = timeOf({ place, role, inLink, outLink, at }, sightings, clocks.get(place))
    clocks.set(place, atMs)
    hits.push({
      atMs,
      host: place.host,
      namespace: place.namespace,
      family: event.family,
      table: event.table,
      chain: event.chain,
      verdict: verdictOf(event.verdict, rule?.text),
      policy: event.kind === 'policy',
      ...(rule ? { rule: oneLine(rule.text, 1000), position: rule.position } : {}),
      ...(inLink === '' ? {} : { inLink }),
      ...(outLink === '' ? {} : { outLink }),
      role,
    })
  }
  if (unknown > 0) faults.push(`the text of ${unknown} rules could not be read`)
  return hits.sort((a, b) => a.atMs - b.atMs)
}

/** @param latest what the packet was that was last marked in that namespace */
function roleByHeaders(
  { headers }: TraceEvent,
  { version, protocol, token, sourcePort }: PacketMark,
  latest: RuleHit['role'] | undefined,
): RuleHit['role'] | undefined {
  if (!headers) return undefined
  const { network, transport } = headers
  const number = network[network[0]! >> 4 === 4 ? 9 : 6]
  if (transport.length < 16) return undefined
  const carried = transport.subarray(8, 16)
  if (number === 17 && carried.readUInt32BE(0) === 0x08000000) return latest
  if (number === (version === 4 ? 1 : 58)) {
    const type = transport[0]!
    // Too little of it is told for what it quotes.
    if (isIcmpError(version, type)) return latest && 'reply'
    if (!carried.equals(token)) return undefined
    return type === (version === 4 ? 8 : 128) ? 'request' : 'reply'
  }
  if (protocol === 'udp' && number === 17) {
    if (transport.readUInt16BE(2) === sourcePort) return 'reply'
    return carried.equals(token) ? 'request' : undefined
  }
  if (protocol !== 'tcp' || number !== 6) return undefined
  const sequence = token.readUInt32BE(0)
  if (transport.readUInt32BE(4) === sequence) return 'request'
  return transport.readUInt32BE(8) === after(sequence, 1) ? 'reply' : undefined
}

/**
 * Netfilter gives no time with what it tells, and we read it late. So a hit has the time at which the packet had last been
 * seen before: on the link that it came in by, or at the beginning.
 */
function timeOf(
  { place, role, inLink, at }: { place: Place; role: RuleHit['role']; inLink: string; outLink: string; at: number },
  sightings: Sighting[],
  before: number | undefined,
): number {
  const here = sightings.filter(
    (sighting) =>
      sighting.namespace === place.namespace &&
      (role === 'request') === (sighting.role === 'request') &&
      sighting.role !== 'neighbour',
  )
  const seen = here.find((sighting) => sighting.link === inLink && sighting.direction === 'in')
  const first = seen ?? here.find(({ direction }) => direction === (inLink === '' ? 'out' : 'in'))
  return Math.max(before ?? Number.NEGATIVE_INFINITY, first?.atMs ?? before ?? at)
}
