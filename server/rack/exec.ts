import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CommandResult } from '../racks/command-result.js'
import type { ExecOptions } from '../racks/racks.js'
import { CONSOLE_SOCKET, PID_FILE } from '../terminal/handover.js'
import { hostEnvironment } from './bundle.js'
import { machinePath, usualOutputBytes } from './command.js'
import { eye } from './eyes.js'
import type { Host, HostGround } from './host/host.js'
import { limited } from './limited.js'
import { Piped } from './piped.js'
import { identify, signal } from './record.js'

/** From SIGTERM to SIGKILL. */
const graceMs = 500

/** The command that starts a program by `runtime`, which must be told to detach and to write that file, and ends as the program does. */
function waitedFor(pidFile: string, runtime: string[]): [string, ...string[]] {
  return eye('wait-for-program', pidFile, ...runtime)
}

/** Runs `argv` as root of a host on a terminal that is handed over (see ConsoleProcess), and ends as that ends. */
export function terminalCommand(runcRoot: string, host: string, argv: string[], env: Record<string, string>): string[] {
  return waitedFor(
    PID_FILE,
    hostCommand(runcRoot, host, argv, { env, consoleSocket: CONSOLE_SOCKET, pidFile: PID_FILE }),
  )
}

/** The runtime's command line that runs `argv` as root of a host and leaves it to itself. */
function hostCommand(
  runcRoot: string,
  host: string,
  argv: string[],
  { env = {}, consoleSocket, pidFile }: { env?: Record<string, string>; consoleSocket?: string; pidFile: string },
): string[] {
  return limited([
    'runc',
    ...['--root', runcRoot, 'exec', '--cwd', '/root'],
    ...(consoleSocket === undefined ? [] : ['--tty', '--console-socket', consoleSocket]),
    ...['--detach', '--pid-file', pidFile],
    ...Object.entries({ ...hostEnvironment, ...env }).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...[host, ...argv],
  ])
}

/** What a program reads may also come bit by bit. */
type Options = Omit<ExecOptions, 'stdin'> & { stdin?: string | Uint8Array | Readable }

/**
 * Runs a program as root of a host, in its limits and behind its seccomp profile, without a terminal.
 * @returns also for failure and time-out; at time-out the program and its descendants are killed
 */
export async function execInHost(
  ground: HostGround,
  host: Host,
  argv: string[],
  { env, stdin = '', timeoutMs = 30_000, maxOutputBytes = usualOutputBytes, signal: abort }: Options = {},
): Promise<CommandResult> {
  const pidFile = join(host.directory, `exec-${randomBytes(6).toString('hex')}.pid`)
  const runtime = hostCommand(ground.state.runcRoot, host.id, argv, { pidFile, ...(env ? { env } : {}) })
  const [file, ...args] = waitedFor(pidFile, runtime)
  const started = performance.now()
  let timedOut = false
  // Whoever waits ends with the program; if the runtime hangs, it and all that it has started are killed too.
  const kill = () => endTree(pidFile).finally(() => setTimeout(() => void endRuntime(child), 1000).unref())
  const streams = new Piped(maxOutputBytes, () => void kill())
  const environment = { PATH: machinePath, LC_ALL: 'C.UTF-8' }
  const child = streams.handTo((stdio) => spawn(file, args, { stdio, env: environment }), stdin)
  const timer = setTimeout(() => {
    timedOut = true
    void kill()
  }, timeoutMs)
  const aborted = () => void kill()
  if (abort?.aborted) aborted()
  abort?.addEventListener('abort', aborted)
  try {
    const { failure, ...end } = await endOf(child)
    const { truncated, ...said } = await streams.output()
    // A process that outlives the cut of its output would go on unseen.
    if (truncated) await endTree(pidFile)
    return {
      argv,
      ...end,
      timedOut,
      failed: end.exitCode !== 0 || timedOut || truncated,
      truncated,
      durationMs: performance.now() - started,
      stdout: said.stdout,
      stderr: said.stderr || failure,
    }
  } finally {
    clearTimeout(timer)
    abort?.removeEventListener('abort', aborted)
    await rm(pidFile, { force: true })
  }
}

/** @returns how it ended; `failure` where it could not be started */
function endOf(child: ChildProcess): Promise<{ exitCode: number | null; signal: string | null; failure: string }> {
  return new Promise((resolve) => {
    child.once('error', ({ message }) => resolve({ exitCode: null, signal: null, failure: message }))
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal, failure: '' }))
  })
}

/** SIGTERM, then SIGKILL to a process and all that descend from it, wherever they put themselves. */
async function endTree(pidFile: string): Promise<void> {
  const root = Number(await readFile(pidFile, 'utf8').catch(() => ''))
  if (!root) return
  // Taken before the first signal: orphans have another parent.
  const family = [root, ...(await descendants(root))].flatMap((pid) => identify(pid) ?? [])
  for (const process of family) signal(process, 'SIGTERM')
  await sleep(graceMs)
  for (const pid of await descendants(root)) family.push(...[identify(pid) ?? []].flat())
  for (const process of family) signal(process, 'SIGKILL')
}

/**
 * The runtime begins with a process of the machine's root in the host, which a learner can make wait, such as for a pipe in the
 * place of /etc/passwd: it outlives who started it.
 */
async function endRuntime(child: { pid?: number; exitCode: number | null; kill(signal: NodeJS.Signals): boolean }) {
  if (child.pid === undefined || child.exitCode !== null) return
  const family = (await descendants(child.pid)).flatMap((pid) => identify(pid) ?? [])
  child.kill('SIGKILL')
  for (const process of family) signal(process, 'SIGKILL')
}

async function descendants(root: number): Promise<number[]> {
  const parents = new Map<number, number[]>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    if (parent) parents.set(parent, [...(parents.get(parent) ?? []), Number(name)])
  }
  const found: number[] = []
  const visit = (pid: number) => {
    for (const child of parents.get(pid) ?? []) {
      found.push(child)
      visit(child)
    }
  }
  visit(root)
  return found
}
