/** Nobody works who has not done anything for so long. */
const awayAfterMs = 5 * 60_000
const tickMs = 5_000

export interface UsedTimeOptions {
  /** Milliseconds so far. */
  usedMs: number
  now(): number
  /** Whether someone looks on, and there is something to work at. */
  attended(): boolean
  /** Takes what has come together, every 5 seconds while it counts. */
  record(ms: number): void
  /** It begins or ceases to count. */
  onChange(): void
}

/** Time used: counts while someone looks on who did something in the last five minutes. */
export class UsedTime {
  readonly #options: UsedTimeOptions
  readonly #timer: NodeJS.Timeout
  #usedMs: number
  #unrecorded = 0
  #active: number
  /** From when on nothing has been added yet; undefined while it does not count. */
  #since: number | undefined

  constructor(options: UsedTimeOptions) {
    this.#options = options
    this.#usedMs = options.usedMs
    this.#active = options.now()
    this.#timer = setInterval(() => this.#tick(), tickMs).unref()
  }

  get counting(): boolean {
    return this.#since !== undefined
  }

  get usedMs(): number {
    return this.#usedMs + this.#pending()
  }

  /** Someone did something. */
  touch(): void {
    this.update()
    this.#active = this.#options.now()
    this.update()
  }

  /** Someone came or went, or what there is to work at did. */
  update(): void {
    const { now, attended, onChange } = this.#options
    const before = this.counting
    const ms = this.#pending()
    this.#usedMs += ms
    this.#unrecorded += ms
    this.#since = attended() && now() - this.#active < awayAfterMs ? now() : undefined
    if (this.counting !== before) onChange()
  }

  /** From nothing again; nothing of before is recorded any more. */
  forget(): void {
    this.update()
    this.#usedMs = 0
    this.#unrecorded = 0
    this.#options.onChange()
  }

  flush(): void {
    this.update()
    const ms = Math.round(this.#unrecorded)
    if (ms <= 0) return
    this.#unrecorded -= ms
    this.#options.record(ms)
  }

  /** Records the rest, and ceases to count. */
  stop(): void {
    clearInterval(this.#timer)
    this.flush()
  }

  #pending(): number {
    if (this.#since === undefined) return 0
    return Math.max(0, Math.min(this.#options.now(), this.#active + awayAfterMs) - this.#since)
  }

  #tick(): void {
    this.flush()
  }
}
