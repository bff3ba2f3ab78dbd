import { VethlabError } from '../error/vethlab-error.js'
import { commandLines } from './command-lines.js'
import { ConsoleProcess } from './console-process.js'
import { FlowControl, flowLimits, STALL_MS } from './flow-control.js'
import type { OutputAllowance, OutputShare } from './output-allowance.js'
import type { TerminalExit, TerminalInfo } from './protocol.js'
import { type Pty, PtyProcess } from './pty-process.js'
import { RECORDER_BYTES, Recorder } from './recorder.js'
import { type EndedCommand, ShellMarks } from './shell-marks.js'
import { TerminalInput } from './terminal-input.js'
import { typedCommand } from './typed-command.js'
import { Viewer, type ViewerEvents } from './viewer.js'

/**
 * How long output is gathered once some has just been sent, in milliseconds: a quarter of a screen refresh, so it is
 * not seen, while a program that prints line by line costs a message every 4 ms and not one a line.
 */
const GATHER_MS = 4

/** Gathering ends early with this much, in bytes: a full message. */
const GATHER_BYTES = 64 * 1024

/** Dragging a window's edge gives a size every few milliseconds; programs redraw for each that they are told. */
const RESIZE_MS = 25

/** How long a program may take to end after SIGHUP before it is killed, in milliseconds. */
const CLOSE_GRACE_MS = 1_000

/** How long to wait for a killed program to be gone, in milliseconds; one stuck in the kernel is left behind. */
const KILL_GRACE_MS = 1_000

/** What Ctrl-C types, and the exit code of what it ends: 128 and SIGINT. */
const INTERRUPT = 0x03
const BROKEN_OFF = 130

export interface TerminalOptions {
  id: string
  host: string
  argv: readonly string[]
  env: Record<string, string>
  cwd: string
  /** Where the program's terminal is handed over, if its command does that; see ConsoleProcess. */
  handover?: string
  cols: number
  rows: number
  recorderBytes?: number
  /** See STALL_MS. */
  stallMs?: number
  /** Shared with the rack's other terminals; none, and it may put out what it likes. */
  allowance?: OutputAllowance
  /** Its prompt, size or exit is another than before. */
  onChange?(): void
  /** A command of its shell has begun or ended; without a text where the shell does not tell it. */
  onCommandStart?(text: string | undefined): void
  onCommandEnd?(command: EndedCommand): void
}

/** A program on a pty, its record, and those who watch it. */
export class Terminal {
  readonly id: string
  readonly host: string
  readonly #recorder: Recorder
  readonly #flow: FlowControl
  readonly #share: OutputShare | undefined
  readonly #pty: Pty
  readonly #input: TerminalInput
  readonly #marks: ShellMarks
  readonly #onChange: () => void
  readonly #viewers = new Set<Viewer>()
  readonly #exitWaiters = new Set<() => void>()
  #size: { cols: number; rows: number }
  #nextSize: { cols: number; rows: number } | undefined
  #resizeTimer: NodeJS.Timeout | undefined
  #gatherTimer: NodeJS.Timeout | undefined
  #flowTimer: NodeJS.Timeout | undefined
  #lastFlush = 0
  #flushedTo = 0
  #paused = false
  /** Something may stand on the line of the prompt. */
  #typed = false
  /** Commands of a text that is run, each to be entered once the one before it has ended. */
  #toEnter: string[] = []
  #exit: TerminalExit | undefined

  constructor(options: TerminalOptions) {
    const { id, host, cols, rows, recorderBytes = RECORDER_BYTES, stallMs = STALL_MS } = options
    const { onChange = () => {}, onCommandStart = () => {}, onCommandEnd = () => {} } = options
    this.id = id
    this.host = host
    this.#size = { cols, rows }
    this.#recorder = new Recorder(recorderBytes)
    this.#flow = new FlowControl(flowLimits(recorderBytes, stallMs))
    this.#share = options.allowance?.share(performance.now())
    this.#onChange = onChange
    this.#marks = new ShellMarks({
      onPrompt: () => {
        if (!this.#enterNext()) onChange()
      },
      onNewPrompt: () => (this.#typed = false),
      onCommandStart,
      onCommandEnd: (command) => {
        // Whoever breaks off one command does not want those behind it.
        if (command.exitCode === BROKEN_OFF) this.#toEnter = []
        onCommandEnd(command)
      },
    })
    const listener = {
      onOutput: (bytes: Uint8Array) => this.#onOutput(bytes),
      onExit: (exit: TerminalExit) => this.#onExit(exit),
    }
    const { handover } = options
    this.#pty =
      handover === undefined ? new PtyProcess(options, listener) : new ConsoleProcess(options, handover, listener)
    this.#input = new TerminalInput(this.#pty, `terminal ${id}`)
  }

  get info(): TerminalInfo {
    return {
      id: this.id,
      host: this.host,
      ...this.#size,
      startOffset: this.#recorder.start,
      endOffset: this.#recorder.end,
      atPrompt: this.#marks.atPrompt,
      ...(this.#exit === undefined ? {} : { exited: this.#exit }),
    }
  }

  /** The command that its shell runs now. */
  get running(): { text: string | undefined } | undefined {
    return this.#marks.running
  }

  /** Adds a viewer that has all bytes before `fromOffset`, or none. Its first event comes after this turn. */
  attach(events: ViewerEvents, fromOffset: number = this.#recorder.start): Viewer {
    if (fromOffset > this.#recorder.end) {
      throw new VethlabError('argument.invalid', `the terminal has put out ${this.#recorder.end} bytes so far`, {
        place: 'attach.fromOffset',
        cure: 'Attach from an offset that was received from this terminal.',
      })
    }
    const viewer = new Viewer(fromOffset, events, this.#recorder, this.#flow)
    this.#viewers.add(viewer)
    setImmediate(() => {
      if (this.#viewers.has(viewer)) this.#pump(viewer)
    })
    return viewer
  }

  detach(viewer: Viewer): void {
    this.#viewers.delete(viewer)
    viewer.detach()
    this.#regulate()
  }

  acknowledge(viewer: Viewer, offset: number): void {
    if (viewer.acknowledge(offset, performance.now())) viewer.pump(this.#exit)
    this.#regulate()
  }

  /** Types; after exit it has no effect. Throws when too much waits already. */
  write(bytes: Uint8Array): void {
    if (bytes.includes(INTERRUPT)) this.#toEnter = []
    this.#input.push(bytes)
    this.#typed = true
    if (this.#share) {
      this.#share.typed(performance.now())
      this.#regulate()
    }
    // The echo is what a learner waits for: it is not gathered.
    this.#lastFlush = 0
  }

  /**
   * Types commands and Enter: each when the one before it has ended, so that its output stands behind it.
   * @throws VethlabError terminal.busy, argument.invalid
   */
  run(text: string): void {
    if (!this.#marks.atPrompt) {
      throw new VethlabError('terminal.busy', 'no prompt waits for a command', {
        place: `terminal ${this.id}`,
        cure: 'End the program that runs there, or use another terminal.',
      })
    }
    const commands = commandLines(text)
    // All of it is looked at before any of it is typed.
    for (const command of commands) typedCommand(command, { bracketedPaste: true, clearLine: false })
    this.#toEnter = commands
    this.#enterNext()
  }

  /** @returns whether there was one */
  #enterNext(): boolean {
    if (!this.#marks.atPrompt) return false
    const command = this.#toEnter.shift()
    if (command === undefined) return false
    const { bracketedPaste } = this.#marks
    this.write(typedCommand(command, { bracketedPaste, clearLine: this.#typed }))
    this.#marks.entered()
    return true
  }

  /** Changes the size shortly, to the last one asked for by then. */
  resize(cols: number, rows: number): void {
    this.#nextSize = { cols, rows }
    this.#resizeTimer ??= setTimeout(() => this.#applySize(), RESIZE_MS)
  }

  /** Ends the program, and tells all viewers. Resolves when it is gone. */
  async close(): Promise<void> {
    for (const [signal, graceMs] of [
      ['SIGHUP', CLOSE_GRACE_MS],
      ['SIGKILL', KILL_GRACE_MS],
    ] as const) {
      if (this.#exit !== undefined) break
      this.#pty.kill(signal)
      await this.#exited(graceMs)
    }
    const exit = this.#exit ?? { exitCode: null, signal: 'SIGKILL' }
    for (const viewer of this.#viewers) {
      viewer.pump(exit)
      viewer.end(exit)
    }
    clearTimeout(this.#flowTimer)
    this.#viewers.clear()
  }

  #exited(timeoutMs: number): Promise<void> {
    if (this.#exit !== undefined) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#exitWaiters.delete(done)
        resolve()
      }
      const timer = setTimeout(done, timeoutMs)
      this.#exitWaiters.add(done)
    })
  }

  #onOutput(bytes: Uint8Array): void {
    this.#recorder.append(bytes)
    this.#share?.take(bytes.length, performance.now())
    this.#marks.feed(bytes)
    this.#regulate()
    const gathered = this.#recorder.end - this.#flushedTo
    const sinceFlush = performance.now() - this.#lastFlush
    if (gathered >= GATHER_BYTES || sinceFlush >= GATHER_MS) this.#flush()
    else this.#gatherTimer ??= setTimeout(() => this.#flush(), GATHER_MS - sinceFlush)
  }

  #flush(): void {
    clearTimeout(this.#gatherTimer)
    this.#gatherTimer = undefined
    this.#lastFlush = performance.now()
    this.#flushedTo = this.#recorder.end
    for (const viewer of this.#viewers) viewer.pump(this.#exit)
  }

  #pump(viewer: Viewer): void {
    viewer.pump(this.#exit)
    this.#regulate()
  }

  #regulate(): void {
    if (this.#exit !== undefined) return
    const now = performance.now()
    const flow = this.#flow.decide(this.#recorder, now)
    const waitMs = this.#share?.waitMs(now) ?? 0
    const paused = flow.paused || waitMs > 0
    clearTimeout(this.#flowTimer)
    // While it waits for its allowance nothing else may happen that would have it looked at again.
    const recheckAt = waitMs > 0 ? Math.min(now + waitMs, flow.recheckAt ?? Number.POSITIVE_INFINITY) : flow.recheckAt
    if (recheckAt !== undefined) this.#flowTimer = setTimeout(() => this.#regulate(), Math.max(1, recheckAt - now))
    if (paused === this.#paused) return
    this.#paused = paused
    if (paused) this.#pty.pause()
    else this.#pty.resume()
  }

  #applySize(): void {
    this.#resizeTimer = undefined
    const next = this.#nextSize
    if (next === undefined || this.#exit !== undefined) return
    if (next.cols === this.#size.cols && next.rows === this.#size.rows) return
    this.#pty.resize(next.cols, next.rows)
    this.#size = next
    for (const viewer of this.#viewers) viewer.announceSize(next.cols, next.rows)
    this.#onChange()
  }

  #onExit(exit: TerminalExit): void {
    this.#exit = exit
    this.#input.stop()
    clearTimeout(this.#flowTimer)
    clearTimeout(this.#resizeTimer)
    this.#flush()
    this.#marks.exited()
    this.#onChange()
    for (const done of [...this.#exitWaiters]) done()
  }
}
