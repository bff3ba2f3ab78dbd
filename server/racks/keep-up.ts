import { setTimeout as sleep } from 'node:timers/promises'

const firstPauseMs = 200
const longestPauseMs = 5_000
/** A connection that lasted so long was a good one: the next is tried at once. */
const goodAfterMs = 5_000

/**
 * Keeps a connection up until `signal` aborts: `connect` resolves or rejects when it has ended, and is called again then,
 * after a pause that grows while it does not last.
 * @param onFailure told of each rejection; returns false to give up
 */
export async function keepUp(
  signal: AbortSignal,
  connect: (signal: AbortSignal) => Promise<void>,
  onFailure: (error: unknown) => boolean,
): Promise<void> {
  let pauseMs = firstPauseMs
  while (!signal.aborted) {
    const began = performance.now()
    try {
      await connect(signal)
    } catch (error) {
      if (signal.aborted || !onFailure(error)) return
    }
    if (performance.now() - began > goodAfterMs) pauseMs = firstPauseMs
    try {
      await sleep(pauseMs, undefined, { signal })
    } catch {
      return
    }
    pauseMs = Math.min(longestPauseMs, pauseMs * 2)
  }
}
