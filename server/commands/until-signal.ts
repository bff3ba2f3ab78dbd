import { setMaxListeners } from 'node:events'
import { constants } from 'node:os'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** A signal ended a command before its work was done. */
export class Interrupted extends Error {
  /** As shells report it: 128 and the number of the signal. */
  readonly exitCode: number

  constructor(name: NodeJS.Signals, options?: ErrorOptions) {
    super(`ended by ${name}`, options)
    this.exitCode = exitCodeOf(name)
  }
}

/**
 * The rule of all commands for SIGINT, SIGTERM and SIGHUP: the first one aborts the work, which tidies up and ends; a second
 * one does not wait. @throws Interrupted, whatever the work made of it, where a signal came before its end
 */
export async function untilSignal<T>(
  use: (signal: AbortSignal) => Promise<T>,
  { onFirst }: { onFirst?(): void } = {},
): Promise<T> {
  const abort = new AbortController()
  // A command listens for as many things as it does at the same time.
  setMaxListeners(0, abort.signal)
  let first: NodeJS.Signals | undefined
  const onSignal = (name: NodeJS.Signals) => {
    if (first !== undefined) process.exit(exitCodeOf(name))
    first = name
    onFirst?.()
    abort.abort(new Interrupted(name))
  }
  for (const name of signals) process.on(name, onSignal)
  try {
    const result = await use(abort.signal)
    if (first !== undefined) throw new Interrupted(first)
    return result
  } catch (error) {
    if (first !== undefined) throw new Interrupted(first, { cause: error })
    throw error
  } finally {
    for (const name of signals) process.off(name, onSignal)
  }
}

function exitCodeOf(name: NodeJS.Signals): number {
  return 128 + constants.signals[name]
}
