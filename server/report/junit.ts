import module, { type Builder } from 'junit-report-builder'
import type { Language } from '../wording/text.js'
import type { Result } from './result.js'

// Its types describe another way of importing than Node's.
const builder = module as unknown as Builder

/** A result as JUnit XML, which courses and CI systems read: a test case a check. */
export function junit(report: Result, language: Language): string {
  const file = builder.newBuilder()
  for (const step of report.steps) {
    const suite = file
      .testSuite()
      .name(clean(`${report.lab}: ${step.title[language]}`))
      .property('points', `${step.points}/${step.of}`)
    for (const [n, check] of step.checks.entries()) {
      const testCase = suite
        .testCase()
        .className(`${report.lab}.${step.id}`)
        .name(`${n + 1} ${check.check}`)
      if (check.of !== undefined) testCase.property('points', `${check.points}/${check.of}`)
      const words = [check.reason, check.expected?.[language], check.observed?.[language], check.why?.[language]]
      const message = clean(words.filter((word) => word !== undefined).join('; '))
      if (check.outcome === 'fail') testCase.failure(message, check.reason)
      if (check.outcome === 'error') testCase.error(message, check.reason)
    }
  }
  return file.build()
}

/** XML 1.0 has no characters for what is left out here. */
function clean(text: string): string {
  return text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
}
