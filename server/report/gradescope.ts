import type { Language } from '../wording/text.js'
import { itemsOf, type Result } from './result.js'
import { itemLines, itemTitle, pointsText, printed, remarks } from './words.js'

/**
 * A result as Gradescope's `results.json`: a test for all that counts, with its score. Where something could not be told there is no
 * score at all, neither above nor at a test: Gradescope takes that for an autograder that failed, and gives no grade.
 *
 * The form: gradescope/autograder_samples, docs/specs.md.
 */
export function gradescope(result: Result, language: Language): object {
  const isKnown = result.state !== 'could-not-tell'
  return {
    ...(isKnown ? { score: result.points } : {}),
    execution_time: Math.round(result.attempt.durationMs / 1000),
    output: [pointsText(result, language), ...remarks(result, language), ...printed(result, language)].join('\n'),
    output_format: 'text',
    test_output_format: 'text',
    test_name_format: 'text',
    stdout_visibility: 'hidden',
    tests: itemsOf(result).map((item) => ({
      ...(isKnown ? { score: item.points } : {}),
      max_score: item.of,
      ...(item.state === 'could-not-tell' ? {} : { status: item.state === 'passed' ? 'passed' : 'failed' }),
      name: itemTitle(item, language),
      output: itemLines(item, language).join('\n'),
      extra_data: { id: item.id, state: item.state },
    })),
    extra_data: { lab: result.assignment.lab, state: result.state, open: result.open },
  }
}
