import type { Language } from '../wording/text.js'
import { check50 } from './check50.js'
import { clean } from './clean.js'
import { githubClassroom } from './github-classroom.js'
import { type GradeLine, gradeLine } from './grade-line.js'
import { canvas, csv, type GradebookOptions, moodle, nbgrader } from './gradebook.js'
import { gradescope } from './gradescope.js'
import { html } from './html.js'
import { junit } from './junit.js'
import { markdown } from './markdown.js'
import { prairielearn } from './prairielearn.js'
import type { Result } from './result.js'
import { readable } from './text.js'

/** How a result can be written, and what a file of it is called. */
interface Form {
  file: string
  write(result: Result, options: GradebookOptions): string
}

const asJson = (make: (result: Result, language: Language) => object) => (result: Result, options: GradebookOptions) =>
  `${JSON.stringify(make(result, options.language), null, 2)}\n`

const asText =
  (make: (result: Result, language: Language) => string) =>
  (result: Result, { language }: GradebookOptions) =>
    make(result, language)

/** Forms that hold many grades. */
export const gradebooks = { csv, canvas, moodle, nbgrader } as const satisfies Record<
  string,
  (grades: readonly GradeLine[], options: GradebookOptions) => string
>
export type GradebookName = keyof typeof gradebooks
export const gradebookNames = Object.keys(gradebooks) as GradebookName[]

const gradebook = (name: GradebookName) => (result: Result, options: GradebookOptions) =>
  gradebooks[name]([gradeLine(result)], options)

const forms = {
  text: { file: 'report.txt', write: asText(readable) },
  json: { file: 'result.json', write: asJson((result) => result) },
  junit: { file: 'junit.xml', write: asText(junit) },
  markdown: { file: 'report.md', write: asText(markdown) },
  html: { file: 'report.html', write: asText(html) },
  gradescope: { file: 'results.json', write: asJson(gradescope) },
  'github-classroom': { file: 'result.json', write: asJson(githubClassroom) },
  prairielearn: { file: 'results.json', write: asJson(prairielearn) },
  check50: { file: 'check50.json', write: asJson(check50) },
  csv: { file: 'grades.csv', write: gradebook('csv') },
  canvas: { file: 'canvas.csv', write: gradebook('canvas') },
  moodle: { file: 'moodle.csv', write: gradebook('moodle') },
  nbgrader: { file: 'nbgrader.csv', write: gradebook('nbgrader') },
} as const satisfies Record<string, Form>

export type FormName = keyof typeof forms
export const formNames = Object.keys(forms) as FormName[]

/** Whether a form holds the grades of many. */
export function isGradebook(form: FormName): form is GradebookName {
  return Object.hasOwn(gradebooks, form)
}

/** Writes the grades of many, each by itself, without deadlines. @throws as `write` does */
export function writeMany(form: GradebookName, results: readonly Result[], options: GradebookOptions): string {
  return gradebooks[form](results.map(clean).map(gradeLine), options)
}

/** What a file of that form is called where nobody says. */
export function fileOf(form: FormName): string {
  return forms[form].file
}

/**
 * Writes a result in a form. What a student chose may be anything: it is made safe here, for all forms.
 * @throws VethlabError argument.invalid where the form can't be written without what is missing, such as who the student is
 */
export function write(form: FormName, result: Result, options: GradebookOptions): string {
  return forms[form].write(clean(result), options)
}
