import { constants } from 'node:fs'
import { chmod, mkdir, open, readdir, readFile, rename, statfs, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { VethlabError } from '../error/vethlab-error.js'
import { deleteSubvolume, limitSubvolume, snapshotSubvolume } from '../kernel/btrfs.js'
import { enableSimpleQuotas } from '../kernel/system-calls.js'
import { must, run } from './command.js'
import type { StateDirectory } from './state-directory.js'

const BTRFS_SUPER_MAGIC = 0x9123683e
const GIB = 1024 ** 3
/** Of all hosts together, so that writing it out takes a fraction of a second on any disk; an idle host has next to none. */
const unwrittenBytes = 32 * 1024 ** 2
/** Below this much space under the store, nothing new is begun: a full file system under a loop file loses writes. */
const reserveBytes = GIB / 2

/**
 * Subvolumes on one btrfs file system: the golden systems, which hosts share, and a disk for every host. The state directory is
 * used as it is where it lies on btrfs; elsewhere a sparse loop file holds the file system.
 */
export class Store {
  private constructor(
    private readonly state: StateDirectory,
    readonly path: string,
  ) {}

  /** Mounts it if need be. @throws VethlabError store.unavailable, machine.missing-feature */
  static async open(state: StateDirectory): Promise<Store> {
    return state.locked('store', async () => {
      const store = new Store(state, state.store)
      await mkdir(state.store, { recursive: true, mode: 0o700 })
      const own = (await statfs(state.root)).type === BTRFS_SUPER_MAGIC
      const mounted = (await statfs(state.store)).type === BTRFS_SUPER_MAGIC
      if (!own && !mounted) await store.mountImage()
      await chmod(state.store, 0o700)
      for (const part of ['golden', 'hosts', 'packs'])
        await mkdir(join(state.store, part), { recursive: true, mode: 0o700 })
      // Does nothing where it is enabled already.
      if ((own || !mounted) && !enableSimpleQuotas(state.store)) await run('btrfs', ['quota', 'enable', state.store])
      return store
    })
  }

  private async mountImage(): Promise<void> {
    await requireBtrfs()
    const { storeImage, store } = this.state
    const image = await open(storeImage, constants.O_CREAT | constants.O_RDWR, 0o600)
    try {
      if ((await image.stat()).size === 0) {
        const fs = await statfs(this.state.root)
        // Sparse: it takes what is written. Never larger than what is below it can hold.
        const size = Math.floor(Math.min(fs.bavail * fs.bsize * 0.9, 256 * GIB))
        if (size < 3 * GIB) throw storeFull(this.state.root, fs.bavail * fs.bsize)
        const draft = `${storeImage}.draft`
        const made = await open(draft, 'w', 0o600)
        await made.truncate(size)
        await made.close()
        await must('mkfs.btrfs', ['--quiet', '--force', '--metadata', 'single', draft])
        await rename(draft, storeImage)
      }
    } finally {
      await image.close()
    }
    // The loop device goes with the mount. Devices and set-user-id programs do nothing here, only in a host's own view.
    const result = await run('mount', ['-o', 'loop,noatime,nosuid,nodev', '-t', 'btrfs', storeImage, store])
    if (result.failed) {
      throw new VethlabError('store.unavailable', `can't mount the store: ${result.stderr}`, {
        place: storeImage,
        cure: 'Check it with `btrfs check`, or remove it and run `vethlab setup` again.',
      })
    }
    await this.boundUnwritten()
  }

  /**
   * Whenever a container ends, overlayfs has the whole file system below it written out (ovl_sync_fs), so that every
   * host waits for what any other has yet to write. Two things keep that little: the image is written past the machine's
   * cache, where gigabytes would pile up until a flush, and a writer is held back while `unwrittenBytes` wait (sysfs-class-bdi,
   * since Linux 6.2). A machine that can't do one of them only waits longer.
   */
  private async boundUnwritten(): Promise<void> {
    const shown = (await run('btrfs', ['filesystem', 'show', '--raw', this.state.store])).stdout
    const device = /path (\S+)$/m.exec(shown)?.[1]
    const uuid = /uuid: (\S+)$/m.exec(shown)?.[1]
    if (!device || !uuid) return
    await run('losetup', ['--direct-io=on', device])
    for (const [name, value] of Object.entries({ max_bytes: unwrittenBytes, strict_limit: 1 })) {
      await writeFile(join('/sys/fs/btrfs', uuid, 'bdi', name), `${value}`, { flag: 'r+' }).catch(() => {})
    }
  }

  /** The store if it is there already; nothing is mounted or made. */
  static async openMounted(state: StateDirectory): Promise<Store | undefined> {
    const fs = await statfs(state.store).catch(() => undefined)
    return fs?.type === BTRFS_SUPER_MAGIC ? new Store(state, state.store) : undefined
  }

  /** Unmounts a loop-file store that nobody uses: not while a host is on it, or golden is being built. */
  async closeIfIdle(): Promise<boolean> {
    return this.state.locked('store', async () => {
      if ((await statfs(this.state.root)).type === BTRFS_SUPER_MAGIC) return false
      if ((await statfs(this.state.store)).type !== BTRFS_SUPER_MAGIC) return false
      if ((await this.list('hosts')).length > 0) return false
      // Not lazily, so that it stays while any program has a file open there; the loop device goes with it.
      return !(await run('umount', [this.state.store])).failed
    })
  }

  /** Gives what is free in a loop-file store back to the machine now; by itself the kernel takes up to hours for it. */
  async giveBack(): Promise<void> {
    if ((await statfs(this.state.root)).type !== BTRFS_SUPER_MAGIC) {
      await run('fstrim', [this.path], { timeoutMs: 120_000 })
    }
  }

  /** @throws VethlabError store.full */
  async requireSpace(bytes = reserveBytes): Promise<void> {
    const { path, free } = await this.tightest()
    if (free < bytes) throw storeFull(path, free)
  }

  /** What can still be written: into the store, and under the file that it may lie in. */
  async freeBytes(): Promise<number> {
    return (await this.tightest()).free
  }

  private async tightest(): Promise<{ path: string; free: number }> {
    const places = [this.state.root, this.path].map(async (path) => {
      const fs = await statfs(path)
      return { path, free: fs.bavail * fs.bsize }
    })
    const [below, own] = await Promise.all(places)
    return below!.free < own!.free ? below! : own!
  }

  async createSubvolume(path: string): Promise<void> {
    await must('btrfs', ['subvolume', 'create', path])
  }

  /** A writable copy that shares all blocks, and may add `limitBytes` of its own. */
  async snapshot(source: string, target: string, { limitBytes }: { limitBytes?: number } = {}): Promise<void> {
    // btrfs(8) does the same, and says why it can't.
    if (!(await snapshotSubvolume(source, target))) await this.snapshotOrWhy(source, target)
    if (limitBytes !== undefined) await this.limit(target, limitBytes)
  }

  private async snapshotOrWhy(source: string, target: string): Promise<void> {
    const made = await run('btrfs', ['subvolume', 'snapshot', source, target])
    if (made.failed) {
      if (/no space|quota/i.test(made.stderr)) throw storeFull(this.path, 0)
      throw new VethlabError('store.unavailable', `no snapshot: ${made.stderr}`, {
        place: source,
        cure: 'Run `vethlab setup` if the golden system is missing.',
      })
    }
  }

  /** Bytes that a subvolume may hold besides what it shares; metadata counts too, so inodes are bounded with it. */
  async limit(subvolume: string, bytes: number): Promise<void> {
    if (await limitSubvolume(subvolume, bytes)) return
    // To change the quota of a subvolume through itself takes of that quota, which may be used up.
    const id = (await must('btrfs', ['inspect-internal', 'rootid', subvolume])).trim()
    await must('btrfs', ['qgroup', 'limit', '-e', `${bytes}`, `0/${id}`, this.path])
  }

  /** Removes subvolumes; those that are gone already are fine. Space is freed in the background by the kernel. */
  async remove(subvolumes: string[]): Promise<void> {
    for (const subvolume of subvolumes) {
      if (await deleteSubvolume(subvolume)) continue
      const left = await readdir(subvolume).catch(() => undefined)
      // A learner can't make a subvolume inside (seccomp), so what is left is busy or damaged: btrfs(8) says so.
      if (left) await must('btrfs', ['subvolume', 'delete', subvolume], { timeoutMs: 120_000 })
    }
  }

  /** Removes the quota groups of subvolumes that are gone. */
  async clearStaleQuotas(): Promise<void> {
    const shown = await run('btrfs', ['qgroup', 'show', '--raw', this.path])
    const listed = await run('btrfs', ['subvolume', 'list', '-a', this.path])
    if (shown.failed || listed.failed) return
    const living = new Set([...listed.stdout.matchAll(/^ID (\d+) /gm)].map((match) => match[1]))
    for (const match of shown.stdout.matchAll(/^0\/(\d+)\s/gm)) {
      const id = match[1]!
      if (id !== '5' && !living.has(id)) await run('btrfs', ['qgroup', 'destroy', `0/${id}`, this.path])
    }
  }

  /** Bytes that belong to a subvolume alone, once all is written; or with `synced: false` what has been written of them. */
  async exclusiveBytes(subvolume: string, { synced = true } = {}): Promise<number> {
    if (synced) await must('btrfs', ['filesystem', 'sync', this.path], { timeoutMs: 60_000 })
    const shown = await must('btrfs', ['qgroup', 'show', '-f', '--raw', subvolume])
    const match = /^0\/\d+\s+\d+\s+(\d+)/m.exec(shown)
    return Number(match?.[1] ?? Number.NaN)
  }

  async list(part: 'golden' | 'hosts' | 'packs'): Promise<string[]> {
    return (await readdir(join(this.path, part))).map((name) => join(this.path, part, name))
  }

  golden(name: string): string {
    return join(this.path, 'golden', basename(name))
  }
  /** The disk of a new host of that golden system. */
  freshDisk(golden: string): string {
    return join(this.path, 'golden', `disk-${basename(golden)}`)
  }
  /** Where added images are. */
  get packs(): string {
    return join(this.path, 'packs')
  }
  /** The disk of a new host that has added images. */
  packSet(set: string): string {
    return join(this.packs, basename(set))
  }
  /** A host's own disk. */
  host(id: string): string {
    return join(this.path, 'hosts', basename(id))
  }
}

/** @throws VethlabError machine.missing-feature */
export async function requireBtrfs(): Promise<void> {
  const known = async () => /\bbtrfs$/m.test(await readFile('/proc/filesystems', 'utf8'))
  if (await known()) return
  await run('modprobe', ['btrfs'])
  if (await known()) return
  throw new VethlabError('machine.missing-feature', 'this kernel has no btrfs, on which hosts have their disks', {
    place: 'kernel feature btrfs',
    cure: "Load it with `modprobe btrfs`, or use a kernel that has it, such as Debian's or Ubuntu's own.",
  })
}

function storeFull(path: string, free: number): VethlabError {
  return new VethlabError('store.full', `only ${Math.floor(free / 1024 ** 2)} MiB are free`, {
    place: path,
    cure: 'Free some space there, close racks, or set VETHLAB_STATE to a larger disk.',
  })
}
