import { manyLines, oneLine } from '../wording/one-line.js'
import type { Result } from './result.js'

/** Far longer than any sentence of ours. */
const longest = 2000

/**
 * A result in whose texts nothing is left that a reader may stumble over or be misled by: control characters, line ends where
 * none belong, halves of characters, marks that turn text around, names without end. What a student chose may be in all of them.
 */
export function clean(result: Result): Result {
  const tidied = tidy(result) as Result
  return {
    ...tidied,
    scripts: tidied.scripts.map((script, n) => {
      const errors = result.scripts[n]?.errors
      return errors === undefined ? script : { ...script, errors: manyLines(errors) }
    }),
  }
}

function tidy(value: unknown): unknown {
  if (typeof value === 'string') return oneLine(value, longest)
  if (Array.isArray(value)) return value.map(tidy)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, tidy(one)]))
}
