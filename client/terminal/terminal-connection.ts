import { signal } from '@preact/signals'
import type { TerminalBytes } from '../../server/protocol/protocol.js'
import { requestOver, type ServerSocket } from '../state/request.js'
import { TerminalInput } from './terminal-input.js'

/** Acknowledged at the latest with this much on the screen, in bytes, or this long after it was, in milliseconds. */
const acknowledgeBytes = 16 * 1024
const acknowledgeMs = 20

/** Between attempts to attach, in milliseconds: first, and at most. */
const firstRetryMs = 100
const lastRetryMs = 5_000

const encoder = new TextEncoder()

/** Where output goes, in order; each `done` is called once its part has been dealt with. */
export interface Screen {
  write(bytes: Uint8Array, done: () => void): void
  /** So many bytes are off the record. */
  gap(count: number, done: () => void): void
  /** The size that the terminal has now, for all who watch it. */
  resize(cols: number, rows: number): void
}

/** One's own terminal by its session, or somebody else's: by the look that is given into it, or `shown` to the class. */
export type ConnectedTerminal = ({ session: string } | { look: string } | { shown: true }) & {
  socket: ServerSocket
  terminal: string
  screen: Screen
  /** What was typed may not have arrived. */
  onLost?(): void
}

/**
 * A window's end of one terminal: all of its output exactly once, over any number of connections. It knows no DOM and no
 * emulator.
 */
export class TerminalConnection {
  /** `attaching` also while the connection is away. */
  readonly state = signal<'attaching' | 'live'>('attaching')
  readonly exited = signal(false)
  /** It is live, and shows all that was put out before. */
  readonly caughtUp = signal(false)
  readonly input: TerminalInput
  readonly #options: ConnectedTerminal
  readonly #listeners: [string, (...values: never[]) => void][]
  /** Bytes before that offset have been handed to the screen, or never come. */
  #received = 0
  /** Bytes before that offset are dealt with. */
  #processed = 0
  #acknowledged = 0
  #replayTo = Number.POSITIVE_INFINITY
  #attempt = 0
  #retryMs = firstRetryMs
  #retryTimer: ReturnType<typeof setTimeout> | undefined
  #acknowledgeTimer: ReturnType<typeof setTimeout> | undefined
  /** What comes before the answer to `attach`: whether it belongs to that is known only then. */
  #early: (() => void)[] | undefined
  #takingEarly = false
  #disposed = false

  constructor(options: ConnectedTerminal) {
    this.#options = options
    const { socket, terminal } = options
    this.input = new TerminalInput({ socket, terminal, ready: () => this.ready, onLost: options.onLost ?? (() => {}) })
    const own =
      <A extends unknown[]>(handle: (...values: A) => void) =>
      (id: string, ...values: A) => {
        if (id === terminal) handle(...values)
      }
    this.#listeners = [
      ['connect', () => this.#attach()],
      ['disconnect', () => this.#away()],
      ['terminal.data', own((offset: number, bytes: TerminalBytes) => this.#inTime(() => this.#onData(offset, bytes)))],
      ['terminal.gap', own((from: number, to: number) => this.#inTime(() => this.#onGap(from, to)))],
      ['terminal.resized', own((cols: number, rows: number) => this.#inTime(() => options.screen.resize(cols, rows)))],
      ['terminal.exit', own(() => this.#inTime(() => this.#onExit()))],
      ['terminal.lost', own(() => this.#attachLater())],
    ]
    for (const [name, listener] of this.#listeners) socket.on(name as 'connect', listener as () => void)
    this.#attach()
  }

  /** Bytes handed to the screen so far. */
  get received(): number {
    return this.#received
  }

  /**
   * What is on its way to the screen was put out before, and answered then. The emulator answers it again: no such answer may
   * be sent, or the program that reads now would take it for something typed.
   */
  get replaying(): boolean {
    return this.#processed < this.#replayTo
  }

  /** Whether what is typed now is sent. */
  get ready(): boolean {
    return this.state.peek() === 'live' && !this.replaying && !this.exited.peek()
  }

  /** Asks for a size; the screen is told once the terminal has it. */
  resize(cols: number, rows: number): void {
    const { socket, terminal } = this.#options
    if (this.state.peek() === 'live') void requestOver(socket, 'terminal.resize', { terminal, cols, rows })
  }

  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    const { socket, terminal } = this.#options
    for (const [name, listener] of this.#listeners) socket.off(name as 'connect', listener as () => void)
    clearTimeout(this.#retryTimer)
    clearTimeout(this.#acknowledgeTimer)
    this.input.cancelPaste()
    if (socket.connected) void requestOver(socket, 'terminal.detach', { terminal })
  }

  async #attach(): Promise<void> {
    const { socket, terminal, screen } = this.#options
    clearTimeout(this.#retryTimer)
    this.#retryTimer = undefined
    if (this.#disposed || !socket.connected) return
    const attempt = ++this.#attempt
    this.state.value = 'attaching'
    this.caughtUp.value = false
    this.#early = []
    const asked = { terminal, fromOffset: this.#received }
    const answered = await this.#asked(asked)
    if (attempt !== this.#attempt || this.#disposed) return
    const early = this.#early
    this.#early = undefined
    if (!answered.ok) {
      // A terminal that is gone leaves the session's view, and this goes with it.
      this.#attachLater()
      return
    }
    const { replayTo, cols, rows } = answered.value
    this.#replayTo = replayTo
    this.#acknowledged = this.#received
    this.state.value = 'live'
    screen.resize(cols, rows)
    this.#takingEarly = true
    for (const event of early) event()
    this.#takingEarly = false
    this.#reached(this.#processed)
  }

  #asked(asked: { terminal: string; fromOffset: number }) {
    const { socket } = this.#options
    if ('look' in this.#options) return requestOver(socket, 'look.attach', { look: this.#options.look, ...asked })
    if ('shown' in this.#options) return requestOver(socket, 'share.attach', asked)
    return requestOver(socket, 'terminal.attach', { session: this.#options.session, ...asked })
  }

  #attachLater(): void {
    if (this.#disposed || this.#retryTimer !== undefined) return
    this.#away()
    this.#retryTimer = setTimeout(() => this.#attach(), this.#retryMs)
    this.#retryMs = Math.min(2 * this.#retryMs, lastRetryMs)
  }

  /** Whatever still comes over this attachment is not wanted: the next one starts from what was received. */
  #away(): void {
    this.#attempt++
    this.#early = undefined
    this.state.value = 'attaching'
    this.caughtUp.value = false
  }

  #inTime(event: () => void): void {
    if (this.state.peek() === 'live') event()
    else this.#early?.push(event)
  }

  #onData(offset: number, data: TerminalBytes | ArrayBuffer): void {
    // socket.io gives a browser ArrayBuffers.
    const bytes =
      typeof data === 'string' ? encoder.encode(data) : data instanceof ArrayBuffer ? new Uint8Array(data) : data
    if (offset > this.#received) {
      // Of the attachment before; else the next bytes show it again.
      if (this.#takingEarly) return
      // Something between was lost without a word: from here again.
      const { socket, terminal } = this.#options
      void requestOver(socket, 'terminal.detach', { terminal })
      this.#attachLater()
      return
    }
    const from = this.#received
    const fresh = bytes.subarray(from - offset)
    if (fresh.length === 0) return
    this.#retryMs = firstRetryMs
    this.#received = from + fresh.length
    // In two parts where the replay ends within, so that answers to what follows are sent.
    const replayed = Math.min(Math.max(this.#replayTo - from, 0), fresh.length)
    for (const [part, end] of [
      [fresh.subarray(0, replayed), from + replayed],
      [fresh.subarray(replayed), this.#received],
    ] as const) {
      if (part.length > 0) this.#options.screen.write(part, () => this.#reached(end))
    }
  }

  #onGap(from: number, to: number): void {
    if (to <= this.#received) return
    const lost = to - Math.max(from, this.#received)
    this.#received = to
    this.#options.screen.gap(lost, () => this.#reached(to))
  }

  #onExit(): void {
    this.exited.value = true
    this.input.cancelPaste()
  }

  #reached(offset: number): void {
    this.#processed = Math.max(this.#processed, offset)
    if (this.#disposed || this.state.peek() !== 'live') return
    this.caughtUp.value = !this.replaying
    if (this.#processed - this.#acknowledged >= acknowledgeBytes) this.#acknowledge()
    else if (this.#processed > this.#acknowledged) {
      this.#acknowledgeTimer ??= setTimeout(() => this.#acknowledge(), acknowledgeMs)
    }
  }

  #acknowledge(): void {
    clearTimeout(this.#acknowledgeTimer)
    this.#acknowledgeTimer = undefined
    const { socket, terminal } = this.#options
    // socket.io would keep it for the next connection, where it means nothing.
    if (this.state.peek() !== 'live' || !socket.connected || this.#processed <= this.#acknowledged) return
    this.#acknowledged = this.#processed
    socket.emit('terminal.acknowledge', terminal, this.#processed)
  }
}
