import { oneLine } from '../wording/one-line.js'
import type { Language } from '../wording/text.js'
import { itemsOf, type Result } from './result.js'
import { itemLines, itemTitle, remarks } from './words.js'

/**
 * A result as a grader of GitHub Classroom hands it to `autograding-grading-reporter`. What could not be told has the status `error`
 * and no points to reach: the reporter reports none then, and the run fails, so that it can be run again.
 *
 * The reporter prints names and messages, and a line that begins with `::` is a command to GitHub's runner. So all of them are one
 * line, and `test_code`, with which it begins a line, is empty.
 *
 * The form: classroom-resources/autograding-grading-reporter, src/; autograding-command-grader, src/main.js.
 */
export function githubClassroom(result: Result, language: Language): object {
  const isKnown = result.state !== 'could-not-tell'
  const about = remarks(result, language)
  return {
    version: 1,
    status: isKnown ? (result.state === 'passed' ? 'pass' : 'fail') : 'error',
    max_score: isKnown ? result.of : 0,
    tests: itemsOf(result).map((item) => ({
      name: oneLine(itemTitle(item, language), 200),
      status: item.state === 'could-not-tell' ? 'error' : item.state === 'passed' ? 'pass' : 'fail',
      score: isKnown ? item.points : 0,
      message: oneLine([...itemLines(item, language), ...about].join('; '), 1000),
      test_code: '',
      filename: '',
      line_no: 0,
      execution_time: 0,
    })),
  }
}
