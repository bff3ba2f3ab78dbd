import type { Language } from '../wording/text.js'
import { piecesOf } from './prose.js'
import type { Result } from './result.js'
import { findings, helpText, nameOf, pointsText, remarks, stateWord, timeText, words } from './words.js'

/** A result as Markdown (CommonMark) for the student. Nothing that a student chose is read as mark-up. */
export function markdown(result: Result, language: Language): string {
  const say = words[language]
  const { assignment, student, attempt, steps, scripts } = result
  const name = nameOf(student)
  const lines = [
    `# ${prose(assignment.title[language])}`,
    '',
    `**${stateWord(result.state, language)}${say.comma}${prose(pointsText(result, language))}**`,
    '',
    ...(name === '' ? [] : [`- ${say.student}${say.colon}${prose(name)}`]),
    `- ${say.submitted}${say.colon}${prose(timeText(attempt.submittedAt))}`,
    ...remarks(result, language).map((remark) => `- ${prose(remark)}`),
  ]
  for (const step of steps) {
    const counts = step.optional ? say.optional : `${step.points}/${step.of}`
    const help = helpText(step, language)
    lines.push('', `## ${prose(step.title[language])}`, '')
    lines.push(prose([stateWord(step.state, language), counts, ...(help ? [help] : [])].join(say.comma)))
    for (const check of step.checks) {
      const own = check.of === undefined ? '' : `${say.comma}${check.points}/${check.of}`
      if (check === step.checks[0]) lines.push('')
      lines.push(`- ${prose(`${check.check}${say.colon}${stateWord(check.state, language)}${own}`)}`)
      for (const { label, text } of findings(check, language)) lines.push(`  - ${prose(`${label}${say.colon}${text}`)}`)
    }
  }
  for (const { file, errors } of scripts) {
    if (errors === undefined) continue
    lines.push('', `## ${prose(`${file}${say.comma}${say.printed}`)}`, '')
    // Indented code has no end mark that its text could hold.
    lines.push(...errors.split('\n').map((line) => `    ${line.replaceAll('\t', '  ')}`.trimEnd()))
  }
  return `${lines.join('\n')}\n`
}

function prose(sentence: string): string {
  return piecesOf(sentence)
    .map(({ isCode, text }) => (isCode ? `\`${text}\`` : escaped(text)))
    .join('')
}

/** In CommonMark any punctuation of ASCII may have a backslash before it, and is itself then. */
function escaped(text: string): string {
  return text.replace(/[!-/:-@[-`{-~]/g, (mark) => (/[,'/]/.test(mark) ? mark : `\\${mark}`))
}
