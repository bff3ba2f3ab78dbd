import { oneLine } from '../wording/one-line.js'

/** Reading of answers whose content, and often whose shape, a learner decides: nothing here throws. */

const longestText = 200
/** Far more than any lab has; a list that is longer is cut. */
const longestList = 20_000

export function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value.slice(0, longestList) : []
}

export function recordsOf(value: unknown): Record<string, unknown>[] {
  return listOf(value).map(recordOf)
}

/** One line without control characters, empty for what is no text. */
export function textOf(value: unknown, most = longestText): string {
  return typeof value === 'string' ? oneLine(value, most) : ''
}

export function textsOf(value: unknown): string[] {
  return listOf(value).flatMap((item) => textOf(item) || [])
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

export function textMapOf(value: unknown): Record<string, string> {
  const entries = Object.entries(recordOf(value)).slice(0, longestList)
  return Object.fromEntries(
    entries.flatMap(([key, item]) => (typeof item === 'string' ? [[oneLine(key, longestText), textOf(item)]] : [])),
  )
}

/** Only the keys that have a value: optional fields are left out, not set to undefined. */
export function defined<T extends Record<string, unknown>>(
  fields: T,
): { [Key in keyof T]?: Exclude<T[Key], undefined | ''> } {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''),
  ) as ReturnType<typeof defined<T>>
}
