import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { VethlabError } from '../error/vethlab-error.js'
import { traceTablePrefix } from '../network/observation.js'
import { oneLine } from '../wording/one-line.js'
import type { Cgroups } from './cgroup.js'
import { machinePath } from './command.js'
import { eye } from './eyes.js'
import type { Host } from './host/host.js'
import { withNamespaces } from './namespaces.js'

/** Between two calls. */
const pauseMs = 50
/** A namespace that no watched one is told of, such as one without links, is found that late. */
const rescanMs = 2000
/** Between two looks for new namespaces while much is going on. */
const rescanPauseMs = 250
/** The process only has to make room for itself; milliseconds. */
const addMs = 10_000
/** A host may have 96; whatever a kernel allows, no more are listened to. */
const mostNamespaces = 512

/**
 * Calls back when it begins to listen, and then for every change in any network namespace of a host, at most once in 50 ms:
 * links, addresses, routes, rules, permanent neighbours and static forwarding entries, forwarding. What is learnt from
 * traffic is no change. Resolves when `signal` aborts.
 * @throws VethlabError host.unreachable when the host ends
 */
export async function watchHost(
  cgroups: Cgroups,
  host: Host,
  onChange: () => void,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return
  const listening = new Listener(onChange)
  const stop = () => listening.stop()
  signal.addEventListener('abort', stop)
  try {
    for (let first = true; !listening.stopped; first = false) {
      await withNamespaces(cgroups, host, (found) =>
        listening.add(found.slice(0, mostNamespaces).map(({ path }) => path)),
      )
      if (first && !listening.stopped) onChange()
      await listening.news(rescanMs)
    }
    if (!signal.aborted) {
      throw new VethlabError('command.failed', `the watch of its network ended: ${listening.complaints}`, {
        place: host.id,
        cure: 'Run `vethlab doctor`.',
      })
    }
  } catch (error) {
    // Whoever stops it does not care what it met last.
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', stop)
    listening.stop()
    await listening.ended
  }
}

/** The process that listens: eyes/watch-namespaces.pl. */
class Listener {
  readonly ended: Promise<void>
  stopped = false
  complaints = ''
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>
  private heard = ''
  private changed = false
  /** Whether news end the pause. */
  private awaited = false
  private added: (() => void) | undefined
  private wake: (() => void) | undefined

  constructor(private readonly onChange: () => void) {
    const [file, ...argv] = eye('watch-namespaces', `${pauseMs / 1000}`, traceTablePrefix)
    this.child = spawn(file, argv, {
      env: { PATH: machinePath, LC_ALL: 'C.UTF-8' },
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: '/',
    })
    this.child.stdin.on('error', () => {})
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => this.hear(text))
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.complaints = oneLine(`${this.complaints}${text}`, 300)
    })
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => {
        this.complaints = error.message
        this.stop()
        resolve()
      })
      this.child.on('close', () => {
        this.stop()
        resolve()
      })
    })
  }

  /** Resolves when they are listened to, or never will be. */
  async add(paths: string[]): Promise<void> {
    if (this.stopped) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.complaints ||= `no answer within ${addMs} ms`
        this.stop()
      }, addMs)
      this.added = () => {
        clearTimeout(timer)
        resolve()
      }
      this.child.stdin.write(`${paths.join(' ')}\n`)
    })
  }

  /** Waits for a change since the last call, a while at most; and a moment at least, so that a flood costs little. */
  async news(timeoutMs: number): Promise<void> {
    if (!this.changed) await this.pause(timeoutMs, true)
    await this.pause(rescanPauseMs, false)
    this.changed = false
  }

  stop(): void {
    if (this.stopped) return
    this.stopped = true
    this.child.kill('SIGKILL')
    this.added?.()
    this.wake?.()
  }

  private async pause(timeoutMs: number, endsWithNews: boolean): Promise<void> {
    if (this.stopped) return
    this.awaited = endsWithNews
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  private hear(text: string): void {
    const lines = `${this.heard}${text}`.split('\n')
    this.heard = lines.pop()!
    for (const line of lines) {
      if (line === 'added') this.added?.()
      if (line !== 'changed' || this.stopped) continue
      this.changed = true
      if (this.awaited) this.wake?.()
      this.onChange()
    }
  }
}
