import { VethlabError } from '../error/vethlab-error.js'
import { oneLine } from '../wording/one-line.js'

/** No class has that id, or nobody in it. */
export function notFound(id: string): VethlabError {
  return new VethlabError('class.not-found', 'is no class, or nobody in it', {
    place: oneLine(id, 40),
    cure: 'Open it from the list of classes.',
  })
}
