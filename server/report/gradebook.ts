import { invalidArgument } from '../error/invalid-argument.js'
import type { VethlabError } from '../error/vethlab-error.js'
import { oneLine } from '../wording/one-line.js'
import { text } from '../wording/phrase.js'
import type { Language } from '../wording/text.js'
import type { GradeLine } from './grade-line.js'
import type { StudentNames } from './result.js'
import { table } from './table.js'
import { nameOf } from './words.js'

export interface GradebookOptions {
  language: Language
  /** What the gradebook calls the assignment; its title by default. */
  heading?: string
}

function headingOf({ assignment }: GradeLine, { language, heading }: GradebookOptions): string {
  return heading ?? assignment.title[language]
}

/** All that a gradebook may want, a row a grade. */
export function csv(grades: readonly GradeLine[], options: GradebookOptions): string {
  const header = [
    ...['student', 'login', 'email', 'sis_id', 'last_name', 'first_name', 'section'],
    ...['assignment', 'due', 'submitted', 'earned', 'penalty', 'points', 'of', 'remarks'],
  ]
  return table([
    header,
    ...grades.map((grade) => {
      const { student, assignment, submittedAt, earned, penalty, points, of, remarks } = grade
      return [
        ...[student.id, student.login, student.email, student.sisId, student.lastName, student.firstName],
        ...[student.section, headingOf(grade, options), assignment.due, submittedAt],
        ...[earned, penalty, points, of, remarks[options.language]],
      ]
    }),
  ])
}

/** Headings that Canvas takes for something else than an assignment (lib/gradebook_importer.rb). */
const canvasReserved =
  /^(?:Student|LastName|FirstName|ID|SIS User ID|SIS Login ID|Section|Integration ID|Root Account)$/
const canvasIgnored = /(?:Current|Final) (?:Score|Points|Grade)|Override (?:Score|Grade|Status)/

/**
 * Grades of one assignment for Canvas' gradebook. Canvas finds the assignment by its exact title, or by its number behind it in
 * brackets, and makes a new one for any other; the student by its own number, else SIS user id, else SIS login id, else name. An empty
 * cell changes nothing there.
 */
export function canvas(grades: readonly GradeLine[], options: GradebookOptions): string {
  const [first] = grades
  const heading = oneLine(first ? headingOf(first, options) : '')
  if (canvasReserved.test(heading) || canvasIgnored.test(heading)) {
    throw unfit('canvas', `Canvas does not take "${heading}" for an assignment`, 'Give it another heading.', {
      what: `Canvas 不会把“${heading}”当作业`,
      cure: '请换一个标题（--heading）。',
    })
  }
  for (const { student } of grades) {
    if (!student.canvasId && !student.sisId && !student.login && nameOf(student) === '')
      throw unfit('canvas', 'a student has neither a number, an id, a login nor a name', namesCure.en, {
        what: '有学生既没有编号、学号、登录名，也没有姓名',
        cure: namesCure.zh,
      })
  }
  return table([
    ['Student', 'ID', 'SIS User ID', 'SIS Login ID', 'Section', heading],
    ['Points Possible', undefined, undefined, undefined, undefined, first?.of],
    ...grades.map(({ student, points }) => [
      canvasName(student),
      // Of anything else Canvas reads the digits that it begins with, as another student's number.
      /^\d+$/.test(student.canvasId ?? '') ? student.canvasId : undefined,
      ...[student.sisId, student.login, student.section, points],
    ]),
  ])
}

/** A row whose first cell has these words is about points, not about a student. */
function canvasName(student: StudentNames): string {
  return oneLine(nameOf(student)).replaceAll('Points Possible', 'Points-Possible')
}

/**
 * Grades of one assignment for Moodle's gradebook, to be mapped by the teacher. A column of ids is there if everybody has one: Moodle
 * gives a row whose id is empty to the student of the row before. Who has no grade yet has no row, for Moodle would erase the one there is.
 */
export function moodle(grades: readonly GradeLine[], options: GradebookOptions): string {
  const known = grades.filter(({ points }) => points !== undefined)
  const has = (key: 'login' | 'email' | 'sisId') => grades.every(({ student }) => (student[key] ?? '').trim() !== '')
  const ids = (
    [
      ['login', 'Username'],
      ['email', 'Email address'],
      ['sisId', 'ID number'],
    ] as const
  ).filter(([key]) => has(key))
  if (ids.length === 0) {
    throw unfit(
      'moodle',
      'not everybody has a login, e-mail address or ID number, by which Moodle knows them',
      namesCure.en,
      { what: 'Moodle 靠登录名、邮箱或学号认人，但不是每个人都有其中一项', cure: namesCure.zh },
    )
  }
  const heading = grades[0] ? headingOf(grades[0], options) : ''
  return table([
    [...ids.map(([, title]) => title), heading, `${heading} (feedback)`],
    ...known.map(({ student, points, remarks }) => [
      ...ids.map(([key]) => student[key]),
      points,
      remarks[options.language],
    ]),
  ])
}

/** Columns of nbgrader's own export (nbgrader/plugins/export.py). Scores are empty where there is no grade yet. */
export function nbgrader(grades: readonly GradeLine[], options: GradebookOptions): string {
  const header = [
    ...['assignment', 'duedate', 'timestamp', 'student_id', 'last_name', 'first_name', 'email'],
    ...['raw_score', 'late_submission_penalty', 'score', 'max_score'],
  ]
  return table([
    header,
    ...grades.map(({ student, assignment, submittedAt, earned, penalty, points, of }) => [
      options.heading ?? assignment.id,
      ...[pythonTime(assignment.due), pythonTime(submittedAt)],
      student.id ?? student.login ?? student.email ?? student.sisId,
      ...[student.lastName, student.firstName, student.email],
      ...[earned, earned === undefined ? undefined : penalty, points, of],
    ]),
  ])
}

/** As Python prints a time without a zone; nbgrader's are UTC. */
function pythonTime(iso: string | undefined): string | undefined {
  return iso && new Date(iso).toISOString().slice(0, 19).replace('T', ' ')
}

const namesCure = text('Say whose work it is with --student.', '请用 --student 说明这是谁的作业。')

function unfit(form: string, what: string, cure: string, zh: { what: string; cure: string }): VethlabError {
  return invalidArgument(`--format ${form}`, what, cure, zh)
}
