import type { Case } from '../cause/case.js'
import { shortName } from '../map/rack.js'
import type { Container } from '../network/state.js'
import { answererOf } from './answerer.js'
import type { Reached } from './story.js'

/** Whom one packet came to, and what became of it there. */
export function reachedOf(one: Case): Reached {
  const { seen, from, address } = one
  const { outcome } = seen.observation
  const first = seen.out.find(({ place, tunnel }) => place?.namespace.id === from.namespace.id && !tunnel)
  const isLoopback = first?.link?.kind === 'loopback'
  const mac = isLoopback ? undefined : first?.frame.destination?.toLowerCase()
  const answerer = seen.back.length > 0 ? answererOf(one) : undefined
  const place = answerer ? answerer.place : seen.arrived?.place
  const lan = answerer ? answerer.lan : seen.arrived?.sighting.lan
  const answeredFrom = answerer?.address
  const task = place?.container && taskOf(place.container)
  const who = place?.container ? `${place.host.name}/${shortName(place.container)}` : place?.host.name
  return {
    address,
    how: outcome,
    ...(mac === undefined ? {} : { mac }),
    ...(who === undefined ? {} : { place: who }),
    ...(task === undefined ? {} : { task }),
    ...(lan === undefined || who !== undefined ? {} : { lan }),
    ...(answeredFrom === undefined ? {} : { answeredFrom }),
  }
}

/** A task of a swarm's service, such as `web.1`. */
function taskOf(container: Container): string | undefined {
  return container.labels['com.docker.swarm.task.id'] === undefined ? undefined : shortName(container)
}
