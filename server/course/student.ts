import { z } from 'zod'
import { VethlabError } from '../error/vethlab-error.js'
import { readRoster } from '../learner/roster.js'
import type { StudentNames } from '../report/result.js'
import { studentOf } from '../report/student-names.js'
import { oneLine } from '../wording/one-line.js'
import { readTextFile, readYamlFile } from './read-file.js'

/** Ids are often numbers. */
const Name = z.union([z.string().min(1), z.int()], { error: 'must be a text or a number' }).transform(String)

const StudentFile = z.strictObject({
  id: Name.optional().describe("the course's own name for the student"),
  login: Name.optional().describe('the name to log in with'),
  email: Name.optional().describe('the e-mail address'),
  sisId: Name.optional().describe('id in the student information system; Moodle calls it ID number'),
  canvasId: Name.optional().describe("Canvas' own number of the user"),
  firstName: Name.optional().describe('first name'),
  lastName: Name.optional().describe('last name'),
  section: Name.optional().describe('section of the course'),
})

/** Reads whose work it is. @throws VethlabError argument.invalid with file and line */
export async function readStudent(file: string): Promise<StudentNames> {
  return known(await readYamlFile(file, StudentFile))
}

function known(student: z.output<typeof StudentFile>): StudentNames {
  return Object.fromEntries(Object.entries(student).filter(([, name]) => name !== undefined))
}

function keyIn(student: z.output<typeof StudentFile>): string {
  return studentKey(known(student))
}

const Roster = z
  .array(StudentFile)
  .min(1)
  .max(5000)
  .refine((all) => all.every((one) => keyIn(one) !== ''), 'has somebody without `id`, `login`, `email` and `sisId`')
  .refine((all) => new Set(all.map(keyIn)).size === all.length, 'has somebody twice')

/** Whether a list of students is no table, by its name. */
export function isYaml(file: string): boolean {
  return /\.(?:ya?ml|json)$/i.test(file)
}

/**
 * Reads a list of students: CSV as a class takes it, or YAML or JSON with an entry a student as for `readStudent`.
 * @throws VethlabError argument.invalid, roster.invalid with file and line
 */
export async function readStudents(file: string): Promise<StudentNames[]> {
  if (isYaml(file)) return (await readYamlFile(file, Roster)).map(known)
  const place = oneLine(file, 200)
  const students = readRoster(await readTextFile(file), place).map(studentOf)
  const wrong = (what: string, cure: string, zh: { what: string; cure: string }) =>
    new VethlabError('roster.invalid', what, { place, cure, zh })
  if (students.some((one) => studentKey(one) === '')) {
    const cure = 'Give everybody an id or an email.'
    throw wrong('has somebody without an id and an email', cure, {
      what: '里有人既没有学号也没有邮箱',
      cure: '请给每个人填写学号或邮箱。',
    })
  }
  if (new Set(students.map(studentKey)).size < students.length) {
    throw wrong('has one’s id as another one’s email', 'Give everybody an id.', {
      what: '里有人的学号是另一个人的邮箱',
      cure: '请给每个人填写学号。',
    })
  }
  return students
}

/** By what a course knows a student; empty where nothing is known. */
export function studentKey({ id, login, email, sisId }: StudentNames): string {
  return id ?? login ?? email ?? sisId ?? ''
}

/** Those of a list who have a name in common with somebody. */
export function whoMayBe(all: readonly StudentNames[], student: StudentNames): StudentNames[] {
  const same = (one: string | undefined, other: string | undefined) =>
    one !== undefined && one.toLowerCase() === other?.toLowerCase()
  return all.filter((one) =>
    (['id', 'login', 'email', 'sisId'] as const).some((name) => same(one[name], student[name])),
  )
}

/**
 * The one of a list whom somebody means, by any name that both know; what the list says goes before.
 * @throws VethlabError argument.invalid where there is none, or more than one
 */
export async function studentIn(list: string, student: StudentNames): Promise<StudentNames> {
  const found = whoMayBe(await readStudents(list), student)
  if (found.length === 1) return { ...student, ...found[0] }
  const who = oneLine(studentKey(student), 80) || 'nobody'
  const what = found.length === 0 ? `has no student "${who}"` : `has several who may be "${who}"`
  throw new VethlabError('argument.invalid', what, {
    place: oneLine(list, 200),
    cure: 'Give both the same id, login, e-mail or sisId.',
    zh: {
      what: found.length === 0 ? `里没有学生“${who}”` : `里有多人可能是“${who}”`,
      cure: '请让两边的学号、登录名或邮箱一致。',
    },
  })
}
