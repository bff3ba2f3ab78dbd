import type { Case } from '../case.js'
import type { Cause } from '../story.js'

/** Looks for one cause, and says undefined where it is not that. What it concludes rests on what was seen and on the state. */
export type CauseFinder = (one: Case) => Cause | undefined
