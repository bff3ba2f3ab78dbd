import type { Language } from '../wording/text.js'
import type { Outcome, Result } from './result.js'

const words: Record<Language, Record<Outcome | 'points' | 'optional' | 'expected' | 'observed' | 'why', string>> = {
  en: {
    pass: 'passed',
    fail: 'failed',
    error: 'could not tell',
    points: 'points',
    optional: 'optional, counts nothing',
    expected: 'expected',
    observed: 'observed',
    why: 'why',
  },
  zh: {
    pass: '通过',
    fail: '未通过',
    error: '无法判定',
    points: '分',
    optional: '选做，不计分',
    expected: '期望',
    observed: '实际',
    why: '原因',
  },
}

/** A result as lines for a reader. */
export function readable(report: Result, language: Language): string {
  const say = words[language]
  const lines = [`${report.title[language]}: ${say[report.outcome]}, ${report.points}/${report.of} ${say.points}`]
  for (const step of report.steps) {
    const counts = step.optional ? say.optional : `${step.points}/${step.of}`
    lines.push(`${step.title[language]}: ${say[step.outcome]}, ${counts}`)
    for (const [n, check] of step.checks.entries()) {
      const own = check.of === undefined ? '' : `, ${check.points}/${check.of}`
      lines.push(`  ${n + 1} ${check.check}: ${say[check.outcome]}${own}`)
      for (const key of ['expected', 'observed', 'why'] as const) {
        if (check[key]) lines.push(`    ${say[key]}: ${check[key][language]}`)
      }
    }
  }
  return `${lines.join('\n')}\n`
}
