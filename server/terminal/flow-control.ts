/**
 * Bytes a viewer may be sent beyond what it acknowledged. It covers the way to a browser and back: with 100 ms there
 * and back, 5 MiB/s still flow, and Ctrl-C never has more than this in front of it.
 */
export const HIGH_BYTES = 512 * 1024

/** A paused pty goes on when the best viewer is this close, in bytes: enough is left to send while the child wakes up. */
export const LOW_BYTES = 256 * 1024

/** A viewer that acknowledges nothing for this long while it is owed bytes no longer holds others up, in milliseconds. */
export const STALL_MS = 5_000

/** The record's slack, in bytes: what is still read when a paused child exits (see DRAIN_BYTES) fits in twice. */
const SLACK_BYTES = 128 * 1024

export interface FlowLimits {
  /** Bytes in flight to one viewer, and bytes the pty may run ahead of the best viewer. */
  high: number
  low: number
  stallMs: number
  /** Bytes the recorder keeps. */
  capacity: number
}

export function flowLimits(capacity: number, stallMs: number = STALL_MS): FlowLimits {
  // A small record must not be outrun by what is merely in flight.
  const high = Math.min(HIGH_BYTES, Math.floor(capacity / 2))
  return { high, low: Math.min(LOW_BYTES, Math.floor(high / 2)), stallMs, capacity }
}

/** Where one viewer is in the stream; all offsets are absolute, times are milliseconds of one clock. */
export interface ViewerPosition {
  sent: number
  acknowledged: number
  /** Since when it has been owed bytes without acknowledging any; undefined when it has all. */
  owedSince: number | undefined
}

/** What the record holds: `start` is the first offset kept. */
export interface RecordBounds {
  start: number
  end: number
}

export interface FlowDecision {
  paused: boolean
  /** When the decision may change although nothing happens: a viewer begins to count as stalled. */
  recheckAt?: number
}

/** Decides who may be sent how much, and when the pty must wait. It has no clock and no timers of its own. */
export class FlowControl {
  readonly #limits: FlowLimits
  readonly #viewers = new Set<ViewerPosition>()
  #paused = false

  constructor(limits: FlowLimits) {
    this.#limits = limits
  }

  attach(from: number): ViewerPosition {
    const viewer: ViewerPosition = { sent: from, acknowledged: from, owedSince: undefined }
    this.#viewers.add(viewer)
    return viewer
  }

  detach(viewer: ViewerPosition): void {
    this.#viewers.delete(viewer)
  }

  /** Bytes that this viewer may be sent now. */
  window(viewer: ViewerPosition): number {
    return Math.max(0, this.#limits.high - (viewer.sent - viewer.acknowledged))
  }

  acknowledge(viewer: ViewerPosition, offset: number, now: number): void {
    const upTo = Math.min(offset, viewer.sent)
    if (upTo <= viewer.acknowledged) return
    viewer.acknowledged = upTo
    viewer.owedSince = now
  }

  /** Moves a viewer over bytes that the record has lost. Only once it has acknowledged all that it was sent. */
  skip(viewer: ViewerPosition, to: number): void {
    viewer.sent = to
    viewer.acknowledged = to
  }

  decide(record: RecordBounds, now: number): FlowDecision {
    const { high, low, stallMs, capacity } = this.#limits
    const slack = Math.min(SLACK_BYTES, Math.floor(capacity / 8))
    const lagLimit = this.#paused ? low : high
    const lossLimit = capacity - (this.#paused ? 2 * slack : slack)
    let live = 0
    let bestLag = Number.POSITIVE_INFINITY
    let worstLag = 0
    let recheckAt = Number.POSITIVE_INFINITY
    for (const viewer of this.#viewers) {
      const lag = record.end - viewer.acknowledged
      viewer.owedSince = lag === 0 ? undefined : (viewer.owedSince ?? now)
      const stallsAt = (viewer.owedSince ?? now) + stallMs
      if (now >= stallsAt) continue
      live++
      recheckAt = Math.min(recheckAt, stallsAt)
      bestLag = Math.min(bestLag, lag)
      // One that has lost bytes already is past saving; it jumps ahead with its next acknowledgement.
      if (viewer.sent >= record.start) worstLag = Math.max(worstLag, lag)
    }
    this.#paused = live > 0 && (bestLag > lagLimit || worstLag > lossLimit)
    return this.#paused ? { paused: true, recheckAt } : { paused: false }
  }
}
