import type { Quota } from '../session/sessions.js'
import type { People } from '../store/people.js'

/** The room on the machine that a learner's class has for all of its learners together; undefined for who is in none. */
export async function quotaOf(people: People, learner: string): Promise<Quota | undefined> {
  const seat = await people.seatOf(learner)
  const found = seat && (await people.classOf(seat.class))
  return found && { of: found.id, racks: found.capacity ?? Number.POSITIVE_INFINITY }
}
