import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { VethlabError } from '../error/vethlab-error.js'
import { fromPackage } from '../package-root.js'

/** Set-up is done before; what remains is processes that start. */
const startDeadlineMs = 60_000
const endDeadlineMs = 30_000

/** `vethlab serve`, or `preview`, in a process of its own, on a free port of loopback. */
export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    /** With its token. */
    readonly address: URL,
    private readonly lines: readonly string[],
  ) {}

  /** All that it said on stderr. */
  get said(): string {
    return this.lines.join('\n')
  }

  /** On a free port unless said. @throws VethlabError command.failed with what it said last */
  static start(options: string[] = [], port = 0): Promise<ServerProcess> {
    return ServerProcess.run('serve', ['--port', `${port}`, ...options])
  }

  /** The preview of a lab, on a free port. @throws VethlabError command.failed with what it said last */
  static preview(lab: string): Promise<ServerProcess> {
    return ServerProcess.run('preview', ['--port', '0', lab])
  }

  private static async run(command: string, options: string[]): Promise<ServerProcess> {
    // Whatever ends this process ends the server as Ctrl-C does.
    const argv = ['--pdeathsig', 'INT', process.execPath, fromPackage('dist/main.js'), command]
    const child = spawn('setpriv', [...argv, ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const lines: string[] = []
    createInterface(child.stderr!).on('line', (line) => lines.push(line))
    const address = new Promise<URL>((resolve, reject) => {
      const fail = (what: string) =>
        reject(new VethlabError('command.failed', what, { place: `vethlab ${command}`, cure: 'Start it by hand.' }))
      const timer = setTimeout(
        () => fail(`not ready after ${startDeadlineMs / 1000} s: ${lines.at(-1) ?? ''}`),
        startDeadlineMs,
      )
      createInterface(child.stdout!).on('line', (line) => {
        const found = /https?:\/\/\S+/.exec(line)
        if (!found) return
        clearTimeout(timer)
        resolve(new URL(found[0]))
      })
      child.once('exit', (code) => {
        clearTimeout(timer)
        fail(`ended with ${code}: ${lines.at(-1) ?? ''}`)
      })
    })
    try {
      return new ServerProcess(child, await address, lines)
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    }
  }

  /** Process id of the part that faces the network: the child whose program is the web. */
  get webPid(): number {
    const web = childrenOf(this.child.pid!).find((pid) => commandLine(pid).includes('web-main'))
    if (web === undefined) throw new Error('vethlab serve has no web process')
    return web
  }

  /** Process ids of all that it runs on the machine itself, itself included; programs of racks are not among them. */
  get pids(): number[] {
    const own = namespaceOf(this.child.pid!)
    const below = (pid: number): number[] =>
      namespaceOf(pid) === own ? [pid, ...childrenOf(pid).flatMap((child) => below(child))] : []
    return below(this.child.pid!)
  }

  /** Ends it as a crash does, without a chance to tidy up. */
  kill(): void {
    this.child.kill('SIGKILL')
  }

  /** Ends it as Ctrl-C does. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const ended = once(this.child, 'exit')
    this.child.kill('SIGINT')
    const timer = setTimeout(() => this.child.kill('SIGKILL'), endDeadlineMs)
    await ended
    clearTimeout(timer)
  }
}

/** Resident memory of a process in bytes. @see proc_pid_status(5) */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
}

/** Processor time of processes in milliseconds, with that of their children that have ended. @see proc_pid_stat(5), times */
export function processorMs(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const stat = readOrNothing(`/proc/${pid}/stat`)
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // utime, stime, cutime, cstime; USER_HZ is 100 everywhere.
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  })
  return ticks.reduce((sum, one) => sum + one, 0) * 10
}

/** Also those that a thread other than the first has started. */
function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) => {
    const list = readOrNothing(`/proc/${pid}/task/${thread}/children`)
    return list.trim().split(' ').filter(Boolean).map(Number)
  })
}

/** None of a process that is gone. */
function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function namespaceOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`)
  } catch {
    return ''
  }
}

/** Empty for a process that is gone. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function commandLine(pid: number): string {
  return readOrNothing(`/proc/${pid}/cmdline`)
}
