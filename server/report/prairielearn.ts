import type { Language } from '../wording/text.js'
import { itemsOf, type Result } from './result.js'
import { itemLines, itemTitle, pointsText, printed, remarks } from './words.js'

/** PrairieLearn takes no more than 1 MiB. */
const mostBytes = 900 * 1024

/**
 * A result as the `results.json` of an external grader of PrairieLearn: a fraction of all points. What could not be told makes it
 * `gradable: false`, which gives no score and uses up no attempt.
 *
 * The form: PrairieLearn/PrairieLearn, docs/externalGrading.md.
 */
export function prairielearn(result: Result, language: Language): object {
  const said = [pointsText(result, language), ...remarks(result, language)].join('\n')
  if (result.state === 'could-not-tell') return { gradable: false, message: said, format_errors: [said] }
  const tests = itemsOf(result).map((item) => ({
    name: itemTitle(item, language),
    points: item.points,
    max_points: item.of,
    output: itemLines(item, language).join('\n'),
  }))
  const output = printed(result, language).join('\n')
  const whole = { gradable: true, score: fractionOf(result), message: said, output, tests }
  if (Buffer.byteLength(JSON.stringify(whole, null, 2)) <= mostBytes) return whole
  return { ...whole, tests: tests.map(({ output: _, ...test }) => test) }
}

/** From 0 to 1. A lab that counts nothing is all or nothing. */
function fractionOf({ points, of, state }: Result): number {
  return of > 0 ? Math.min(1, points / of) : Number(state === 'passed')
}
