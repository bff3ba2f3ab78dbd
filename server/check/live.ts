import { isLive, type LivePlace } from '../place/place.js'
import { absence, find } from '../place/reference.js'
import { code } from '../wording/wording.js'
import type { CheckContext } from './family.js'
import { fail } from './finding.js'
import type { Finding } from './verdict.js'

/** What a REF names, running; or the finding, with this reason, that it does not. */
export function liveOr(reason: string, reference: string, { state, home }: CheckContext): LivePlace | Finding {
  const place = find(reference, state, home)
  if (isLive(place)) return place
  const who = code(reference)
  return fail(reason, {
    expected: { en: `${who} runs`, zh: `${who} 正在运行` },
    ...absence(reference, place, home, state),
  })
}

export function isFinding(thing: object): thing is Finding {
  return 'outcome' in thing
}
