import { z } from 'zod'
import { Outage, Override, policyFields } from './policy.js'
import { readYamlFile } from './read-file.js'

const Id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'is no id: letters, digits, ".", "_" and "-", at most 64')
/** A learner: what --student calls id, or else login, e-mail address or sisId. Often a number. */
const Learner = z.union([z.string().min(1), z.int()], { error: 'must be a text or a number' }).transform(String)

const Assignment = z
  .strictObject({
    id: Id.describe('what results call it, by `--assignment`'),
    lab: Id.optional().describe('whose results belong to it as well; the id by default'),
    heading: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('what the gradebook calls it; the title of the lab by default'),
    ...policyFields,
    learners: z
      .record(z.string(), Override)
      .default({})
      .describe('what is otherwise for single learners, by their ids'),
    groups: z.record(z.string(), Override).default({}).describe('what is otherwise for groups, by their names'),
  })
  .refine(({ release, due }) => release === undefined || due === undefined || release < due, {
    message: 'is not after the release',
    path: ['due'],
  })
export type Assignment = z.infer<typeof Assignment>

const OrderedOutage = Outage.refine(({ from, to }) => from < to, {
  message: 'is not after its beginning',
  path: ['to'],
})

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** What `course.yaml` says of a course: its assignments, and what is otherwise for whom. */
export const Course = z
  .strictObject({
    title: z.string().min(1).describe('what the course is called'),
    timezone: z
      .string()
      .refine(isTimeZone, { message: 'is no time zone, such as Europe/Berlin' })
      .default('UTC')
      .describe('in which explanations tell times'),
    groups: z
      .record(Id, z.array(Learner))
      .default({})
      .describe('ids of their learners, by the names of the groups; a learner may be in several'),
    outages: z
      .array(OrderedOutage)
      .default([])
      .describe('times in which nobody could work: who had one before a deadline gets as much more time'),
    assignments: z.array(Assignment).min(1).describe('what there is to do'),
  })
  .superRefine(({ assignments, groups }, context) => {
    for (const [n, { id, groups: named }] of assignments.entries()) {
      if (assignments.findIndex((other) => other.id === id) < n)
        context.addIssue({ code: 'custom', path: ['assignments', n, 'id'], message: `"${id}" is there twice` })
      for (const group of Object.keys(named)) {
        if (Object.hasOwn(groups, group)) continue
        const message = `there is no group "${group}" in this course`
        context.addIssue({ code: 'custom', path: ['assignments', n, 'groups', group], message })
      }
    }
  })
export type Course = z.infer<typeof Course>

/** @throws VethlabError argument.invalid with file and line */
export async function readCourse(file: string): Promise<Course> {
  return await readYamlFile(file, Course)
}
