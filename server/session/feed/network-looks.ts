/** Changes that come together are one reason to look. */
const debounceMs = 60
/** Looks begin at most this often, whatever happens. */
const gapMs = 250
/**
 * What a look costs this process, it rests so many times as long: everybody's keys wait meanwhile. A usual network costs some
 * milliseconds, one of thousands of links some hundred.
 */
const restTimes = 30
/** And so many times as long as it took: with a busy machine the rest is longer, since everybody's looks together are what keeps it busy. */
const restOfLook = 2
const longestRestMs = 3_000
/** After a command's end the checks look by themselves: only if they do not, it is done here. */
const afterCommandMs = 400
/** After the last change, since programs begin to listen, and addresses become usable, a moment later. */
const followUpsMs = [1_000, 3_000]
/** For what nobody tells of, such as a program that begins to listen: so often, as long as something was done lately. */
const slowMs = 10_000
const livelyMs = 30_000

export interface NetworkLooksOptions {
  /** Captures the network. What was seen is told by `seen`. */
  look(): Promise<unknown>
  /** Since when somebody else has been capturing, in milliseconds since 1970; undefined while nobody does. */
  lookingSince(): number | undefined
  /** Whether a command runs now. */
  isLively(): boolean
  onFailure(error: unknown): void
}

/**
 * Decides when the network is looked at while somebody watches it: after each change, but one look at a time, and none
 * where checks have looked since. Without changes there are none, but for a slow one while commands are typed.
 */
export class NetworkLooks {
  readonly #options: NetworkLooksOptions
  readonly #slow: NodeJS.Timeout
  readonly #followUps: NodeJS.Timeout[] = []
  #timer: NodeJS.Timeout | undefined
  #due = Number.POSITIVE_INFINITY
  /** The last change that no look has begun after, in milliseconds since 1970. */
  #unseen: number | undefined
  #looking = false
  #lastLook = Number.NEGATIVE_INFINITY
  #restMs = 0
  #tookMs = 0
  #lastSign: number
  #stopped = false

  constructor(options: NetworkLooksOptions) {
    this.#options = options
    this.#lastSign = performance.now()
    this.#slow = setInterval(() => this.#lookSlowly(), slowMs).unref()
    this.#want(0)
  }

  /** Something has changed, as the kernel or an Engine says. */
  changed(): void {
    this.#lastSign = performance.now()
    this.#want(debounceMs)
    for (const timer of this.#followUps.splice(0)) clearTimeout(timer)
    this.#followUps.push(...followUpsMs.map((ms) => setTimeout(() => this.#want(0), ms).unref()))
  }

  /** A command has ended. */
  commandEnded(): void {
    this.#lastSign = performance.now()
    this.#want(afterCommandMs)
  }

  /** Something was typed. */
  touched(): void {
    this.#lastSign = performance.now()
  }

  /** A capture has come, whoever wanted it, that began at that time, and for so long nothing else was done than to draw it. */
  seen(beganAt: number, costMs = 0): void {
    this.#restMs = costMs * restTimes
    if (this.#unseen === undefined || beganAt < this.#unseen) return
    this.#unseen = undefined
    this.#disarm()
  }

  stop(): void {
    this.#stopped = true
    this.#disarm()
    clearInterval(this.#slow)
    for (const timer of this.#followUps) clearTimeout(timer)
  }

  #lookSlowly(): void {
    if (this.#options.isLively() || performance.now() - this.#lastSign <= livelyMs) this.#want(0)
  }

  #want(afterMs: number): void {
    if (this.#stopped) return
    this.#unseen = Date.now()
    this.#arm(afterMs)
  }

  #arm(afterMs: number): void {
    if (this.#looking) return
    const now = performance.now()
    const due = Math.max(
      now + afterMs,
      this.#lastLook + Math.max(gapMs, this.#restMs, this.#tookMs + Math.min(longestRestMs, restOfLook * this.#tookMs)),
    )
    if (due >= this.#due) return
    this.#disarm()
    this.#due = due
    this.#timer = setTimeout(() => this.#go(), due - now).unref()
  }

  #disarm(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#due = Number.POSITIVE_INFINITY
  }

  #go(): void {
    this.#disarm()
    if (this.#unseen === undefined || this.#looking) return
    const since = this.#options.lookingSince()
    // Somebody's look that began after the change will tell; should it fail, there is this one.
    if (since !== undefined && since >= this.#unseen) this.#arm(gapMs)
    else void this.#look()
  }

  async #look(): Promise<void> {
    this.#looking = true
    this.#lastLook = performance.now()
    const began = Date.now()
    let failed = false
    try {
      await this.#options.look()
    } catch (error) {
      failed = true
      if (!this.#stopped) this.#options.onFailure(error)
    }
    this.#looking = false
    this.#tookMs = performance.now() - this.#lastLook
    if (this.#stopped) return
    // What came meanwhile is looked at; after a failure there is no hurry.
    if (failed) this.#arm(followUpsMs[0]!)
    else if (this.#unseen !== undefined && this.#unseen > began) this.#arm(debounceMs)
    else this.#unseen = undefined
  }
}
