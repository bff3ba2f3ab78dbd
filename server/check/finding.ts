import type { Text } from '../wording/text.js'
import { cleanText } from '../wording/wording.js'
import type { Finding } from './verdict.js'

/** Why a check could not be made. Thrown by whatever a check asks; `runCheck` makes an error of it. */
export class CheckError extends Error {
  override readonly name = 'CheckError'
  readonly reason: string
  readonly why: Text

  constructor(reason: string, why: Text) {
    super(`${reason}: ${why.en}`)
    this.reason = reason
    this.why = why
  }
}

export function pass(en: string, zh: string): Finding {
  return { outcome: 'pass', observed: cleanText({ en, zh }) }
}

export function fail(
  reason: string,
  { expected, observed, why }: Record<'expected' | 'observed' | 'why', Text>,
): Finding {
  return {
    outcome: 'fail',
    reason,
    expected: cleanText(expected),
    observed: cleanText(observed),
    why: cleanText(why),
  }
}

export function failedToCheck(reason: string, why: Text): Finding {
  return { outcome: 'error', reason, why: cleanText(why) }
}
