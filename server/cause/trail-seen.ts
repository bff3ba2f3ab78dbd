import { leadsOn, routeFor, sourceOn } from '../network/routing.js'
import { isInHostNamespace } from '../place/place.js'
import { type Case, destinationOf, goalOf, lastPlace, sourceOf, stageOf } from './case.js'
import { dropSeen } from './drop.js'
import { writeStep } from './packet-text.js'
import type { SeenTrail } from './trail.js'

/** What a packet that was never seen would have been sent from. */
function sourceBy({ from, address }: Case): string | undefined {
  const route = routeFor(from.namespace, address)
  return leadsOn(route) ? sourceOn(from.namespace, route) : undefined
}

/** The trail of a packet that was sent. */
export function trailSeen(one: Case): SeenTrail {
  const { seen } = one
  const { address: destination, port } = destinationOf(one)
  const source = sourceOf(one) ?? sourceBy(one)
  const goal = goalOf(one)
  const leaving = seen.out.findLast(
    ({ place, link, sighting, tunnel }) =>
      place !== undefined &&
      isInHostNamespace(place) &&
      link?.lan !== undefined &&
      sighting.direction === 'out' &&
      !tunnel,
  )
  const { seen: _seen, ...attempt } = one
  return {
    ...attempt,
    stage: stageOf(one),
    last: lastPlace(one),
    destination,
    ...(port === undefined ? {} : { destinationPort: port }),
    ...(source === undefined ? {} : { source }),
    ...(goal ? { goal } : {}),
    arrived: seen.arrived !== undefined,
    ...(seen.drop ? { drop: dropSeen(seen.drop, one.state) } : {}),
    ...(seen.replyDrop ? { replyDrop: dropSeen(seen.replyDrop, one.state) } : {}),
    ...(leaving?.place && leaving.link
      ? {
          leaving: {
            place: leaving.place,
            link: leaving.link,
            source: leaving.packet.source,
            shown: [writeStep(leaving)],
          },
        }
      : {}),
    asked: seen.questions,
    seen,
  }
}
