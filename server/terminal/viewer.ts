import type { FlowControl, ViewerPosition } from './flow-control.js'
import type { TerminalExit } from './protocol.js'
import type { Recorder } from './recorder.js'

/**
 * Most bytes of one message. Large enough that messages cost little, small enough that a browser draws while it
 * receives, and that the answer to a request does not wait long behind one.
 */
export const MESSAGE_BYTES = 64 * 1024

/** Where a viewer's events go. All but `onResize` come in the order of the stream. */
export interface ViewerEvents {
  onData(bytes: Uint8Array, offset: number): void
  /** These bytes are off the record, and will never come. */
  onGap(from: number, to: number): void
  onResize(cols: number, rows: number): void
  /** Comes last, after all output. */
  onExit(exit: TerminalExit): void
}

/** One viewer of a terminal: sends it what its window allows, from its own place in the record. */
export class Viewer {
  readonly #events: ViewerEvents
  readonly #recorder: Recorder
  readonly #flow: FlowControl
  readonly #position: ViewerPosition
  #windowFull = false
  #exitSent = false

  constructor(from: number, events: ViewerEvents, recorder: Recorder, flow: FlowControl) {
    this.#events = events
    this.#recorder = recorder
    this.#flow = flow
    this.#position = flow.attach(from)
  }

  /** Sends what may be sent. */
  pump(exit: TerminalExit | undefined): void {
    const position = this.#position
    const recorder = this.#recorder
    this.#windowFull = false
    while (position.sent < recorder.end) {
      if (position.sent < recorder.start) {
        // What is still in flight must be acknowledged first, or the window would no longer add up.
        if (position.acknowledged < position.sent) break
        const from = position.sent
        this.#flow.skip(position, recorder.start)
        this.#events.onGap(from, recorder.start)
      }
      const room = Math.min(this.#flow.window(position), MESSAGE_BYTES)
      if (room === 0) {
        this.#windowFull = true
        break
      }
      const { from, bytes } = recorder.read(position.sent, room)
      position.sent = from + bytes.length
      this.#events.onData(bytes, from)
    }
    if (exit !== undefined && position.sent === recorder.end) this.end(exit)
  }

  /** Takes an acknowledgement; says whether the viewer waited for it. */
  acknowledge(offset: number, now: number): boolean {
    this.#flow.acknowledge(this.#position, offset, now)
    return this.#windowFull || this.#position.sent < this.#recorder.start
  }

  announceSize(cols: number, rows: number): void {
    this.#events.onResize(cols, rows)
  }

  /** Tells the end, once. */
  end(exit: TerminalExit): void {
    if (this.#exitSent) return
    this.#exitSent = true
    this.#events.onExit(exit)
  }

  detach(): void {
    this.#flow.detach(this.#position)
  }
}
