import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { VethlabError } from '../error/vethlab-error.js'
import { fromPackage } from '../package-root.js'
import { type Told, type WebOptions, WebReport } from '../web/web-options.js'
import { oneLine } from '../wording/one-line.js'
import { portTaken } from './free-port.js'

/** Also of the rackd that it waits for. */
const startMs = 70_000
const endMs = 5_000
/** So many starts within a minute, then it is given up. */
const mostStarts = 5
const minuteMs = 60_000
/** Characters. */
const longestLine = 4096
const firstPauseMs = 50

/**
 * What the web process may still do as root: take its port, read a checkout that is another user's, and become its own user.
 * All of it is gone with that.
 */
const firstCapabilities = '-all,+setuid,+setgid,+net_bind_service,+dac_read_search'

/** The process that faces the network, started again whenever it dies; racks and shells live elsewhere. */
export class WebProcess {
  #child: ChildProcess | undefined
  #stopping = false
  /** What was told last of each lab, for one that is started again. */
  readonly #told = new Map<string, string>()
  readonly #starts: number[] = []

  private readonly options: WebOptions

  constructor(
    options: WebOptions,
    /** Called once when it can't be kept alive. */
    private readonly onGivenUp: (error: VethlabError) => void,
  ) {
    this.options = { ...options }
  }

  /** Resolves when it serves. @throws VethlabError serve.port-taken, serve.failed */
  async start(): Promise<void> {
    await this.#start()
  }

  /** The real one, also where 0 was asked for. */
  get port(): number {
    return this.options.port
  }

  /** Tells it how a lab is now. */
  tell(told: Told): void {
    const line = `${JSON.stringify(told)}\n`
    this.#told.set('id' in told ? told.id : '', line)
    if (this.#child && !hasEnded(this.#child)) this.#child.stdin?.write(line)
  }

  /** Asks it to end, and waits until it has. */
  async stop(): Promise<void> {
    this.#stopping = true
    const child = this.#child
    if (!child || hasEnded(child)) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), endMs)
    await ended
    clearTimeout(timer)
  }

  async #start(): Promise<void> {
    this.#starts.push(Date.now())
    const { PATH, LANG, VETHLAB_DEBUG } = process.env
    const child = spawn(
      'setpriv',
      [
        '--no-new-privs',
        `--bounding-set=${firstCapabilities}`,
        '--',
        process.execPath,
        // Output that passes through is garbage at once: a small nursery keeps memory flat, and pauses short. In MiB.
        '--max-semi-space-size=2',
        fromPackage('dist/web/web-main.js'),
      ],
      {
        // Out of reach of our terminal, into which it could type as if it were us (TIOCSTI): a session of its own, and pipes. The
        // end of its stdin is how it learns that we are gone.
        detached: true,
        stdio: ['pipe', 'pipe', 'pipe'],
        cwd: '/',
        env: { PATH, LANG, VETHLAB_DEBUG, NODE_ENV: 'production' },
      },
    )
    this.#child = child
    eachLine(child.stderr, (line) => process.stderr.write(`${oneLine(line)}\n`))
    const report = await new Promise<WebReport | string>((resolve) => {
      const timer = setTimeout(() => resolve(`no sign of life within ${startMs / 1000} s`), startMs)
      const settle = (what: WebReport | string) => {
        clearTimeout(timer)
        resolve(what)
      }
      child.once('error', (error) => settle(error.message))
      eachLine(child.stdout, (line) => settle(reportIn(line)))
      child.once('exit', (code, signal) => settle(`it ended with ${signal ?? code}`))
      child.stdin.on('error', (error) => settle(error.message))
      child.stdin.write(`${JSON.stringify(this.options)}\n`)
      for (const line of this.#told.values()) child.stdin.write(line)
    })
    if (typeof report === 'string') {
      child.kill('SIGKILL')
      throw new VethlabError('serve.failed', report, { place: 'web process', cure: 'See the lines above.' })
    }
    if ('failed' in report) {
      const { what, place, cure, taken } = report.failed
      if (!taken) throw new VethlabError('serve.failed', what, { place, cure })
      throw portTaken(this.options.host, this.options.port)
    }
    // From the second time on it is the same one: browsers come back to it.
    this.options.port = report.ready.port
    child.once('exit', (code, signal) => {
      if (!this.#stopping) void this.#restart(`${signal ?? `exit code ${code}`}`)
    })
    if (hasEnded(child) && !this.#stopping) void this.#restart('itself')
  }

  async #restart(why: string): Promise<void> {
    let reason = why
    while (!this.#stopping) {
      const recent = this.#starts.filter((at) => Date.now() - at < minuteMs).length
      if (recent >= mostStarts) {
        this.onGivenUp(
          new VethlabError('serve.failed', `it ended ${recent} times within a minute, last by ${reason}`, {
            place: 'web process',
            cure: 'See the lines above; racks and shells go on, and the next start finds them.',
          }),
        )
        return
      }
      process.stderr.write(`the web process was ended by ${reason}; it is started again\n`)
      await sleep(firstPauseMs * 2 ** (recent - 1))
      if (this.#stopping) return
      try {
        await this.#start()
        return
      } catch (error) {
        reason = (error as Error).message
      }
    }
  }
}

/** It faces the network, so nothing that it says is taken on trust. */
function reportIn(line: string): WebReport | string {
  try {
    return WebReport.parse(JSON.parse(line))
  } catch {
    return 'it spoke in riddles'
  }
}

/** Lines as they come; of one that is too long the beginning. */
function eachLine(stream: Readable, onLine: (line: string) => void): void {
  let line = ''
  stream.setEncoding('utf8').on('data', (text: string) => {
    const [rest = '', ...more] = text.split('\n')
    line = (line + rest).slice(0, longestLine)
    for (const next of more) {
      onLine(line)
      line = next.slice(0, longestLine)
    }
  })
  stream.on('error', () => {})
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}
