/** What the terminals of one rack may go on putting out together, in bytes a second. */
export const RACK_BYTES_PER_SECOND = 6 * 1024 ** 2

/** And what they may put out at once after they were quiet: a long listing is not slowed down, printing without end is. */
export const RACK_BURST_BYTES = 64 * 1024 ** 2

/** What each terminal may put out besides, whatever the others do: nobody waits for an echo because another window prints. */
export const OWN_BYTES_PER_SECOND = 128 * 1024

export const OWN_BURST_BYTES = 256 * 1024

/** What a pty gives with one read, in bytes. */
const READ_BYTES = 4 * 1024

/** Who has waited goes on with no less than this much, in bytes, so that it does not stop and go on with every read. */
const PIECE_BYTES = 32 * 1024

/** How often somebody who types is given a piece for the answer, in milliseconds. */
const TYPED_MS = 100

/** A token bucket: it fills with time up to its burst, and may be overdrawn by what has been read already. */
class Bucket {
  readonly #bytesPerMs: number
  readonly #burst: number
  #bytes: number
  #at: number

  constructor(bytesPerSecond: number, burst: number, now: number) {
    this.#bytesPerMs = bytesPerSecond / 1000
    this.#burst = burst
    this.#bytes = burst
    this.#at = now
  }

  /** Bytes that may be put out now; below 0 where more was. */
  at(now: number): number {
    this.#bytes = Math.min(this.#burst, this.#bytes + Math.max(0, now - this.#at) * this.#bytesPerMs)
    this.#at = now
    return this.#bytes
  }

  take(bytes: number, now: number): void {
    this.#bytes = this.at(now) - bytes
  }

  /** Fills it up to so many bytes. */
  fillTo(bytes: number, now: number): void {
    this.#bytes = Math.max(this.at(now), bytes)
  }

  /** Until it has so many bytes, in milliseconds. */
  msUntil(bytes: number, now: number): number {
    return Math.max(0, (bytes - this.at(now)) / this.#bytesPerMs)
  }
}

/**
 * What the terminals of one rack may put out. Each byte costs the server work that is not charged to the rack, so that twelve
 * windows that print without end would slow down everybody else. Times are milliseconds of one clock; it has no timers.
 */
export class OutputAllowance {
  readonly #common: Bucket

  constructor(now: number) {
    this.#common = new Bucket(RACK_BYTES_PER_SECOND, RACK_BURST_BYTES, now)
  }

  /** The part of one terminal. */
  share(now: number): OutputShare {
    return new OutputShare(this.#common, now)
  }
}

export class OutputShare {
  readonly #common: Bucket
  readonly #own: Bucket
  #waits = false
  #typedAt = Number.NEGATIVE_INFINITY

  constructor(common: Bucket, now: number) {
    this.#common = common
    this.#own = new Bucket(OWN_BYTES_PER_SECOND, OWN_BURST_BYTES, now)
  }

  /** Counts what was put out: first against what is the terminal's own. */
  take(bytes: number, now: number): void {
    const own = Math.min(bytes, Math.max(0, this.#own.at(now)))
    this.#own.take(own, now)
    if (own < bytes) this.#common.take(bytes - own, now)
  }

  /** Somebody types: the echo, and what Ctrl-C leaves, need not wait. */
  typed(now: number): void {
    if (now - this.#typedAt < TYPED_MS) return
    this.#typedAt = now
    this.#own.fillTo(PIECE_BYTES, now)
  }

  /** How long the terminal has to wait before it puts out more, in milliseconds; 0 where it may go on. */
  waitMs(now: number): number {
    this.#waits ||= this.#own.at(now) < READ_BYTES && this.#common.at(now) < READ_BYTES
    if (!this.#waits) return 0
    const wait = Math.min(this.#own.msUntil(PIECE_BYTES, now), this.#common.msUntil(PIECE_BYTES, now))
    this.#waits = wait > 0
    return wait
  }
}
