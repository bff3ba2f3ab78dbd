import { canonicalAddress } from '../network/addresses.js'
import { endOf, translationAt } from '../network/filter.js'
import type { Flow } from '../network/flow.js'
import type { LivePlace } from '../place/place.js'
import { ownersOf } from '../place/target.js'
import type { Attempt } from './attempt.js'
import type { Seen, Step } from './seen.js'
import type { Stage } from './trail.js'

/** One packet that was sent, and all there is to judge it by. */
export interface Case extends Attempt {
  seen: Seen
}

export function stageOf({ seen }: Case): Stage {
  const { observation, out, back, drop, replyDrop, arrived, errors } = seen
  if (observation.outcome === 'answered') return 'returned'
  const refusal = back.length > 0 && observation.outcome === 'refused'
  if (drop && !refusal) return 'dropped'
  if (out.length === 0 && observation.outcome !== 'refused') return 'unsent'
  if (!arrived && observation.outcome !== 'refused') return 'lost'
  if (observation.outcome === 'refused') return 'refused'
  const refusedThere = errors.some(
    ({ place, packet }) => place?.namespace === arrived?.place?.namespace && isPortUnreachable(packet),
  )
  if (refusedThere) return 'refused'
  return back.length > 0 || replyDrop ? 'no-return' : 'silent'
}

/** RFC 792; RFC 4443, section 3.1. */
function isPortUnreachable({ icmp, version }: Step['packet']): boolean {
  return version === 6 ? icmp?.type === 1 && icmp.code === 4 : icmp?.type === 3 && icmp.code === 3
}

/**
 * Where the packet is addressed to by now: translated on the way, it is another address and port than was asked for. Of one that was
 * seen nowhere, the sender's own rules tell.
 */
export function destinationOf(one: Case): { address: string; port?: number } {
  const { address, port, seen } = one
  if (seen.redirect) return { ...(port === undefined ? {} : { port }), ...seen.redirect }
  const last = seen.out.at(-1)?.packet
  const rule = last
    ? undefined
    : translationAt(one.from.namespace, 'output', { ...flowAt(one, one.from), out: '', state: 'new' })
  if (rule?.target === 'DNAT') {
    const led = endOf(rule)
    if (led.address !== undefined)
      return { address: led.address, ...(port === undefined ? {} : { port: led.port ?? port }) }
  }
  const at = last ? (last.destinationPort ?? port) : port
  return { address: last?.destination ?? address, ...(at === undefined ? {} : { port: at }) }
}

/** Where the packet is addressed from by now. */
export function sourceOf({ seen }: Case): string | undefined {
  return (seen.arrived ?? seen.out.at(-1))?.packet.source
}

/** Where the packet was last: the sender's namespace, or the one that it was seen in at the end. */
export function lastPlace(one: Case): LivePlace {
  return one.seen.out.findLast(({ place }) => place !== undefined)?.place ?? one.from
}

/** Whose an address is in this rack: whom the question means first, then whom its sender would come to. */
export function goalAt(address: string, { state, from, meant }: Attempt): LivePlace | undefined {
  const owners = ownersOf(address, state, from)
  const own = owners.find(({ namespace }) => namespace.id === meant?.namespace?.id)
  return own && meant ? { ...own, label: meant.label } : owners[0]
}

/** Where the packet should come to in the end. */
export function goalOf(one: Case): LivePlace | undefined {
  const { address } = destinationOf(one)
  return one.seen.arrived?.place ?? goalAt(address, one)
}

/** The packet as a place's routes and rules see it: what the sender's own socket asks for, or what came in. */
export function flowAt(
  { from, protocol, address, port }: Pick<Attempt, 'from' | 'protocol' | 'address' | 'port'>,
  place: LivePlace,
  now: { destination?: string; destinationPort?: number; source?: string } = {},
): Flow {
  const begins = place.namespace.id === from.namespace.id
  const destination = now.destination ?? address
  const destinationPort = now.destinationPort ?? port
  return {
    destination: canonicalAddress(destination) ?? destination,
    protocol,
    ...(destinationPort === undefined ? {} : { destinationPort }),
    ...(begins || now.source === undefined ? {} : { source: now.source }),
    ...(begins ? { in: '' } : {}),
  }
}
