import { z } from 'zod'
import { sumOf } from '../check/points.js'

const TextSchema = z.strictObject({ en: z.string(), zh: z.string() })
const Time = z.iso.datetime().describe('ISO 8601, UTC')
const Count = z.int().min(0)
const Points = z.number().min(0)

/**
 * `could-not-tell`: the check could not be made. Such points are neither earned nor lost; they are `open`. `skipped`: it was never
 * looked at, and earns nothing.
 */
export const states = ['passed', 'failed', 'skipped', 'could-not-tell'] as const
const State = z.enum(states)

const Student = z
  .strictObject({
    id: z.string().optional().describe("the course's own name for the student"),
    login: z.string().optional(),
    email: z.string().optional(),
    sisId: z.string().optional().describe('student information system; Moodle calls it ID number'),
    canvasId: z.string().optional().describe("Canvas' own number of the user"),
    firstName: z.string().optional(),
    lastName: z.string().optional(),
    section: z.string().optional(),
  })
  .describe('whose work it is, as far as that was said')

const Check = z.strictObject({
  id: z.string().describe('stays the same from one grading of the lab to the next'),
  check: z.string().describe('family of checks, such as port'),
  title: TextSchema.optional().describe('what it asks, where it is a question'),
  state: State,
  points: Points.optional().describe('where it counts by itself'),
  of: Points.optional(),
  reason: z.string().optional().describe('why it failed, as a stable name'),
  expected: TextSchema.optional(),
  observed: TextSchema.optional(),
  why: TextSchema.optional(),
})

const Step = z.strictObject({
  id: z.string(),
  title: TextSchema,
  state: State,
  points: Points,
  of: Points,
  open: Points.describe('what could not be told of them: neither earned nor lost'),
  optional: z.literal(true).optional().describe('counts nothing, whatever became of it'),
  help: z
    .strictObject({ hints: Count, shown: z.boolean(), done: z.boolean(), told: z.boolean() })
    .optional()
    .describe('taken in a live session: hints, solution shown, step done for the learner, cause told'),
  checks: z.array(Check),
})

const Script = z.strictObject({
  file: z.string(),
  host: z.string(),
  ended: z
    .enum(['exit', 'signal', 'timeout', 'cut', 'not run'])
    .describe('cut: it was ended because it printed too much'),
  exitCode: z.int().nullable(),
  errors: z.string().optional().describe('the last that it printed to its standard error'),
})

/** What a piece of work is worth. But for times and what scripts printed, the same submission gives the same. */
export const ResultSchema = z.strictObject({
  version: z.literal(1),
  student: Student,
  assignment: z.strictObject({
    id: z.string(),
    title: TextSchema,
    lab: z.string(),
    labHash: z.string().optional().describe("of the lab's files"),
    seed: z.string().optional().describe('what the numbers of the task were drawn from, where the lab draws any'),
  }),
  attempt: z.strictObject({
    of: z.enum(['submission', 'session']),
    submittedAt: Time.describe('when it was accepted: what deadlines are counted by'),
    startedAt: Time.describe('of the grading, or of the session'),
    durationMs: Count,
    number: z
      .int()
      .min(1)
      .optional()
      .describe('from 1, of what the student has handed in of it, where somebody counts'),
    submissionHash: z.string().optional().describe('of what counts in a submission'),
    regradingOf: Time.optional().describe(
      'it was judged again from the evidence of a grading: `startedAt` of that one. Both are of one attempt',
    ),
  }),
  state: State.exclude(['skipped']).describe('could-not-tell, as soon as one check that counts could not be made'),
  points: Points,
  of: Points,
  open: Points.describe('what could not be told of them: neither earned nor lost'),
  refused: TextSchema.optional().describe('why the submission could not be read'),
  notes: z.array(TextSchema).describe('what of the submission was left out, and why'),
  steps: z.array(Step),
  scripts: z.array(Script),
})

export type Result = z.infer<typeof ResultSchema>
export type State = Result['steps'][number]['state']
export type StudentNames = Result['student']
export type StepResult = Result['steps'][number]
export type CheckResult = StepResult['checks'][number]
export type ScriptResult = Result['scripts'][number]

/** The form of a result as JSON Schema (draft 2020-12). */
export function resultJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(ResultSchema) as Record<string, unknown>
  return { $schema, title: 'A result of vethlab', ...rest }
}

/** One that could not be told makes the whole so, whatever failed besides: something may have been forged. */
export function together(all: readonly { state: State }[]): Result['state'] {
  if (all.some(({ state }) => state === 'could-not-tell')) return 'could-not-tell'
  return all.every(({ state }) => state === 'passed') ? 'passed' : 'failed'
}

/** What counts by itself: the checks of a step that have points of their own, else the step as a whole. */
export interface Item {
  id: string
  step: StepResult
  /** Undefined where it is the whole step. */
  check?: CheckResult
  state: State
  points: number
  of: number
}

/** All that counts, in order; their points are those of the whole. */
export function itemsOf({ steps }: Result): Item[] {
  return steps.flatMap((step): Item[] => {
    const counted = step.checks.filter(({ of }) => of !== undefined)
    if (counted.length === 0 || step.optional)
      return [{ id: step.id, step, state: step.state, points: step.points, of: step.of }]
    return counted.map((check) => ({
      id: check.id,
      step,
      check,
      state: check.state,
      points: check.points ?? 0,
      of: check.of ?? 0,
    }))
  })
}

/** Points, possible and open points of several. */
export function totalOf(all: readonly { points: number; of: number; open: number }[]): {
  points: number
  of: number
  open: number
} {
  return {
    points: sumOf(all.map(({ points }) => points)),
    of: sumOf(all.map(({ of }) => of)),
    open: sumOf(all.map(({ open }) => open)),
  }
}
