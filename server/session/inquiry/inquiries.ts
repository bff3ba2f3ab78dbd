import { setTimeout as sleep } from 'node:timers/promises'
import { orAborted } from '../../error/or-aborted.js'
import { VethlabError } from '../../error/vethlab-error.js'

/** A trace takes a second or two, a diagnosis some ten. */
const longestMs = 30_000
/** How long the one before may take to come to its end, so that two do not see each other's packets. */
const clearMs = 2_000

/** Questions that send packets through a rack: one at a time, and a new one ends the last. */
export class Inquiries {
  #current: { abort: AbortController; done: Promise<unknown> } | undefined

  /**
   * @param work ends when its signal aborts
   * @param ends whoever asked is gone, or the rack is
   * @throws VethlabError trace.cancelled, trace.timeout; whatever the work throws
   */
  async run<T>(work: (signal: AbortSignal) => Promise<T>, ...ends: AbortSignal[]): Promise<T> {
    const before = this.#current
    before?.abort.abort()
    const abort = new AbortController()
    const deadline = AbortSignal.timeout(longestMs)
    const signal = AbortSignal.any([abort.signal, deadline, ...ends])
    const begin = async () => {
      if (before) await Promise.race([before.done, sleep(clearMs, undefined, { ref: false })])
      signal.throwIfAborted()
      return await work(signal)
    }
    const done = begin()
    const current = {
      abort,
      done: done.then(
        () => {},
        () => {},
      ),
    }
    this.#current = current
    try {
      return await orAborted(done, signal)
    } catch (error) {
      if (!signal.aborted) throw error
      throw deadline.aborted ? timeout() : cancelled()
    } finally {
      if (this.#current === current) this.#current = undefined
    }
  }

  cancel(): void {
    this.#current?.abort.abort()
  }
}

function cancelled(): VethlabError {
  return new VethlabError('trace.cancelled', 'was ended', { place: 'trace', cure: 'Ask once more.' })
}

function timeout(): VethlabError {
  return new VethlabError('trace.timeout', `no result after ${longestMs / 1000} s`, {
    place: 'trace',
    cure: 'Ask once more.',
  })
}
