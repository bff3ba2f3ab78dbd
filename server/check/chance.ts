import { createHash } from 'node:crypto'
import { z } from 'zod'

/**
 * Values of chance: another one in each rack, so that an answer that was right elsewhere is none here. They are worked out
 * from the rack's id, so a rack keeps its own over resets and restarts of the server, and nothing has to be kept.
 */

export const ChanceName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,39}$/, 'is no name: lower-case letters, digits and "_", a letter first')
  .refine((name) => !['host', 'home', 'path'].includes(name), 'is a name that the shell needs for itself')

/** What a value looks like: each `#` becomes a digit. */
export const ChanceForm = z
  .string()
  .regex(/^[A-Za-z0-9#][A-Za-z0-9#.-]{0,39}$/, 'is no form: letters, digits, "." and "-", and "#" for a digit')
  .refine((form) => form.includes('#'), 'has no "#", so there is no chance in it')
  .refine((form) => !/^#+$/.test(form), 'begins with "#": a number that begins with 0 is written in several ways')

/** No lab hides nearly as many. */
export const mostChances = 40

/** Draws values from a text, such as the id of a rack. Pure. */
export function drawn(forms: Readonly<Record<string, string>>, from: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(forms).map(([name, form]) => {
      const bytes = createHash('sha256').update(`${from}\n${name}`).digest()
      let at = 0
      // A form has at most 40 signs and the hash 32 bytes: round once more where that is not enough.
      return [name, form.replaceAll('#', () => `${bytes[at++ % bytes.length]! % 10}`)]
    }),
  )
}
