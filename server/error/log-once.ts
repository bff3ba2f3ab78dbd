import { oneLine } from '../wording/one-line.js'
import { VethlabError } from './vethlab-error.js'

const logged = new WeakSet<object>()
/** When a failure that may come again with every request was said last, by its words. */
const said = new Map<string, number>()
const quietMs = 10 * 60_000
const mostSaid = 1000

/** One line on stderr for an error, however many times it is met; and for those with the same words, one in ten minutes. */
export function logOnce(error: unknown, where = 'session'): void {
  if (typeof error === 'object' && error !== null) {
    if (logged.has(error)) return
    logged.add(error)
  }
  if (error instanceof VethlabError && isSaidAgain(error.message)) return
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error)
  console.error(`vethlab ${where}: ${oneLine(words, 1000)}`)
}

function isSaidAgain(words: string): boolean {
  const now = performance.now()
  if (now - (said.get(words) ?? Number.NEGATIVE_INFINITY) < quietMs) return true
  if (said.size >= mostSaid) said.clear()
  said.set(words, now)
  return false
}
