import { isLoopback } from '../network/addresses.js'
import { isInHostNamespace } from '../place/place.js'
import type { Attempt } from './attempt.js'
import { goalAt } from './case.js'
import { dropForeseen } from './drop.js'
import type { Stage, Trail } from './trail.js'
import { type Way, wayOf } from './way.js'

/** The trail that a packet would have by the state. */
export function trailForeseen(attempt: Attempt): Trail {
  const { state, from, meant, address } = attempt
  const way = wayOf(attempt)
  const { stops, flow, end } = way
  const last = stops.at(-1)!.place
  const arrived = end === 'arrived'
  const meets = meant?.namespace !== undefined && meant.namespace.id === last.namespace.id
  const goal = arrived
    ? meets
      ? { ...last, label: meant.label }
      : last
    : isLoopback(address)
      ? from
      : goalAt(flow.destination, attempt)
  const back = end === 'arrived' ? answerOf(attempt, way) : undefined
  const leaving = stops.findLast(
    ({ place, out }) =>
      isInHostNamespace(place) && place.namespace.links.some(({ name, lan }) => name === out && lan !== undefined),
  )
  const link = leaving?.place.namespace.links.find(({ name }) => name === leaving.out)
  const [drop, replyDrop] = [way.drop, back?.drop].map((one) => one && dropForeseen(one))
  return {
    state,
    home: attempt.home,
    from,
    ...(meant ? { meant } : {}),
    address,
    protocol: attempt.protocol,
    ...(attempt.port === undefined ? {} : { port: attempt.port }),
    stage: stageForeseen(way, back),
    last,
    destination: flow.destination,
    ...(flow.destinationPort === undefined ? {} : { destinationPort: flow.destinationPort }),
    ...(flow.source === undefined ? {} : { source: flow.source }),
    ...(goal ? { goal } : {}),
    arrived: end === 'arrived',
    ...(drop ? { drop } : {}),
    ...(replyDrop ? { replyDrop: { ...replyDrop, role: 'reply' } } : {}),
    ...(leaving && link && flow.source !== undefined
      ? { leaving: { place: leaving.place, link, source: flow.source, shown: [] } }
      : {}),
    asked: [],
    way,
    ...(back ? { back } : {}),
  }
}

/** The way of what the goal would answer. Translations that connection tracking takes back are not its matter. */
function answerOf(attempt: Attempt, { stops, flow }: Way): Way | undefined {
  const goal = stops.at(-1)!.place
  if (flow.source === undefined || stops.length === 1) return undefined
  return wayOf({
    ...attempt,
    from: goal,
    address: flow.source,
    answers: {
      source: flow.destination,
      ...(flow.destinationPort === undefined ? {} : { port: flow.destinationPort }),
    },
  })
}

function stageForeseen({ stops, end }: Way, back: Way | undefined): Stage {
  if (end === 'dropped') return 'dropped'
  if (end === 'no-route' || end === 'nobody') return stops.length === 1 ? 'unsent' : 'lost'
  if (end === 'loopback-kept-in') return 'unsent'
  if (end === 'not-forwarded' || end === 'filtered' || end === 'no-hairpin') return 'lost'
  if (end !== 'arrived') return 'open'
  if (back && ['dropped', 'not-forwarded', 'filtered'].includes(back.end)) return 'no-return'
  return back && back.end !== 'arrived' && back.end !== 'unknown' ? 'silent' : 'open'
}
