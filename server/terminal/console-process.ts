import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { oneLine } from '../wording/one-line.js'
import { CONSOLE_SOCKET, PID_FILE } from './handover.js'
import { PtyMaster } from './pty-master.js'
import { killGroup, type Pty, type PtyCommand, type PtyListener } from './pty-process.js'
import { receiveDescriptor } from './received-descriptor.js'

/** A container runtime needs some 40 ms; on a machine that swaps, seconds. */
const HANDOVER_MS = 20_000
/** Of what the command says when it fails, in bytes. */
const MOST_WORDS = 4096
/** As a shell says "can't be run". */
const FAILED = 126

/**
 * A program on a terminal that a container runtime makes and hands over (OCI runtimes, `--console-socket`): between the
 * program and this process is the kernel alone, where a runtime that stays copies every byte once more.
 *
 * The command starts the program, writes its number to PID_FILE, and ends when the program ends, with its exit code.
 */
export class ConsoleProcess implements Pty {
  readonly #listener: PtyListener
  readonly #pidFile: string
  readonly #abort = new AbortController()
  readonly #child: ChildProcess
  #master: PtyMaster | undefined
  #size: { cols: number; rows: number }
  #paused = false
  #exited = false
  #words = ''

  /** @param directory nobody but root can look into it: whoever connects to the socket chooses the terminal */
  constructor({ argv, env, cwd, cols, rows }: PtyCommand, directory: string, listener: PtyListener) {
    this.#listener = listener
    this.#size = { cols, rows }
    const name = join(directory, `c-${randomBytes(4).toString('hex')}`)
    const socket = `${name}.s`
    this.#pidFile = `${name}.p`
    const handedOver = receiveDescriptor(socket, HANDOVER_MS, this.#abort.signal)
    const [file = '', ...args] = argv.map((part) =>
      part === CONSOLE_SOCKET ? socket : part === PID_FILE ? this.#pidFile : part,
    )
    this.#child = spawn(file, args, { env, cwd, stdio: ['ignore', 'ignore', 'pipe'], detached: true })
    this.#child.stderr?.on('data', (bytes: Buffer) => {
      this.#words = (this.#words + bytes.toString('utf8')).slice(0, MOST_WORDS)
    })
    this.#child.once('error', (error) => {
      this.#words = error.message
      this.#onExit(FAILED, null)
    })
    this.#child.once('exit', (code, signal) => this.#onExit(code, signal))
    handedOver.then((fd) => this.#take(fd)).catch(() => this.kill('SIGKILL'))
  }

  pause(): void {
    this.#paused = true
    this.#master?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#master?.resume()
  }

  /** Before the terminal is there nothing is taken; whoever types tries again. */
  write(bytes: Uint8Array): number {
    return this.#master?.write(bytes) ?? (this.#exited ? bytes.length : 0)
  }

  resize(cols: number, rows: number): void {
    this.#size = { cols, rows }
    this.#master?.resize(cols, rows)
  }

  get takesPaste(): boolean {
    return this.#master?.takesPaste ?? this.#exited
  }

  endPaste(): void {
    this.#master?.endPaste()
  }

  get interruptFlushesInput(): boolean {
    return this.#master?.interruptFlushesInput ?? false
  }

  discardInput(options: { waiting: boolean }): void {
    this.#master?.discardInput(options)
  }

  /** Also the command, where the program has not begun yet. */
  kill(signal: NodeJS.Signals): void {
    if (this.#exited) return
    const pid = this.#programPid()
    if (pid !== undefined) killGroup(pid, signal)
    // It ends with the program, and must live to tell how that ended.
    else if (this.#child.pid !== undefined) killGroup(this.#child.pid, signal)
  }

  #take(fd: number | undefined): void {
    if (fd === undefined) {
      if (!this.#exited) this.kill('SIGKILL')
      return
    }
    // The runtime opens it within the container, where a learner may have put something else in its place.
    if (!isPtyMaster(fd)) {
      closeSync(fd)
      this.kill('SIGKILL')
      return
    }
    this.#master = new PtyMaster(fd, (bytes) => this.#listener.onOutput(bytes))
    this.#master.resize(this.#size.cols, this.#size.rows)
    if (this.#paused) this.#master.pause()
    // A program may be over before its terminal arrives.
    if (this.#exited) this.#master.end()
  }

  #programPid(): number | undefined {
    try {
      const pid = Number(readFileSync(this.#pidFile, 'utf8'))
      return Number.isInteger(pid) && pid > 1 ? pid : undefined
    } catch {
      return undefined
    }
  }

  #onExit(code: number | null, signal: string | null): void {
    if (this.#exited) return
    this.#exited = true
    this.#abort.abort()
    if (this.#master) this.#master.end()
    else if (this.#words !== '') this.#listener.onOutput(Buffer.from(`${oneLine(this.#words)}\r\n`))
    rmSync(this.#pidFile, { force: true })
    this.#listener.onExit({ exitCode: code, signal })
  }
}

/** Whether it is the kernel's own: /dev/ptmx is character device 5, 2 wherever it is (pts(4)), and no learner can make another. */
function isPtyMaster(fd: number): boolean {
  const file = fstatSync(fd)
  return file.isCharacterDevice() && file.rdev === ((5 << 8) | 2)
}
