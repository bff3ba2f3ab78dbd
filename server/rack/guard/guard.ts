import { readdirSync } from 'node:fs'
import { logOnce } from '../../error/log-once.js'
import type { HostEnd } from '../../racks/racks.js'
import type { Cgroups } from '../cgroup.js'
import { run } from '../command.js'
import { eye } from '../eyes.js'
import type { Host } from '../host/host.js'
import { linkOf } from '../link-of.js'
import { withNamespaces } from '../namespaces.js'
import type { Store } from '../store.js'
import { DiskSpace } from './disk-space.js'
import { type Level, type MachineLevels, machineLevels } from './machine-levels.js'

/** Between looks. A fast program takes some hundred MiB in that time. */
const lookMs = 1000
/** From so much of a level on it is looked who has it. */
const high = 0.5
/** Of the memory that a host may have: so much of the kernel's on top of it is nobody's need. */
const memoryShare = 0.5
const leastMemoryBytes = 64 * 1024 ** 2
/** Of what all share, one host may have this part. */
const fairShare = 0.25
const measureTimeoutMs = 5000

export interface GuardedHost {
  host: Host
  memoryBytes: number
  diskBytes: number
  /** Ends the host, and says why. */
  end(why: HostEnd): Promise<void>
}

/** What one host has of what all share. */
export interface Holding {
  memory: number
  terminals: number
  files: number
  neighbours: number
}

/**
 * Watches what the whole machine has but once: memory of the kernel that no control group counts (packet rings, queues of
 * sockets, fragments, neighbours, connections), pseudo-terminals, open files, entries of neighbour tables. A host that holds more of it than
 * any lesson needs, while it runs short, is ended before the others feel it. Space on the disk is held (see DiskSpace).
 */
export class Guard {
  private readonly disk: DiskSpace
  private timer: NodeJS.Timeout | undefined
  private looking: Promise<void> | undefined

  constructor(
    private readonly cgroups: Cgroups,
    store: Store,
    private readonly hosts: () => GuardedHost[],
  ) {
    this.disk = new DiskSpace(store, () =>
      hosts().map(({ host, diskBytes }) => ({ path: host.disk.path, limitBytes: diskBytes })),
    )
  }

  start(): void {
    // What there is before the first rack is nobody's.
    machineLevels()
    this.timer ??= setInterval(() => {
      this.looking ??= this.look()
        .catch(logOnce)
        .finally(() => {
          this.looking = undefined
        })
    }, lookMs).unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.timer)
    this.timer = undefined
    await this.looking
  }

  private async look(): Promise<void> {
    await this.disk.look()
    const levels = machineLevels()
    if (!Object.values(levels).some(isHigh)) return
    for (const guarded of this.hosts()) {
      if (!guarded.host.alive) continue
      const why = tooMuch(await this.holdingOf(guarded.host), levels, guarded.memoryBytes)
      if (why) await guarded.end(why)
    }
  }

  private async holdingOf(host: Host): Promise<Holding> {
    const pids = await this.cgroups.processes(host.id)
    return withNamespaces(this.cgroups, host, async (found) => {
      const paths = found.map(({ path }) => path)
      const [file, ...args] = eye('measure-namespaces', paths.join(), pids.join())
      const { stdout } = await run(file, args, { timeoutMs: measureTimeoutMs })
      const [memory = 0, neighbours = 0] = stdout.split(' ').map(Number)
      return { memory, neighbours, ...openBy(pids) }
    })
  }
}

/** Which of what is short one host has too much of. Pure. */
export function tooMuch(holding: Holding, levels: MachineLevels, memoryBytes: number): HostEnd | undefined {
  const { memory, terminals, files, neighbours } = levels
  if (isHigh(memory) && holding.memory > Math.max(leastMemoryBytes, memoryBytes * memoryShare)) return 'kernel-memory'
  if (isHigh(terminals) && holding.terminals > terminals.most * fairShare) return 'terminals'
  if (isHigh(files) && holding.files > files.most * fairShare) return 'files'
  if (isHigh(neighbours) && holding.neighbours > neighbours.most * fairShare) return 'neighbours'
  return undefined
}

function isHigh({ used, most }: Level): boolean {
  return used > most * high
}

/** Files that processes have open, and which of them are masters of pseudo-terminals (pts(4)). */
function openBy(pids: readonly number[]): { files: number; terminals: number } {
  const count = { files: 0, terminals: 0 }
  for (const pid of pids) {
    for (const fd of listed(`/proc/${pid}/fd`)) {
      count.files++
      if (linkOf(`/proc/${pid}/fd/${fd}`).endsWith('/ptmx')) count.terminals++
    }
  }
  return count
}

/** Empty once the process has ended. */
function listed(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
