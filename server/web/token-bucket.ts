/** Lets `burst` through at once, and `perSecond` in the long run. It has no timers. */
export class TokenBucket {
  #left: number
  #at: number

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#left = burst
    this.#at = now()
  }

  /** False when that much is too much now; then nothing is taken. */
  take(count = 1): boolean {
    const now = this.now()
    this.#left = Math.min(this.burst, this.#left + ((now - this.#at) / 1000) * this.perSecond)
    this.#at = now
    if (count > this.#left) return false
    this.#left -= count
    return true
  }
}
