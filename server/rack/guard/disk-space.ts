import pMap from 'p-map'
import { logOnce } from '../../error/log-once.js'
import type { Store } from '../store.js'

/** Below so much free space on the machine nobody may write on without end. More than what keeps new racks from being opened. */
const usualTightBytes = 1024 ** 3
/** What a host has written, up to this, does no harm: there are as many hosts as memory allows. */
const leastBytes = 64 * 1024 ** 2

/** Disks that are held at the same time. */
const atOnce = 4

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
      await each(disks, (disk) => (this.held.has(disk.path) ? undefined : this.hold(disk)))
    } else if (this.held.size > 0 && free > 2 * this.tightBytes()) {
      const there = new Set(disks.map(({ path }) => path))
      for (const path of this.held) if (!there.has(path)) this.held.delete(path)
      await each(disks, (disk) => (this.held.has(disk.path) ? this.letGo(disk) : undefined))
    }
  }

  private async letGo({ path, limitBytes }: DiskOfHost): Promise<void> {
    await this.store.limit(path, limitBytes)
    this.held.delete(path)
  }

  private async hold({ path, limitBytes }: DiskOfHost): Promise<void> {
    const written = await this.store.exclusiveBytes(path, { synced: false })
    if (!(written >= leastBytes) || written >= limitBytes) return
    await this.store.limit(path, written)
    this.held.add(path)
  }
}

/** A disk at which something fails, such as that of a host that is closed meanwhile, keeps nobody from the others. */
async function each(
  disks: readonly DiskOfHost[],
  work: (disk: DiskOfHost) => Promise<void> | undefined,
): Promise<void> {
  const said = async (disk: DiskOfHost) => {
    try {
      await work(disk)
    } catch (error) {
      logOnce(error, 'guard')
    }
  }
  await pMap(disks, said, { concurrency: atOnce })
}
