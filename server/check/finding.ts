import type { Text } from '../wording/text.js'
import { cleanText } from '../wording/wording.js'
import type { DifferentCell, Finding } from './verdict.js'

export function pass(en: string, zh: string): Finding {
  return { outcome: 'pass', observed: cleanText({ en, zh }) }
}

export function fail(
  reason: string,
  { expected, observed, why }: Record<'expected' | 'observed' | 'why', Text>,
  cells?: readonly DifferentCell[],
): Finding {
  return {
    outcome: 'fail',
    reason,
    expected: cleanText(expected),
    observed: cleanText(observed),
    why: cleanText(why),
    ...(cells ? { cells: cells.map((cell) => (cell.why ? { ...cell, why: cleanText(cell.why) } : cell)) } : {}),
  }
}

export function failedToCheck(reason: string, why: Text): Finding {
  return { outcome: 'error', reason, why: cleanText(why) }
}
