import { logOnce } from '../../error/log-once.js'

/** Changes within so many milliseconds are one view. */
const gapMs = 30

/** Sends views to all who look: at most one each 30 ms, and always the last. */
export class ViewFeed<View> {
  readonly #viewers = new Set<{ onView: (view: View) => void }>()
  #timer: NodeJS.Timeout | undefined
  #sentAt = Number.NEGATIVE_INFINITY

  constructor(private readonly view: () => View) {}

  get watched(): boolean {
    return this.#viewers.size > 0
  }

  /** @returns what ends it */
  subscribe(onView: (view: View) => void): () => void {
    const viewer = { onView }
    this.#viewers.add(viewer)
    return () => {
      this.#viewers.delete(viewer)
    }
  }

  changed(): void {
    if (!this.watched) return
    // Also the first one waits for what is changed in the same breath.
    this.#timer ??= setTimeout(() => this.#send(), Math.max(0, this.#sentAt + gapMs - performance.now()))
  }

  #send(): void {
    this.#timer = undefined
    this.#sentAt = performance.now()
    const view = this.view()
    for (const { onView } of this.#viewers) {
      try {
        onView(view)
      } catch (error) {
        // One viewer's fault is not the others'.
        logOnce(error)
      }
    }
  }

  /** Sends what still waits, then nothing any more. */
  stop(): void {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer)
      this.#send()
    }
    this.#viewers.clear()
  }
}
