import { parse } from 'csv-parse/sync'
import { JSDOM } from 'jsdom'
import { z } from 'zod'

/**
 * Readers of the forms, each as strict as the system that takes them in, as far as its source or its documents tell. They refuse by
 * throwing. The systems themselves are not here.
 */

// JSON that a database takes as well: PostgreSQL refuses NUL and halves of characters.
export function json(text: string): unknown {
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value === 'string' && /\0|\p{Cs}/u.test(value)) throw new Error('a character that no database takes')
    return value
  })
}

const gradescopeVisibility = z.enum(['hidden', 'after_due_date', 'after_published', 'visible'])
const gradescopeFormat = z.enum(['text', 'html', 'simple_format', 'md', 'ansi'])
const Gradescope = z.strictObject({
  score: z.number().optional(),
  execution_time: z.number().optional(),
  output: z.string().optional(),
  output_format: gradescopeFormat.optional(),
  test_output_format: gradescopeFormat.optional(),
  test_name_format: gradescopeFormat.optional(),
  visibility: gradescopeVisibility.optional(),
  stdout_visibility: gradescopeVisibility.optional(),
  extra_data: z.object({}).loose().optional(),
  tests: z
    .array(
      z.strictObject({
        score: z.number().optional(),
        max_score: z.number().optional(),
        status: z.enum(['passed', 'failed']).optional(),
        name: z.string().optional(),
        name_format: gradescopeFormat.optional(),
        number: z.string().optional(),
        output: z.string().optional(),
        output_format: gradescopeFormat.optional(),
        tags: z.array(z.string()).optional(),
        visibility: gradescopeVisibility.optional(),
        extra_data: z.object({}).loose().optional(),
      }),
    )
    .optional(),
  leaderboard: z.array(z.object({ name: z.string(), value: z.unknown(), order: z.string().optional() })).optional(),
})

/** Grade of a `results.json`; undefined where Gradescope says that the autograder failed, for want of a score (docs/specs.md). */
export function gradescope(text: string): { score: number | undefined; sum: number; max: number } {
  const { score, tests = [] } = Gradescope.parse(json(text))
  const scores = tests.map((test) => test.score)
  const isScored = tests.length > 0 && scores.every((one) => one !== undefined)
  const sum = scores.reduce<number>((all, one) => all + (one ?? 0), 0)
  return {
    score: score ?? (isScored ? sum : undefined),
    sum,
    max: tests.reduce((all, one) => all + (one.max_score ?? 0), 0),
  }
}

const Classroom = z.object({
  version: z.number(),
  status: z.enum(['pass', 'fail', 'error']),
  max_score: z.number(),
  tests: z
    .array(
      z.object({
        name: z.string(),
        status: z.enum(['pass', 'fail', 'error']),
        score: z.number(),
        message: z.string(),
        test_code: z.string(),
        filename: z.string(),
        line_no: z.number(),
      }),
    )
    .min(1),
})

/**
 * What the reporter of GitHub Classroom tells (src/main.js, notify-classroom.js, console-results.js): points, or none where there are
 * none to reach; all that it prints, which GitHub's runner reads for commands.
 */
export function classroom(base64: string): { points: number | undefined; max: number; ok: boolean } {
  const { status, max_score, tests } = Classroom.parse(json(Buffer.from(base64, 'base64').toString('utf8')))
  const printed = tests.flatMap((test) => [
    test.status === 'error'
      ? `Error: ${test.message || `Failed to run test '${test.name}'`}`
      : `${test.status === 'pass' ? '✅' : '❌'} ${test.name}`,
    ...(test.test_code ? [`Test code:\n${test.test_code}`] : []),
  ])
  for (const line of printed.join('\n').split(/\r\n|[\n\r]/))
    if (line.trimStart().startsWith('::')) throw new Error(`a command to the runner: ${line}`)
  if (tests.some(({ line_no }) => line_no !== 0)) throw new Error('a line that there is not')
  return {
    points: max_score ? tests.reduce((sum, { score }) => sum + score, 0) : undefined,
    max: max_score,
    ok: status === 'pass',
  }
}

const PrairieLearn = z.object({
  gradable: z.boolean().optional(),
  score: z.number().min(0).max(1).optional(),
  message: z.string().optional(),
  output: z.string().optional(),
  format_errors: z.union([z.string(), z.array(z.string())]).optional(),
  images: z.array(z.object({ url: z.string(), label: z.string().optional() })).optional(),
  tests: z
    .array(
      z.object({
        name: z.string(),
        description: z.string().optional(),
        points: z.number(),
        max_points: z.number(),
        message: z.string().optional(),
        output: z.string().optional(),
      }),
    )
    .optional(),
})

/** Score of a `results.json` of PrairieLearn's external grading; undefined where it is not gradable. */
export function prairielearn(text: string): number | undefined {
  if (Buffer.byteLength(text) > 1024 ** 2) throw new Error('larger than 1 MiB')
  const { gradable = true, score } = PrairieLearn.parse(json(text))
  if (!gradable) return undefined
  if (score === undefined) throw new Error('gradable, and without a score')
  return score
}

const Check50 = z
  .strictObject({
    slug: z.string(),
    version: z.string(),
    results: z
      .array(
        z.strictObject({
          name: z.string(),
          description: z.string(),
          passed: z.boolean().nullable(),
          log: z.array(z.string()),
          cause: z
            .strictObject({
              rationale: z.string(),
              help: z.string().nullable(),
              expected: z.string().optional(),
              actual: z.string().optional(),
              error: z.object({}).loose().optional(),
            })
            .nullable(),
          data: z.object({}).loose(),
          dependency: z.string().nullable(),
        }),
      )
      .optional(),
    error: z
      .strictObject({
        type: z.string(),
        value: z.string(),
        traceback: z.array(z.string()),
        data: z.object({}).loose(),
      })
      .optional(),
  })
  .refine(({ results, error }) => (results === undefined) !== (error === undefined), 'results or error, one of them')

/** Which checks passed by check50's JSON, null for those skipped (json_specification.rst); undefined for an error. */
export function check50(text: string): (boolean | null)[] | undefined {
  const { results } = Check50.parse(json(text))
  const names = results?.map(({ name }) => name) ?? []
  if (new Set(names).size < names.length) throw new Error('two checks of the same name')
  return results?.map(({ passed }) => passed)
}

/** RFC 4180, every row as long as the first; and no cell that a spreadsheet takes for a formula. */
export function table(text: string): string[][] {
  if (!text.endsWith('\r\n')) throw new Error('the last line has no end')
  const rows = parse(text, { record_delimiter: '\r\n', relax_column_count: false, bom: false })
  for (const cell of rows.flat()) if (/^[=+\-@\t\r＝＋－＠]/.test(cell)) throw new Error(`a formula: ${cell}`)
  return rows
}

const canvasStudentColumns = ['Student', 'ID', 'SIS User ID', 'SIS Login ID', 'Section']
const canvasIgnored =
  /Current Score|Current Points|Current Grade|Final Score|Final Points|Final Grade|Override Score|Override Grade|Override Status/

export interface CanvasRow {
  id: string
  sis: string
  login: string
  name: string
  grade: string
}

/** What Canvas' importer makes of a gradebook file (lib/gradebook_importer.rb); an empty grade changes nothing. */
export function canvas(text: string): { assignment: string; possible: string | undefined; rows: CanvasRow[] } {
  const [header, ...rest] = table(text)
  if (!header || header.length <= 3 || !header[0]!.includes('Student') || !header[1]!.includes('ID'))
    throw new Error('Invalid header row')
  if (!/SIS\s+User\s+ID/.test(header[2]!) || !/SIS\s+Login\s+ID/.test(header[3]!) || !header[4]!.includes('Section'))
    throw new Error('Invalid header row')
  const assignments = header.slice(canvasStudentColumns.length).filter((heading) => !canvasIgnored.test(heading))
  if (assignments.length !== 1) throw new Error('not one assignment')
  // It looks for the column by its heading, in all of the header.
  const column = header.indexOf(assignments[0]!)
  if (column < canvasStudentColumns.length) throw new Error('an assignment that is called like a column of students')
  let possible: string | undefined
  const rows = rest.flatMap((row): CanvasRow[] => {
    if (row[0]!.includes('Points Possible')) {
      if (possible !== undefined) throw new Error('points possible twice')
      possible = row[column]!
      return []
    }
    if (row.filter((cell) => cell !== '').every((cell) => /^\s*(Muted|Manual Posting.*)?\s*$/i.test(cell)))
      throw new Error('a row that is left out')
    const grade = row[column]!
    if (grade !== '' && !/^\d+(\.\d+)?$/.test(grade)) throw new Error(`a grade that is no number: ${grade}`)
    if (row[1] !== '' && !/^\d+$/.test(row[1]!)) throw new Error('a number of another student')
    return [{ name: row[0]!, id: row[1]!, sis: row[2]!, login: row[3]!, grade }]
  })
  return { assignment: assignments[0]!, possible, rows }
}

/**
 * What Moodle's importer makes of a gradebook file, its column `by` mapped to the user (grade/import/csv/classes/load_data.php): all or
 * nothing. An empty grade erases the one there is.
 */
export function moodle(
  text: string,
  by: string,
  { users, grade, most = 100 }: { users: readonly string[]; grade: string; most?: number },
): Record<string, number | undefined> {
  const [header, ...rows] = table(text)
  const [who, what] = [header!.indexOf(by), header!.indexOf(grade)]
  if (who < 0 || what < 0) throw new Error('a column that is not there')
  const found: Record<string, number | undefined> = {}
  let user = ''
  for (const row of rows) {
    // A blank user leaves that of the row before.
    if (row[who]!.trim() !== '') {
      user = users.find((one) => one === row[who]!.trim()) ?? ''
      if (user === '') throw new Error('user mapping error: aborted')
    }
    if (user === '' || user in found) throw new Error('a grade for another student')
    const value = row[what]!.trim()
    if (value !== '' && value !== '-' && !/^\d+(\.\d+)?$/.test(value)) throw new Error('bad grade: aborted')
    if (Number(value) > most) throw new Error('grade value too big: aborted')
    found[user] = value === '' || value === '-' ? undefined : Number(value)
  }
  return found
}

const nbgraderColumns = [
  ...['assignment', 'duedate', 'timestamp', 'student_id', 'last_name', 'first_name', 'email'],
  ...['raw_score', 'late_submission_penalty', 'score', 'max_score'],
]

/** Rows of nbgrader's export, by its columns (nbgrader/plugins/export.py); as pandas reads them, an empty number is none. */
export function nbgrader(text: string): Record<string, string>[] {
  const [header, ...rows] = table(text)
  if (JSON.stringify(header) !== JSON.stringify(nbgraderColumns)) throw new Error('other columns than nbgrader has')
  return rows.map((row) => {
    const of = Object.fromEntries(row.map((cell, n) => [nbgraderColumns[n]!, cell]))
    for (const key of ['raw_score', 'late_submission_penalty', 'score', 'max_score'])
      if (of[key] !== '' && !/^\d+(\.\d+)?$/.test(of[key]!)) throw new Error(`${key} is no number`)
    for (const key of ['duedate', 'timestamp'])
      if (of[key] !== '' && !/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/.test(of[key]!))
        throw new Error(`${key} is no time`)
    return of
  })
}

/** Counts of a JUnit file that is well-formed XML 1.0 and whose totals are true, as Jenkins reads it. */
export function junit(text: string): { tests: number; failures: number; errors: number; skipped: number } {
  const { window } = new JSDOM('')
  const document = new window.DOMParser().parseFromString(text, 'application/xml')
  const fault = document.querySelector('parsererror')
  if (fault) throw new Error(`no XML: ${fault.textContent}`)
  if (document.documentElement.tagName !== 'testsuites') throw new Error('no testsuites')
  const count = { tests: 0, failures: 0, errors: 0, skipped: 0 }
  for (const suite of document.querySelectorAll('testsuite')) {
    if (!suite.getAttribute('name')) throw new Error('a suite without a name')
    const found = {
      tests: suite.querySelectorAll(':scope > testcase').length,
      failures: suite.querySelectorAll(':scope > testcase > failure').length,
      errors: suite.querySelectorAll(':scope > testcase > error').length,
      skipped: suite.querySelectorAll(':scope > testcase > skipped').length,
    }
    for (const key of ['tests', 'failures', 'errors', 'skipped'] as const) {
      if (Number(suite.getAttribute(key)) !== found[key]) throw new Error(`${key} of ${suite.getAttribute('name')}`)
      count[key] += found[key]
    }
    for (const testCase of suite.querySelectorAll(':scope > testcase')) {
      if (!testCase.getAttribute('name') || !testCase.getAttribute('classname'))
        throw new Error('a case without a name')
      const children = [...testCase.children].map(({ tagName }) => tagName)
      const known = ['properties', 'failure', 'error', 'skipped', 'system-out', 'system-err']
      if (children.some((name) => !known.includes(name))) throw new Error(`unknown: ${children.join(', ')}`)
    }
  }
  return count
}
