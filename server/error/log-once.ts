import { oneLine } from '../wording/one-line.js'

const logged = new WeakSet<object>()

/** One line on stderr for an error, however many times it is met. */
export function logOnce(error: unknown, where = 'session'): void {
  if (typeof error === 'object' && error !== null) {
    if (logged.has(error)) return
    logged.add(error)
  }
  const said = error instanceof Error ? (error.stack ?? error.message) : String(error)
  console.error(`vethlab ${where}: ${oneLine(said, 1000)}`)
}
