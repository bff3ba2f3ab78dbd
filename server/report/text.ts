import type { Language } from '../wording/text.js'
import type { Result } from './result.js'
import { findings, helpText, pointsText, printed, remarks, stateWord, words } from './words.js'

/** A result as lines for a reader. */
export function readable(result: Result, language: Language): string {
  const say = words[language]
  const lines = [
    `${result.assignment.title[language]}: ${stateWord(result.state, language)}, ${pointsText(result, language)}`,
  ]
  for (const remark of remarks(result, language)) lines.push(remark)
  for (const step of result.steps) {
    const counts = step.optional ? say.optional : `${step.points}/${step.of}`
    const help = helpText(step, language)
    lines.push(`${step.title[language]}: ${stateWord(step.state, language)}, ${counts}${help && `, ${help}`}`)
    for (const [n, check] of step.checks.entries()) {
      const own = check.of === undefined ? '' : `, ${check.points}/${check.of}`
      lines.push(`  ${n + 1} ${check.check}: ${stateWord(check.state, language)}${own}`)
      for (const { label, text } of findings(check, language)) lines.push(`    ${label}: ${text}`)
    }
  }
  lines.push(...printed(result, language))
  return `${lines.join('\n')}\n`
}
