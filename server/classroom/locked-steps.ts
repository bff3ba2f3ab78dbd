import { lockedOf } from '../store/class-work.js'
import type { People } from '../store/people.js'

/** Steps of a lab that the class of a learner has not opened; none for who is in no class. */
export async function lockedSteps(people: People, learner: string, lab: string): Promise<readonly string[]> {
  const seat = await people.seatOf(learner)
  const one = seat && (await people.classOf(seat.class))
  return one ? lockedOf(one.locks, lab).steps : []
}
