import { VethlabError } from '../error/vethlab-error.js'
import type { GradeLine } from '../report/grade-line.js'
import { type Result, ResultSchema, type StudentNames } from '../report/result.js'
import { nameOf } from '../report/words.js'
import { oneLine } from '../wording/one-line.js'
import { join } from '../wording/phrase.js'
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

/** Reads what `vethlab grade --format json` wrote. @throws VethlabError argument.invalid with file and line */
export async function readResult(file: string): Promise<FiledResult> {
  return { file, result: await readJsonFile(file, ResultSchema, 'Name what `vethlab grade --format json` wrote.') }
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
    return { file: place, result: parsedJson(line, place, ResultSchema, 'Name what a class has exported.') }
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
  const what =
    byLab.length > 1
      ? `is of lab "${oneLine(assignment.lab, 80)}", which several assignments use`
      : `is of assignment "${oneLine(assignment.id, 80)}", and the course has none of that name`
  throw wrong(file, what, `Grade with --assignment: ${assignments.map(({ id }) => id).join(', ')}.`)
}

function keyOf({ file, result: { student } }: FiledResult): string {
  const key = studentKey(student)
  if (key === '') throw wrong(file, 'says not whose work it is', 'Grade with --student.')
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
  if (a.submittedAt !== b.submittedAt) return a.submittedAt < b.submittedAt ? -1 : 1
  return a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0
}

/** Gradings of one attempt are put together: the first one, and those that judged its evidence again. */
function attemptsOf(results: readonly Result[]): Attempt[] {
  const gradings = new Map<string, Result[]>()
  for (const result of results) {
    const first = firstGrading(result)
    gradings.set(first, [...(gradings.get(first) ?? []), result])
  }
  return [...gradings.values()].map((all) => {
    const isFirst = ({ attempt }: Result) => attempt.regradingOf === undefined
    // The first one may not be among the files, or the same file be named twice.
    const [first, ...again] = [...all.filter(isFirst).slice(0, 1), ...all.filter((one) => !isFirst(one))]
    const regradings = again.map(gradingOf)
    return {
      at: Date.parse(first!.attempt.submittedAt),
      ...gradingOf(first!),
      ...(regradings.length > 0 ? { regradings } : {}),
    }
  })
}

/**
 * The same for all gradings of an attempt. Gradings of a session all have its beginning; and when something was handed in may have been
 * corrected since, where it is known by what was handed in.
 */
function firstGrading({ attempt }: Result): string {
  const { of, startedAt, regradingOf = startedAt, submittedAt, submissionHash } = attempt
  return `${regradingOf} ${of === 'session' ? submittedAt : (submissionHash ?? submittedAt)}`
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
export function studentText(student: StudentNames): string {
  const [name, key] = [oneLine(nameOf(student), 120), oneLine(studentKey(student), 120)]
  return name === key ? key : `${name} (${key})`
}

function wrong(file: string, what: string, cure: string): VethlabError {
  return new VethlabError('argument.invalid', what, { place: oneLine(file, 200), cure })
}
