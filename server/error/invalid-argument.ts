import { oneLine } from '../wording/one-line.js'
import { VethlabError } from './vethlab-error.js'

/** Refuses an argument of a command, or a file that it names: in both languages, since teachers choose theirs. */
export function invalidArgument(
  place: string,
  what: string,
  cure: string,
  zh: { what: string; cure: string },
): VethlabError {
  return new VethlabError('argument.invalid', what, { place: oneLine(place, 240), cure, zh })
}
