import { sameAddress } from '../network/addresses.js'
import type { Conversation, Overheard } from '../network/conversation.js'
import type { IpPacket } from '../network/observation.js'
import { ownsAddress } from '../network/own-address.js'
import type { NetworkState } from '../network/state.js'
import { type LivePlace, placeAt } from '../place/place.js'

/** Whom a request came to, one program after the other, and whom the last of them tried to reach for it. Pure. */

/** A program that got the request, and the packet that brought it. */
export interface Leg {
  place: LivePlace
  packet: IpPacket
  atMs: number
}

/** A connection that a program began. */
export interface Dial {
  address: string
  /** Missing where it came no further than asking who has the address. */
  port?: number
  atMs: number
  how: 'answered' | 'refused' | 'silent'
}

/**
 * A segment keeps its sequence number through all translations, and a program that passes the request on makes a connection with
 * another one: so the last place that has a segment's destination for its own is where a program reads it.
 */
export function legsOf({ overheard }: Conversation, state: NetworkState): Leg[] {
  const bySequence = new Map<number, Leg>()
  for (const { host, namespace, direction, passedOn, packet, atMs } of overheard) {
    if (!passedOn || direction !== 'in' || !packet?.tcp) continue
    const place = placeAt(state, host, namespace)
    if (!place || !ownsAddress(place.namespace, packet.destination)) continue
    bySequence.set(packet.tcp.sequence, { place, packet, atMs })
  }
  return [...bySequence.values()].toSorted((a, b) => a.atMs - b.atMs)
}

/** Connections that the program began after the request had come to it, and what became of each; no more than one a target. */
export function dialsOf({ overheard, saidMs = Number.POSITIVE_INFINITY }: Conversation, { place, atMs }: Leg): Dial[] {
  const own = overheard.filter(
    (one) => one.host === place.host.name && one.namespace === place.namespace.id && one.atMs >= atMs - 1,
  )
  const dials = new Map<string, Dial>()
  for (const { packet, neighbour, direction, atMs: at } of own) {
    if (at > saidMs) break
    if (direction !== 'out') continue
    if (packet?.tcp?.flags === 'S' && ownsAddress(place.namespace, packet.source)) {
      const { destination: address, destinationPort: port } = packet
      const how = answerTo(packet, own)
      dials.set(`${address} ${port}`, { address, atMs: at, how, ...(port === undefined ? {} : { port }) })
    }
    if (neighbour?.kind === 'question' && !isAnswered(neighbour.target, own)) {
      const { target: address } = neighbour
      if (!ownsAddress(place.namespace, address)) dials.set(address, { address, atMs: at, how: 'silent' })
    }
  }
  // Who is sent a connection is asked after as well, once nothing was heard of them for a while: that is no further one.
  const all = [...dials.values()]
  const isConnectedTo = (address: string) =>
    all.some((one) => one.port !== undefined && sameAddress(one.address, address))
  return all.filter(({ address, port }) => port !== undefined || !isConnectedTo(address))
}

function answerTo({ source, sourcePort, destination, destinationPort }: IpPacket, own: Overheard[]): Dial['how'] {
  for (const { packet, direction } of own) {
    if (direction !== 'in' || !packet) continue
    const { icmp, tcp } = packet
    const comesBack =
      sameAddress(packet.source, destination) &&
      sameAddress(packet.destination, source) &&
      packet.sourcePort === destinationPort &&
      packet.destinationPort === sourcePort
    if (comesBack && tcp?.flags.includes('R')) return 'refused'
    if (comesBack && tcp?.flags === 'SA') return 'answered'
    const { about } = icmp ?? {}
    if (about?.sourcePort === sourcePort && sameAddress(about?.destination, destination)) return 'refused'
  }
  return 'silent'
}

function isAnswered(target: string, own: Overheard[]): boolean {
  return own.some(
    ({ neighbour, direction }) =>
      direction === 'in' &&
      neighbour?.kind === 'answer' &&
      sameAddress(neighbour.senderAddress || neighbour.target, target),
  )
}

/** Names that were looked up from where a program stands, after the request had come to it. */
export function lookupsOf({ overheard }: Conversation, { place, atMs }: Leg): string[] {
  const own = overheard.filter(
    ({ host, namespace, lookup, atMs: at }) =>
      host === place.host.name && namespace === place.namespace.id && lookup !== undefined && at >= atMs - 1,
  )
  return [...new Set(own.map(({ lookup }) => lookup!))]
}
