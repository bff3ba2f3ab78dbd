import { z } from 'zod'
import type { StudentNames } from '../report/result.js'
import { readYamlFile } from './read-file.js'

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

/** Reads a list of students, each as for `readStudent`. @throws VethlabError argument.invalid with file and line */
export async function readRoster(file: string): Promise<StudentNames[]> {
  return (await readYamlFile(file, Roster)).map(known)
}

/** By what a course knows a student; empty where nothing is known. */
export function studentKey({ id, login, email, sisId }: StudentNames): string {
  return id ?? login ?? email ?? sisId ?? ''
}
