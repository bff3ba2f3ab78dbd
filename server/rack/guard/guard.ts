import { logOnce } from '../../error/log-once.js'
import type { Cgroups } from '../cgroup.js'
import { run } from '../command.js'
import { eye } from '../eyes.js'
import type { Host } from '../host/host.js'
import { withNamespaces } from '../namespaces.js'
import type { Store } from '../store.js'
import { DiskSpace } from './disk-space.js'
import { type Holding, isShort, readHolding } from './holding.js'
import { type GuardedHost, HostLooks } from './host-looks.js'
import { machineLevels } from './machine-levels.js'

/** Between looks. A fast program takes some hundred MiB in that time. */
const lookMs = 1000
/** Longer than any look waits. */
const measureTimeoutMs = 30_000
/** The program that measures takes a tenth of this for what is nobody's host, and a host's look has at least four times as long. */
const quickMs = 250

export interface HostOfRack extends Omit<GuardedHost, 'host' | 'measure'> {
  host: Host
  diskBytes: number
}

/**
 * Watches what the whole machine has but once: memory of the kernel that no control group counts (packet rings, queues of
 * sockets, fragments, neighbours, connections), pseudo-terminals, open files, entries of neighbour tables. A host that holds more of it than
 * any lesson needs, while it runs short, is ended before the others feel it. Space on the disk is held (see DiskSpace).
 */
export class Guard {
  private readonly disk: DiskSpace
  private readonly looks = new HostLooks(() => this.isQuick())
  private readonly looking = new Set<Promise<void>>()
  private timer: NodeJS.Timeout | undefined
  private diskIsLookedAt = false

  constructor(
    private readonly cgroups: Cgroups,
    store: Store,
    private readonly hosts: () => HostOfRack[],
  ) {
    this.disk = new DiskSpace(store, () =>
      hosts().map(({ host, diskBytes }) => ({ path: host.disk.path, limitBytes: diskBytes })),
    )
  }

  start(): void {
    // What there is before the first rack is nobody's.
    machineLevels()
    this.timer ??= setInterval(() => {
      // Neither waits for the other.
      if (!this.diskIsLookedAt) this.goOn(this.lookAtDisk())
      this.goOn(this.lookAtHosts())
    }, lookMs).unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.timer)
    this.timer = undefined
    await Promise.all(this.looking)
  }

  private goOn(look: Promise<void>): void {
    const going = look.catch((error: unknown) => logOnce(error, 'guard')).finally(() => this.looking.delete(going))
    this.looking.add(going)
  }

  private async lookAtDisk(): Promise<void> {
    this.diskIsLookedAt = true
    try {
      await this.disk.look()
    } finally {
      this.diskIsLookedAt = false
    }
  }

  private async lookAtHosts(): Promise<void> {
    const levels = machineLevels()
    const hosts = this.hosts().map((one) => ({ ...one, measure: (late: AbortSignal) => this.measure(one.host, late) }))
    if (isShort(levels)) await this.looks.look(hosts, levels)
    else this.looks.forget(hosts)
  }

  private async measure(host: Host, late: AbortSignal): Promise<Holding> {
    const pids = await this.cgroups.processes(host.id, late)
    return withNamespaces(this.cgroups, host, async (found) =>
      readHolding(await measured(found.map(({ path }) => path).join(), pids.join(), late)),
    )
  }

  /** Asks the kernel the same of the machine's own namespace, of no process, and of the group above those of all hosts. */
  private async isQuick(): Promise<boolean> {
    const began = performance.now()
    const [lines] = await Promise.all([measured('/proc/self/ns/net', ''), this.cgroups.someProcesses('', 1)])
    return readHolding(lines).counted !== 'late' && performance.now() - began < quickMs
  }
}

/** What the program says of those namespaces, and all that these processes have open; as far as it comes. */
async function measured(paths: string, pids: string, signal?: AbortSignal): Promise<string> {
  const [file, ...args] = eye('measure-namespaces', paths)
  const options = { stdin: pids, timeoutMs: measureTimeoutMs, ...(signal ? { signal } : {}) }
  return (await run(file, args, options)).stdout
}
