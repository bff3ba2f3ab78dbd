import { constants } from 'node:os'
import type { TerminalExit } from './protocol.js'
import { addon, PtyMaster } from './pty-master.js'
import type { InputSink } from './terminal-input.js'

export interface PtyCommand {
  argv: readonly string[]
  /** The whole environment, nothing is inherited. */
  env: Record<string, string>
  cwd: string
  cols: number
  rows: number
}

export interface PtyListener {
  /** The bytes are valid only during the call. */
  onOutput(bytes: Uint8Array): void
  /** Called once, after the last output. */
  onExit(exit: TerminalExit): void
}

/** A program on a pty. */
export interface Pty extends InputSink, Pick<PtyMaster, 'pause' | 'resume' | 'resize'> {
  /** Signals the program and its process group; nothing once it has been reaped. */
  kill(signal: NodeJS.Signals): void
}

/** A child process on a pty of this machine. */
export class PtyProcess implements Pty {
  readonly pid: number
  readonly #master: PtyMaster
  #listener: PtyListener
  #exited = false

  constructor(command: PtyCommand, listener: PtyListener) {
    const { argv, env, cwd, cols, rows } = command
    const [file = '', ...args] = argv
    const environment = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    const child = addon.fork(file, args, environment, cwd, cols, rows, -1, -1, true, '', (code, signal) =>
      this.#onExit(code, signal),
    )
    this.pid = child.pid
    this.#listener = listener
    try {
      this.#master = new PtyMaster(child.fd, (bytes) => this.#listener.onOutput(bytes))
    } catch (error) {
      this.#listener = { onOutput() {}, onExit() {} }
      this.kill('SIGKILL')
      throw error
    }
  }

  pause(): void {
    this.#master.pause()
  }

  resume(): void {
    this.#master.resume()
  }

  write(bytes: Uint8Array): number {
    return this.#master.write(bytes)
  }

  resize(cols: number, rows: number): void {
    this.#master.resize(cols, rows)
  }

  get takesPaste(): boolean {
    return this.#master.takesPaste
  }

  endPaste(): void {
    this.#master.endPaste()
  }

  get interruptFlushesInput(): boolean {
    return this.#master.interruptFlushesInput
  }

  discardInput(options: { waiting: boolean }): void {
    this.#master.discardInput(options)
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#exited) killGroup(this.pid, signal)
  }

  #onExit(code: number, signal: number): void {
    this.#exited = true
    this.#master?.end()
    this.#listener.onExit(signal === 0 ? { exitCode: code, signal: null } : { exitCode: null, signal: nameOf(signal) })
  }
}

/** Signals a process and its group, as far as they are there. */
export function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // The group exists once the child has come to setsid(), microseconds after the fork.
    try {
      process.kill(pid, signal)
    } catch {
      // Gone already.
    }
  }
}

function nameOf(signal: number): string {
  const entry = Object.entries(constants.signals).find(([, number]) => number === signal)
  return entry?.[0] ?? `signal ${signal}`
}
