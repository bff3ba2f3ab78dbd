import { z } from 'zod'

/** The most that a step or a check may count. */
const most = 100
const wrong = `is no number of points: from 0 to ${most}, with at most two decimals`

/** What something counts: a number from 0 to 100 with at most two decimals. Files of ours are YAML without floats, so that 0.5 comes as a text. */
export const Points = z
  .union([z.number(), z.string().regex(/^\d{1,3}(?:\.\d{1,2})?$/, wrong)], {
    error: wrong,
  })
  .transform(Number)
  .refine((points) => points >= 0 && points <= most && Number.isInteger(Math.round(points * 1e6) / 1e4), {
    message: wrong,
  })

/** A sum of points, without what binary fractions leave behind it. */
export function sumOf(points: readonly number[]): number {
  return Math.round(points.reduce((sum, one) => sum + one, 0) * 100) / 100
}
