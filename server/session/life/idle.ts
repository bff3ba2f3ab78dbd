export interface IdleOptions {
  idleMs: number
  /** So long before the end it is announced. */
  warningMs: number
  /** Milliseconds since 1970. */
  now(): number
  /** `closesAt` came or went. */
  onChange(): void
  onIdle(): void
}

/** Counts from the last sign of someone: announces the end first, then says that it has come. */
export class IdleClock {
  readonly #options: IdleOptions
  #last: number
  #warned = false
  #timer: NodeJS.Timeout | undefined
  #stopped = true

  constructor(options: IdleOptions) {
    this.#options = options
    this.#last = options.now()
  }

  start(): void {
    this.#stopped = false
    this.#last = this.#options.now()
    this.#arm()
  }

  /** Someone is there. */
  touch(): void {
    this.#last = this.#options.now()
    if (!this.#warned || this.#stopped) return
    this.#warned = false
    this.#arm()
    this.#options.onChange()
  }

  /** When the end comes if nobody is there any more; undefined while it does not run. */
  get endsAt(): number | undefined {
    return this.#stopped ? undefined : this.#last + this.#options.idleMs
  }

  /** The same, once it has been announced. */
  get closesAt(): number | undefined {
    return this.#warned ? this.endsAt : undefined
  }

  stop(): void {
    this.#stopped = true
    this.#warned = false
    clearTimeout(this.#timer)
  }

  /** A touch moves no timer, since there may be many a second: the timer looks when it is due. */
  #arm(): void {
    clearTimeout(this.#timer)
    const { idleMs, warningMs, now } = this.#options
    const due = this.#last + idleMs - (this.#warned ? 0 : Math.min(warningMs, idleMs))
    this.#timer = setTimeout(() => this.#look(), Math.max(0, due - now())).unref()
  }

  #look(): void {
    const { idleMs, warningMs, now, onChange, onIdle } = this.#options
    const left = this.#last + idleMs - now()
    if (this.#warned && left <= 0) {
      this.stop()
      onIdle()
      return
    }
    if (!this.#warned && left <= warningMs) {
      this.#warned = true
      onChange()
    }
    this.#arm()
  }
}
