import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { commandFailed, must, run } from '../command.js'
import { execInHost } from '../exec.js'
import { layDisk } from '../host/disk.js'
import { Host, type HostGround } from '../host/host.js'
import type { HostBase } from '../images/pack-record.js'

/** Of what an Engine keeps, what must differ between hosts, or is rubbish. */
const identityPaths = ['engine-id', 'swarm', 'network', 'runtimes', 'tmp', 'containers']
const limits = { memoryBytes: 4 * 1024 ** 3, diskBytes: 16 * 1024 ** 3, pids: 4096, cpuShares: 1024 }

/**
 * Boots a host that has no network, with room to work.
 * @param work a failure of it ends the host, too
 */
export async function inBuilder(
  ground: HostGround,
  { golden, packs }: HostBase,
  work: (builder: Host) => Promise<void>,
): Promise<void> {
  const builder = await Host.start(ground, golden, 'docker', packs === undefined ? {} : { packs })
  try {
    await builder.settle('setup', 'builder', { hosts: '127.0.0.1 localhost builder\n', resolv: '' }, limits)
    await builder.ready()
    await work(builder)
  } finally {
    await builder.remove()
  }
}

/**
 * Makes a disk that hosts begin with: of that of a host whose own Engine `work` lets change its data.
 * @param target the subvolume; what is there is replaced
 */
export async function bakeDisk(
  ground: HostGround,
  base: HostBase,
  target: string,
  work: (builder: Host) => Promise<void>,
): Promise<void> {
  const { store } = ground
  await inBuilder(ground, base, async (builder) => {
    await work(builder)
    // The Engine writes its store out on SIGTERM; init would start it again.
    const stopped = await execInHost(ground, builder, ['systemctl', 'stop', 'docker'])
    if (stopped.failed) throw commandFailed(stopped)
    await must('btrfs', ['filesystem', 'sync', store.path], { timeoutMs: 120_000 })
    await builder.shutDown()
    await store.remove([target])
    await store.snapshot(builder.disk.path, target)
    for (const path of identityPaths) await rm(join(target, 'docker', path), { recursive: true, force: true })
    await layDisk(target, await highestInode(store.golden(base.golden)))
  })
}

export async function highestInode(root: string): Promise<number> {
  const { stdout } = await run('find', [root, '-xdev', '-printf', '%i\\n'], { maxOutputBytes: 64 * 1024 ** 2 })
  return stdout.split('\n').reduce((highest, inode) => Math.max(highest, Number(inode)), 0)
}
