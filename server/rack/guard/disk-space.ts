import type { Store } from '../store.js'

/** Below so much free space on the machine nobody may write on without end. More than what keeps new racks from being opened. */
const usualTightBytes = 1024 ** 3
/** What a host has written, up to this, does no harm: there are as many hosts as memory allows. */
const leastBytes = 64 * 1024 ** 2

export interface DiskOfHost {
  /** Its subvolume. */
  path: string
  limitBytes: number
}

/**
 * Quotas of hosts may add up to more than the machine has. While its disk is nearly full, each host that has written much may write
 * no more: it gets EDQUOT, where a full disk below the store's file would lose the writes of all. Once there is space again, each
 * has its quota back.
 */
export class DiskSpace {
  private readonly held = new Set<string>()

  constructor(
    private readonly store: Pick<Store, 'freeBytes' | 'exclusiveBytes' | 'limit'>,
    private readonly disks: () => DiskOfHost[],
    private readonly tightBytes: () => number = () => usualTightBytes,
  ) {}

  async look(): Promise<void> {
    const free = await this.store.freeBytes()
    const disks = this.disks()
    if (free < this.tightBytes()) {
      for (const disk of disks) if (!this.held.has(disk.path)) await this.hold(disk)
    } else if (this.held.size > 0 && free > 2 * this.tightBytes()) {
      for (const { path, limitBytes } of disks) if (this.held.has(path)) await this.store.limit(path, limitBytes)
      this.held.clear()
    }
  }

  private async hold({ path, limitBytes }: DiskOfHost): Promise<void> {
    const written = await this.store.exclusiveBytes(path, { synced: false })
    if (!(written >= leastBytes) || written >= limitBytes) return
    this.held.add(path)
    await this.store.limit(path, written)
  }
}
