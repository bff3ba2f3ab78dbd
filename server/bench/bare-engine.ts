import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { VethlabError } from '../error/vethlab-error.js'
import { machinePath } from '../rack/command.js'
import { EngineClient } from '../rack/engine.js'
import { Host, type HostGround } from '../rack/host/host.js'
import { proportionalMiB } from './memory.js'

/**
 * The yardstick: golden's own `dockerd`, as real root, in a plain network namespace, with nothing else of a lab host.
 * `$1` is the root of its file system, `$2` the Engine's data, `$3` its log. The line it prints is the moment before dockerd begins.
 */
const script = [
  'mount --bind "$1" "$1" && cd "$1"',
  'mount --bind "$2" var/lib/docker',
  'mount -t proc proc proc && mount --rbind /sys sys && mount --rbind /dev dev && mount -t tmpfs tmpfs run',
  'echo && exec chroot . dockerd > "$3" 2>&1',
].join(' && ')

const deadlineMs = 60_000

export interface BareEngine {
  /** From the start of `dockerd` to its first answer. */
  readyMs: number
  /** Of it and its containerd, `settleMs` later. */
  pssMiB: number
}

/** Starts it, looks, and ends it. @throws VethlabError command.failed, with its own last words */
export async function measureBareEngine(ground: HostGround, golden: string, settleMs: number): Promise<BareEngine> {
  const { store } = ground
  // Recorded as hosts: a sweep by any other process of this state directory removes what nobody answers for.
  const [system, data] = [await Host.reserve(ground, golden, 'plain'), await Host.reserve(ground, golden, 'plain')]
  try {
    await store.snapshot(store.golden(golden), system.disk.path)
    await store.snapshot(store.freshDisk(golden), data.disk.path)
    return await whileItRuns(system.disk.path, data.disk.engineData, join(data.directory, 'dockerd.log'), settleMs)
  } finally {
    for (const host of [system, data]) await removeWhenFree(host)
  }
}

async function whileItRuns(root: string, data: string, log: string, settleMs: number): Promise<BareEngine> {
  const namespaces = ['--mount', '--net', '--pid', '--fork', '--kill-child']
  const argv = ['--pdeathsig', 'KILL', 'unshare', ...namespaces, 'sh', '-c', script, 'sh', root, data, log]
  const child = spawn('setpriv', argv, { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: machinePath } })
  const ended = once(child, 'exit')
  try {
    await Promise.race([once(child.stdout, 'data'), ended])
    const started = performance.now()
    const dockerd = await firstChildOf(child.pid!)
    const engine = new EngineClient('bare engine', () => `/proc/${dockerd}/root`)
    while (performance.now() - started < deadlineMs && child.exitCode === null && child.signalCode === null) {
      if (!(await engine.ping())) {
        await sleep(5)
        continue
      }
      const readyMs = performance.now() - started
      await sleep(settleMs)
      return { readyMs, pssMiB: await proportionalMiB([dockerd, ...(await childrenOf(dockerd))]) }
    }
    throw await silence(log, performance.now() - started)
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

async function silence(log: string, afterMs: number): Promise<VethlabError> {
  const said = (await readFile(log, 'utf8').catch(() => '')).trim().split('\n').slice(-3).join(' ')
  return new VethlabError('command.failed', `it gave no answer within ${Math.round(afterMs)} ms: ${said}`, {
    place: 'dockerd',
    cure: 'Run `vethlab doctor`.',
  })
}

/** unshare waits outside; what it forked is the shell that became dockerd. */
async function firstChildOf(pid: number): Promise<number> {
  const [child] = await childrenOf(pid)
  return child ?? Number.NaN
}

/** Of all its threads (proc_pid_task(5), `children`). */
async function childrenOf(pid: number): Promise<number[]> {
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => [])
  const lists = tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => ''))
  return (await Promise.all(lists)).flatMap((list) =>
    list
      .split(' ')
      .filter((word) => word.trim() !== '')
      .map(Number),
  )
}

/** Its mounts end with its processes, a moment after the first of them. */
async function removeWhenFree(host: Host): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await host.remove()
      return
    } catch (error) {
      if (tries === 50) throw error
      await sleep(100)
    }
  }
}
