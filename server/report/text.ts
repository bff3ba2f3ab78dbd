import type { Language } from '../wording/text.js'
import type { Result } from './result.js'
import { findings, helpText, pointsText, printed, remarks, stateWord, words } from './words.js'

/** A result as lines for a reader. */
export function readable(result: Result, language: Language): string {
  const say = words[language]
  const { colon, comma } = say
  const lines = [
    `${result.assignment.title[language]}${colon}${[stateWord(result.state, language), pointsText(result, language)].join(comma)}`,
    ...remarks(result, language),
  ]
  for (const step of result.steps) {
    const counts = step.optional ? say.optional : `${step.points}/${step.of}`
    const help = helpText(step, language)
    const said = [stateWord(step.state, language), counts, ...(help === '' ? [] : [help])]
    lines.push(`${step.title[language]}${colon}${said.join(comma)}`)
    for (const [n, check] of step.checks.entries()) {
      const own = check.of === undefined ? '' : `${comma}${check.points}/${check.of}`
      lines.push(`  ${n + 1} ${check.check}${colon}${stateWord(check.state, language)}${own}`)
      for (const { label, text } of findings(check, language)) lines.push(`    ${label}${colon}${text}`)
    }
  }
  lines.push(...printed(result, language))
  return `${lines.join('\n')}\n`
}
