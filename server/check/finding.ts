import type { Text } from '../wording/text.js'
import { cleanText } from '../wording/wording.js'
import type { Finding } from './verdict.js'

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
