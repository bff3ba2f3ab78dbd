import module, { type Builder } from 'junit-report-builder'
import type { Language } from '../wording/text.js'
import type { Result } from './result.js'
import { findings, pointsText, remarks } from './words.js'

// Its types describe another way of importing than Node's.
const builder = module as unknown as Builder

/** A result as JUnit XML, which courses and CI systems read: a test case a check. */
export function junit(result: Result, language: Language): string {
  const file = builder.newBuilder()
  const { lab } = result.assignment
  for (const step of result.steps) {
    const suite = file
      .testSuite()
      .name(`${lab}: ${step.title[language]}`)
      .property('points', `${step.points}/${step.of}`)
    for (const [n, check] of step.checks.entries()) {
      const testCase = suite
        .testCase()
        .className(`${lab}.${step.id}`)
        .name(`${n + 1} ${check.check}`)
      testCase.property('id', check.id)
      if (check.of !== undefined) testCase.property('points', `${check.points}/${check.of}`)
      const said = findings(check, language).map(({ text }) => text)
      const message = [check.reason, ...said].filter((word) => word !== undefined).join('; ')
      if (check.state === 'failed') testCase.failure(message, check.reason)
      if (check.state === 'could-not-tell') testCase.error(message, check.reason)
      if (check.state === 'skipped') testCase.skipped()
    }
  }
  const suite = file.testSuite().name(`${lab}: submission`)
  const whole = suite.testCase().className(lab).name('submission')
  const about = [pointsText(result, language), ...remarks(result, language)]
  if (result.refused) whole.failure(about.join('; '), 'submission.refused')
  whole.standardOutput(forSection(about.join('\n')))
  const errors = result.scripts.flatMap((script) => (script.errors ? [`${script.file}:\n${script.errors}`] : []))
  if (errors.length > 0) whole.standardError(forSection(errors.join('\n')))
  return file.build()
}

/**
 * Text for a CDATA section, which ends at the first `]]>` in it (XML 1.0, 2.7). The library splits the first one into two sections, and no
 * other: whatever a script prints behind a second one would be XML.
 */
function forSection(text: string): string {
  const rest = text.indexOf(']]>') + 3
  return rest < 3 ? text : text.slice(0, rest) + text.slice(rest).replaceAll(']]>', ']]]]><![CDATA[>')
}
