import { invalidArgument } from '../error/invalid-argument.js'
import type { GradeLine } from '../report/grade-line.js'
import { type Result, ResultSchema, type StudentNames } from '../report/result.js'
import { nameOf } from '../report/words.js'
import { oneLine } from '../wording/one-line.js'
import { bracketed, join, text } from '../wording/phrase.js'
import type { Language } from '../wording/text.js'
import type { Assignment, Course } from './course.js'
import type { Override } from './policy.js'
import { parsedJson, readJsonFile, readTextFile } from './read-file.js'
import { type Attempt, type Grading, type Score, score } from './score.js'
import { studentKey } from './student.js'

/** A grading's result, and the file that it is from. */
export interface FiledResult {
  file: string
  result: Result
}

/** What a student has of an assignment. */
export interface CourseGrade {
  student: StudentNames
  assignment: Assignment
  score: Score
  /** What the gradebook is given. */
  line: GradeLine
}

const ofGrade = text(
  'Name what `vethlab grade --format json` wrote.',
  '请指定 `vethlab grade --format json` 写出的文件。',
)
const ofClass = text('Name what a class has exported.', '请指定从班级导出的文件。')

/** Reads what `vethlab grade --format json` wrote. @throws VethlabError argument.invalid with file and line */
export async function readResult(file: string): Promise<FiledResult> {
  return { file, result: await readJsonFile(file, ResultSchema, ofGrade) }
}

/**
 * The same of a file of several, a result a line, as a class exports what was handed in (`.jsonl`); of any other one result.
 * @throws VethlabError argument.invalid with file and line
 */
export async function readResults(file: string): Promise<FiledResult[]> {
  if (!/\.jsonl$/i.test(file)) return [await readResult(file)]
  const lines = (await readTextFile(file)).split('\n')
  return lines.flatMap((line, at) => {
    if (line.trim() === '') return []
    const place = `${file}:${at + 1}`
    return { file: place, result: parsedJson(line, place, ResultSchema, ofClass) }
  })
}

/**
 * Grades of a course by its policies: in the order of its assignments, and of the students' names. Pure.
 * @throws VethlabError argument.invalid for a result of no assignment, or of nobody
 */
export function courseGrades(course: Course, results: readonly FiledResult[]): CourseGrade[] {
  const filed = results.map((one) => ({ ...one, assignment: assignmentOf(course, one), key: keyOf(one) }))
  return course.assignments.flatMap((assignment) => {
    const mine = filed.filter((one) => one.assignment === assignment)
    const keys = [...new Set(mine.map(({ key }) => key))].toSorted()
    return keys.map((key) => {
      const attempts = mine.filter((one) => one.key === key).map(({ result }) => result)
      return courseGrade(course, assignment, attempts)
    })
  })
}

function assignmentOf({ assignments }: Course, { file, result: { assignment } }: FiledResult): Assignment {
  const byId = assignments.find(({ id }) => id === assignment.id)
  // Who graded it named no assignment.
  const byLab = assignment.id === assignment.lab ? assignments.filter(({ id, lab = id }) => lab === assignment.lab) : []
  const found = byId ?? (byLab.length === 1 ? byLab[0] : undefined)
  if (found) return found
  const ids = assignments.map(({ id }) => id).join(', ')
  const [lab, id] = [oneLine(assignment.lab, 80), oneLine(assignment.id, 80)]
  const [what, zh] =
    byLab.length > 1
      ? [`is of lab "${lab}", which several assignments use`, `对应实验“${lab}”，而有几项作业都用它`]
      : [`is of assignment "${id}", and the course has none of that name`, `对应作业“${id}”，而课程里没有这项作业`]
  throw invalidArgument(file, what, `Grade with --assignment: ${ids}.`, {
    what: zh,
    cure: `请在评分时用 --assignment 指定：${ids}。`,
  })
}

function keyOf({ file, result: { student } }: FiledResult): string {
  const key = studentKey(student)
  if (key === '') {
    throw invalidArgument(file, 'says not whose work it is', 'Grade with --student.', {
      what: '没有写明是谁的作业',
      cure: '请在评分时用 --student 说明。',
    })
  }
  return key
}

function courseGrade(course: Course, assignment: Assignment, results: readonly Result[]): CourseGrade {
  const inOrder = results.toSorted(byTime)
  const newest = inOrder.at(-1)!
  const { student } = newest
  const found = score(attemptsOf(inOrder), assignment, overridesFor(course, assignment, student), course.timezone)
  const { title } = newest.assignment
  const line: GradeLine = {
    student,
    assignment: {
      id: assignment.id,
      title: assignment.heading === undefined ? title : { en: assignment.heading, zh: assignment.heading },
      ...(found.due === undefined ? {} : { due: new Date(found.due).toISOString() }),
    },
    ...(found.submittedAt === undefined ? {} : { submittedAt: new Date(found.submittedAt).toISOString() }),
    ...(found.isPending ? {} : { earned: found.earned, points: found.points }),
    penalty: found.penalty,
    of: found.of,
    remarks: join(found.explanation, ' ', ''),
  }
  return { student, assignment, score: found, line }
}

/** As they were handed in; of those of one moment, the one that was graded first. Files may come in any order. */
function byTime({ attempt: a }: Result, { attempt: b }: Result): number {
  return later(a.submittedAt, b.submittedAt) || later(a.startedAt, b.startedAt)
}

/** Of two times as a result has them: below, above or equal to 0, as sorting takes it. */
function later(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Gradings of one attempt are put together, each of them once, however often its file is named. */
function attemptsOf(results: readonly Result[]): Attempt[] {
  const attempts: Result[][] = []
  for (const result of results) {
    const same = attempts.filter((gradings) => gradings.some((one) => isOfSameAttempt(one, result)))
    for (const one of same) attempts.splice(attempts.indexOf(one), 1)
    attempts.push([...same.flat(), result])
  }
  return attempts.map((gradings) => {
    const once = [
      ...new Map(gradings.map((one) => [`${one.attempt.regradingOf} ${one.attempt.startedAt}`, one])).values(),
    ]
    const isAgain = ({ attempt }: Result) => attempt.regradingOf !== undefined
    // A session began before any grading of it. The first one need not be among the files.
    const first = once.find((one) => !isAgain(one)) ?? once[0]!
    const regradings = once
      .filter((one) => one !== first)
      .toSorted((a, b) => later(a.attempt.startedAt, b.attempt.startedAt))
    return {
      at: Date.parse(first.attempt.submittedAt),
      ...gradingOf(first),
      ...(regradings.length > 0 ? { regradings: regradings.map(gradingOf) } : {}),
    }
  })
}

/**
 * Whether both judge what was handed in once: one is of the other's evidence, or both of one grading's; or it is the same work of the
 * same time, graded anew. When it was handed in may have been corrected since, and gradings of a session all have its beginning.
 */
function isOfSameAttempt({ attempt: a }: Result, { attempt: b }: Result): boolean {
  const isSameTime = a.submittedAt === b.submittedAt
  const isSameWork = a.submissionHash !== undefined && a.submissionHash === b.submissionHash
  const isSameGrading = (a.regradingOf ?? a.startedAt) === (b.regradingOf ?? b.startedAt)
  return isSameWork ? isSameTime || isSameGrading : isSameTime && isSameGrading
}

function gradingOf({ points, of, open, state }: Result): Grading {
  // Where nothing that counts is open, a check that counts nothing could not be made.
  return { points, of, open: state === 'could-not-tell' ? open : 0 }
}

/** A course may call a learner by any of the names that are known. */
function overridesFor({ groups, outages }: Course, assignment: Assignment, student: StudentNames) {
  const names = [student.id, student.login, student.email, student.sisId].filter((name) => name !== undefined)
  const own = names.find((name) => Object.hasOwn(assignment.learners, name))
  const mine = Object.entries(assignment.groups).flatMap(([group, override]): Override[] =>
    groups[group]!.some((learner) => names.includes(learner)) ? [override] : [],
  )
  return { ...(own === undefined ? {} : { learner: assignment.learners[own]! }), groups: mine, outages }
}

/** `Ada Lovelace (s1)` */
export function studentText(student: StudentNames, language: Language): string {
  const [name, key] = [oneLine(nameOf(student), 120), oneLine(studentKey(student), 120)]
  return name === key ? key : `${name}${bracketed(key)[language]}`
}
