import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { VethlabError } from '../error/vethlab-error.js'
import { machinePath } from '../rack/command.js'
import { EngineClient } from '../rack/engine.js'
import type { Store } from '../rack/store.js'

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

/** @returns milliseconds from the start of `dockerd` to its first answer */
export async function timeBareEngine(store: Store, golden: string): Promise<number> {
  const root = store.host(`bare-${randomBytes(4).toString('hex')}`)
  const disk = `${root}-disk`
  const log = join(disk, 'dockerd.log')
  await store.snapshot(store.golden(golden), root)
  await store.snapshot(store.freshDisk(golden), disk)
  const namespaces = ['--mount', '--net', '--pid', '--fork', '--kill-child']
  const child = spawn('unshare', [...namespaces, 'sh', '-c', script, 'sh', root, join(disk, 'docker'), log], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: machinePath },
  })
  const ended = once(child, 'exit')
  try {
    await Promise.race([once(child.stdout, 'data'), ended])
    const started = performance.now()
    const dockerd = await childOf(child.pid!)
    const engine = new EngineClient('bare engine', () => `/proc/${dockerd}/root`)
    while (performance.now() - started < deadlineMs && child.exitCode === null) {
      if (await engine.ping()) return performance.now() - started
      await sleep(5)
    }
    throw new VethlabError('command.failed', 'it gave no answer', { place: 'dockerd', cure: 'Run `vethlab doctor`.' })
  } finally {
    child.kill('SIGKILL')
    await ended
    await removeWhenFree(store, [root, disk])
  }
}

/** unshare waits outside; what it forked is the shell that became dockerd. */
async function childOf(pid: number): Promise<number> {
  return Number((await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')[0])
}

/** Its mounts end with its processes, a moment after the first of them. */
async function removeWhenFree(store: Store, paths: string[]): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await store.remove(paths)
      return
    } catch (error) {
      if (tries === 50) throw error
      await sleep(100)
    }
  }
}
