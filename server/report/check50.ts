import type { Language } from '../wording/text.js'
import type { CheckResult, Result } from './result.js'
import { findings, stateWord, words } from './words.js'

/**
 * A result as `check50 -o json` prints it: a result a check, `passed` null for one that was not looked at or could not tell. A submission
 * that could not be read is an `error` in place of results.
 *
 * The form: cs50/check50, docs/source/json_specification.rst.
 */
export function check50(result: Result, language: Language): object {
  const slug = `vethlab/${result.assignment.lab}`
  const version = `${result.version}`
  if (result.refused)
    return { slug, error: { type: 'Refused', value: result.refused[language], traceback: [], data: {} }, version }
  return {
    slug,
    results: result.steps.flatMap((step) =>
      step.checks.map((check) => ({
        name: check.id,
        description: `${step.title[language]}: ${check.title?.[language] ?? check.check}`,
        passed: check.state === 'passed' ? true : check.state === 'failed' ? false : null,
        log: findings(check, language).map(({ label, text }) => `${label}${words[language].colon}${text}`),
        cause: check.state === 'passed' ? null : causeOf(check, language),
        data: { step: step.id, ...(check.reason === undefined ? {} : { reason: check.reason }) },
        dependency: null,
      })),
    ),
    version,
  }
}

function causeOf({ state, expected, observed, why }: CheckResult, language: Language): object {
  return {
    rationale: why?.[language] ?? stateWord(state, language),
    help: null,
    ...(expected ? { expected: expected[language] } : {}),
    ...(observed ? { actual: observed[language] } : {}),
  }
}
