import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import type { CommandResult } from '../racks/command-result.js'
import { CONSOLE_SOCKET, PID_FILE } from '../terminal/handover.js'
import { hostEnvironment } from './bundle.js'
import { type CommandOptions, commandOptions, toResult } from './command.js'
import { eye } from './eyes.js'
import type { Host, HostGround } from './host/host.js'
import { limited } from './limited.js'
import { identify, signal } from './record.js'

/** Output that a program's own children hold open is waited for this long after its end. */
const drainMs = 200
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

/**
 * Runs a program as root of a host, in its limits and behind its seccomp profile, without a terminal.
 * @returns also for failure and time-out; at time-out the program and its descendants are killed
 */
export async function execInHost(
  ground: HostGround,
  host: Host,
  argv: string[],
  { env, timeoutMs = 30_000, ...options }: CommandOptions = {},
): Promise<CommandResult> {
  const pidFile = join(host.directory, `exec-${randomBytes(6).toString('hex')}.pid`)
  const runtime = hostCommand(ground.state.runcRoot, host.id, argv, { pidFile, ...(env ? { env } : {}) })
  const [file, ...args] = waitedFor(pidFile, runtime)
  const child = execa(file, args, commandOptions({ ...options, timeoutMs: 0 }))
  const started = performance.now()
  let timedOut = false
  const kill = () => endTree(pidFile)
  const timer = setTimeout(() => {
    timedOut = true
    // Whoever waits ends with the program; if the runtime hangs, it and all that it has started are killed too.
    kill().finally(() => setTimeout(() => void endRuntime(child), 1000).unref())
  }, timeoutMs)
  const aborted = () => void kill()
  options.signal?.addEventListener('abort', aborted)
  // A daemon that it left behind may keep the pipes open for ever.
  let end: { exitCode: number | null; signal: string | null } | undefined
  child.once('exit', (exitCode, signal) => {
    end = { exitCode, signal }
    setTimeout(() => {
      child.stdout?.destroy()
      child.stderr?.destroy()
    }, drainMs).unref()
  })
  try {
    const result = toResult(argv, await child)
    // A process that outlives the cut of its output would go on unseen.
    if (result.truncated) await kill()
    const failed = end?.exitCode !== 0 || timedOut || result.truncated
    return { ...result, ...end, timedOut, failed, durationMs: performance.now() - started }
  } finally {
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', aborted)
    await rm(pidFile, { force: true })
  }
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
