import { z } from 'zod'
import { Points } from '../check/points.js'

const minuteMs = 60_000
const units = { m: minuteMs, h: 60 * minuteMs, d: 24 * 60 * minuteMs } as const

/** Milliseconds. */
export const Duration = z
  .string({ error: 'must be a duration, such as 30m, 2h or 7d' })
  .regex(/^\d{1,5}[mhd]$/, 'is no duration: a whole number and m, h or d, such as 30m, 2h or 7d')
  .transform((text) => Number(text.slice(0, -1)) * units[text.at(-1) as keyof typeof units])

const timeForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/

/** Milliseconds since 1970 of a time that says how far it is from UTC; undefined where it is none. */
export function instantOf(text: string): number | undefined {
  if (!timeForm.test(text)) return undefined
  const at = Date.parse(text)
  // What no calendar has, such as 30 February, is moved on by some readers.
  const day = Number(text.slice(8, 10))
  const isDay =
    day >= 1 && day <= new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate()
  return Number.isNaN(at) || !isDay ? undefined : at
}

/** Milliseconds since 1970. */
export const Instant = z
  .string({ error: 'must be a time with its distance from UTC, such as 2026-03-01T23:59+01:00' })
  .refine((text) => instantOf(text) !== undefined, {
    message: 'is no time with its distance from UTC, such as 2026-03-01T23:59+01:00',
  })
  .transform((text) => instantOf(text)!)

const noPercent = 'is no percentage: a number from 0 to 100'
/** From 0 to 100. Files of ours are YAML without floats, so that 2.5 comes as a text. */
const Percent = z
  .union([z.number(), z.string().regex(/^\d{1,3}(?:\.\d{1,2})?$/, noPercent)], { error: noPercent })
  .transform(Number)
  .refine((percent) => percent >= 0 && percent <= 100, { message: noPercent })

const Attempts = z.int().min(1).max(1000)

export const LateCurve = z.strictObject({
  per: z.enum(['hour', 'day']).default('day').describe('what is counted; one that has begun counts as a whole'),
  percent: Percent.describe('what each hour or day takes off the points of the attempt'),
  floor: Percent.default(0).describe('so many percent of them stay, however late'),
  until: Duration.optional().describe('what comes more than this after the deadline does not count'),
})

/** How an assignment counts. */
export const policyFields = {
  points: Points.optional().describe('what it counts when all is right; those of the lab by default'),
  release: Instant.optional().describe('what is handed in before does not count'),
  due: Instant.optional().describe('the deadline; without one nothing is late'),
  grace: Duration.default(0).describe('so long after the deadline nobody is late'),
  late: LateCurve.optional().describe('what lateness costs; without it, what is late does not count'),
  attempts: Attempts.optional().describe('so many count; what comes later does not'),
  counts: z.enum(['best', 'last']).default('best').describe('which of the attempts counts'),
  regraded: z
    .enum(['better', 'newer'])
    .default('better')
    .describe('which grading of an attempt holds, where it was graded again, or its evidence judged again'),
}
export const Policy = z.strictObject(policyFields)
export type Policy = z.infer<typeof Policy>

/** What is otherwise for a learner, or for a group. */
export const Override = z.strictObject({
  release: Instant.optional().describe('in place of that of the assignment'),
  due: Instant.optional().describe('in place of that of the assignment'),
  extraTime: Duration.optional().describe('so much later is the deadline'),
  attempts: Attempts.optional().describe('in place of that of the assignment'),
  waiveLate: z.boolean().optional().describe('lateness costs nothing'),
})
export type Override = z.infer<typeof Override>

/** A time in which nobody could work: who had it before their deadline gets as much more time. */
export const Outage = z.strictObject({
  from: Instant.describe('when it began'),
  to: Instant.describe('when it was over'),
})
export type Outage = z.infer<typeof Outage>
