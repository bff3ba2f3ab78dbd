import MarkdownIt from 'markdown-it'
import type { Language } from '../wording/text.js'
import { piecesOf } from './prose.js'
import type { CheckResult, Result, StepResult } from './result.js'
import { findings, helpText, nameOf, pointsText, remarks, stateWord, timeText, words } from './words.js'

export const { escapeHtml } = new MarkdownIt().utils

/** A result as one page of HTML for the student: no script, nothing from elsewhere, and everything that is said is escaped. */
export function html(result: Result, language: Language): string {
  return htmlPage(result.assignment.title[language], resultHtml(result, language), language)
}

/** What a page may fetch or run besides: nothing unless said. */
export interface PageMore {
  style?: string
  /** Sources as CSP has them, for the directive `script-src`. */
  scriptSources?: string
  head?: readonly string[]
}

/** A page that stands alone. @param body HTML */
export function htmlPage(
  title: string,
  body: readonly string[],
  language: Language,
  { style: more = '', scriptSources, head = [] }: PageMore = {},
): string {
  const scripts = scriptSources === undefined ? '' : `; script-src ${scriptSources}`
  return `${[
    '<!doctype html>',
    `<html lang="${language === 'zh' ? 'zh-CN' : 'en'}">`,
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'${scripts}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title>`,
    `<style>${style}${more}</style>`,
    ...head,
    '</head>',
    '<body>',
    '<main>',
    ...body,
    '</main>',
    '</body>',
    '</html>',
  ].join('\n')}\n`
}

/** What stands on the page of a result, heading and all. */
export function resultHtml(result: Result, language: Language): string[] {
  const say = words[language]
  const { assignment, student, attempt, steps, scripts } = result
  const name = nameOf(student)
  const facts = [
    ...(name === '' ? [] : [`${say.student}${say.colon}<bdi>${escapeHtml(name)}</bdi>`]),
    `${say.submitted}${say.colon}<time datetime="${escapeHtml(attempt.submittedAt)}">${escapeHtml(timeText(attempt.submittedAt))}</time>`,
    ...remarks(result, language).map(prose),
  ]
  const printed = scripts.flatMap(({ file, errors }) =>
    errors === undefined
      ? []
      : [`<h2>${escapeHtml(`${file}${say.comma}${say.printed}`)}</h2>`, `<pre dir="ltr">${escapeHtml(errors)}</pre>`],
  )
  return [
    `<h1>${prose(assignment.title[language])}</h1>`,
    `<p class="${result.state}"><strong>${escapeHtml(`${stateWord(result.state, language)}${say.comma}${pointsText(result, language)}`)}</strong></p>`,
    ...list(facts),
    ...steps.flatMap((step) => stepHtml(step, language)),
    ...printed,
  ]
}

function stepHtml(step: StepResult, language: Language): string[] {
  const say = words[language]
  const counts = step.optional ? say.optional : `${step.points}/${step.of}`
  const help = helpText(step, language)
  const head = [stateWord(step.state, language), counts, ...(help ? [help] : [])].join(say.comma)
  return [
    '<section>',
    `<h2>${prose(step.title[language])}</h2>`,
    `<p class="${step.state}">${escapeHtml(head)}</p>`,
    ...list(step.checks.map((check) => checkHtml(check, language))),
    '</section>',
  ]
}

function checkHtml(check: CheckResult, language: Language): string {
  const say = words[language]
  const own = check.of === undefined ? '' : `${say.comma}${check.points}/${check.of}`
  const head = `<span class="${check.state}">${escapeHtml(`${check.check}${say.colon}${stateWord(check.state, language)}${own}`)}</span>`
  const said = findings(check, language).map(({ label, text }) => `${escapeHtml(label)}${say.colon}${prose(text)}`)
  return [head, ...list(said)].join('\n')
}

/** @param entries HTML */
export function list(entries: readonly string[]): string[] {
  return entries.length === 0 ? [] : ['<ul>', ...entries.map((entry) => `<li>${entry}</li>`), '</ul>']
}

export function prose(sentence: string): string {
  return piecesOf(sentence)
    .map(({ isCode, text }) => (isCode ? `<code><bdi>${escapeHtml(text)}</bdi></code>` : escapeHtml(text)))
    .join('')
}

const style = `
:root { color-scheme: light dark; background: Canvas; color: CanvasText; --good: #1a6b2f; --bad: #a3201a; --open: #7a4f00 }
@media (prefers-color-scheme: dark) { :root { --good: #7fd493; --bad: #ff9d94; --open: #f0c060 } }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 46rem; padding: 1rem; overflow-wrap: anywhere }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin: 1.5rem 0 0.25rem } p { margin: 0.25rem 0 }
.passed { color: var(--good) } .failed { color: var(--bad) } .could-not-tell, .skipped { color: var(--open) }
code, pre { font: 0.9em ui-monospace, monospace } pre { white-space: pre-wrap }
`
