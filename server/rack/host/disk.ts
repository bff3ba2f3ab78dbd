import { mkdirSync, rmdirSync, statSync } from 'node:fs'
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Store } from '../store.js'

/**
 * What a host has written: a layer of its own over golden, and its Engine's data. All of it is one subvolume with one
 * quota, a snapshot of golden's fresh disk, or of one to which packs of images were added. Owners of files are ids from 0 on, as the host sees them, so a disk belongs to no
 * slot: it can be kept while nothing runs on it, copied, and booted again.
 */
export class Disk {
  constructor(
    private readonly store: Store,
    /** The host's. */
    readonly id: string,
    /** The golden system that it lies over. It is nothing without that one. */
    readonly golden: string,
    /** The set of packs whose images it begins with. */
    private readonly packs?: string,
  ) {}

  /** Its subvolume. */
  get path(): string {
    return this.store.host(this.id)
  }
  /** What differs from golden; a learner's, but not a place where any path of his may be followed. */
  get upper(): string {
    return join(this.path, 'upper')
  }
  get work(): string {
    return join(this.path, 'work')
  }
  /** What the host has at /var/lib/docker: not in the overlay, since overlayfs can't lie on overlayfs, as the Engine's does. */
  get engineData(): string {
    return join(this.path, 'docker')
  }

  /** @param limitBytes what it may take besides what it shares, metadata included */
  async create(limitBytes: number): Promise<void> {
    const fresh = this.packs === undefined ? this.store.freshDisk(this.golden) : this.store.packSet(this.packs)
    await this.store.snapshot(fresh, this.path, { limitBytes })
  }

  /** Makes it a copy of another disk, as that is now; of one that a host runs on, as if the power had failed. */
  async copyOf(other: Disk, limitBytes: number): Promise<void> {
    await this.store.snapshot(other.path, this.path, { limitBytes })
  }

  /** Makes it ready for a boot: overlayfs wants an empty place to work in. Only while it is not mounted. */
  async prepare(): Promise<void> {
    const used = join(this.work, 'work')
    if ((await stat(used).catch(() => undefined)) !== undefined) await rm(used, { recursive: true, force: true })
  }

  async limit(bytes: number): Promise<void> {
    await this.store.limit(this.path, bytes)
  }

  async remove(): Promise<void> {
    await this.store.remove([this.path])
  }
}

/**
 * Lays out a fresh disk in a subvolume that may have an Engine's data.
 * @param above its own inodes have higher numbers than this, the highest of the system that it will lie over. An overlay of
 *   one file system passes inode numbers on, and two directories of the same number look like a loop to find(1) and rm(1).
 */
export async function layDisk(path: string, above: number): Promise<void> {
  for (const part of ['upper', 'work']) await rm(join(path, part), { recursive: true, force: true })
  // btrfs numbers upwards from the highest there is.
  const numbered = join(path, 'numbered')
  for (let highest = 0; highest <= above; ) {
    mkdirSync(numbered)
    highest = statSync(numbered).ino
    rmdirSync(numbered)
  }
  await mkdir(join(path, 'docker'), { recursive: true, mode: 0o710 })
  await mkdir(join(path, 'upper'), { mode: 0o755 })
  await mkdir(join(path, 'work'), { mode: 0o700 })
}
