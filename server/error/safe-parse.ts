import { z } from 'zod'

/**
 * What a schema reads of a value that somebody else wrote; use it in place of the schema's own `safeParse`, which can throw: zod compares
 * the `length` of what is no text and no list, too, and JavaScript makes no number of an object whose `toString` is none of its own.
 */
export function safeParse<S extends z.ZodType>(schema: S, value: unknown): z.ZodSafeParseResult<z.output<S>> {
  try {
    return schema.safeParse(value) as z.ZodSafeParseResult<z.output<S>>
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const issue: z.core.$ZodIssue = { code: 'custom', path: [], message: 'Invalid input', input: value }
    return { success: false, error: new z.ZodError([issue]) as z.ZodError<z.output<S>> }
  }
}
