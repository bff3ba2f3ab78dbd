import type { NetworkState } from '../network/state.js'
import type { LivePlace, Place } from '../place/reference.js'
import { type Spot, spotsOf } from '../place/spots.js'
import { ownsAddress } from './routing.js'
import type { Seen, Step } from './seen.js'

/** One packet that was sent, and all there is to judge it by. */
export interface Case {
  state: NetworkState
  from: LivePlace
  /** Whom the question means, where it names somebody. */
  meant?: Place
  address: string
  protocol: 'icmp' | 'tcp' | 'udp'
  port?: number
  seen: Seen
}

/**
 * How far the packet was seen. It decides which causes are thought of: `unsent`, not even out of its first namespace;
 * `dropped` by a rule; `lost` between two places; `refused` by where it arrived; `silent` there; `no-return`, answered, and the
 * answer got lost; `returned`.
 */
export type Stage = 'unsent' | 'dropped' | 'lost' | 'refused' | 'silent' | 'no-return' | 'returned'

export function stageOf({ seen }: Case): Stage {
  const { observation, out, back, drop, replyDrop, arrived, errors } = seen
  if (observation.outcome === 'answered') return 'returned'
  const refusal = back.length > 0 && observation.outcome === 'refused'
  if (drop && !refusal) return 'dropped'
  if (out.length === 0 && observation.outcome !== 'refused') return 'unsent'
  if (!arrived && observation.outcome !== 'refused') return 'lost'
  if (observation.outcome === 'refused') return 'refused'
  const refusedThere = errors.some(
    ({ spot, packet }) => spot?.namespace === arrived?.spot?.namespace && isPortUnreachable(packet),
  )
  if (refusedThere) return 'refused'
  return back.length > 0 || replyDrop ? 'no-return' : 'silent'
}

function isPortUnreachable({ icmp }: Step['packet']): boolean {
  return icmp?.type === 3 && icmp.code === 3
}

/** Where the packet is addressed to by now: translated on the way, it is another address and port than was asked for. */
export function destinationOf({ address, port, seen }: Case): { address: string; port?: number } {
  if (seen.redirect) return { ...(port === undefined ? {} : { port }), ...seen.redirect }
  const last = seen.out.at(-1)?.packet
  const at = last ? (last.destinationPort ?? port) : port
  return { address: last?.destination ?? address, ...(at === undefined ? {} : { port: at }) }
}

/** Where the packet is addressed from by now. */
export function sourceOf({ seen }: Case): string | undefined {
  return (seen.arrived ?? seen.out.at(-1))?.packet.source
}

/** The sender's own spot. */
export function senderOf({ from }: Case): Spot {
  return { host: from.host, namespace: from.namespace, label: from.label }
}

/** Where the packet was last: the sender's namespace, or the one that it was seen in at the end. */
export function lastSpot(one: Case): Spot {
  return one.seen.out.findLast(({ spot }) => spot !== undefined)?.spot ?? senderOf(one)
}

/** Whose an address is in this rack: whom the question means first, then those of the sender's host. */
export function holders({ state, from, meant }: Pick<Case, 'state' | 'from' | 'meant'>, address: string): Spot[] {
  const rank = ({ host, namespace }: Spot) =>
    Number(namespace.id === meant?.namespace?.id) * 2 + Number(host.name === from.host.name)
  return spotsOf(state)
    .filter(({ namespace }) => namespace.owner.kind !== 'engine' && ownsAddress(namespace, address))
    .toSorted((a, b) => rank(b) - rank(a))
}

/** Where the packet should come to in the end. */
export function goalOf(one: Case): Spot | undefined {
  const { address } = destinationOf(one)
  return one.seen.arrived?.spot ?? holders(one, address)[0]
}
