import { existsSync } from 'node:fs'
import { chown, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { logOnce } from '../error/log-once.js'
import { messageOf } from '../error/message-of.js'
import { VethlabError } from '../error/vethlab-error.js'
import { cgroupMode } from '../machine/cgroup.js'
import type { HostLimits } from '../racks/topology.js'
import { processesIn, removeGroups, visitGroups } from './cgroup-tree.js'

const mountPoint = '/sys/fs/cgroup'

/** Longest wait for all processes of a host to stop: one that waits for a disk does so only then. */
const freezeMs = 2000

/**
 * Above the limit that the host's user namespace keeps, so that a fork fails there first; see makeUserNamespaces(). What
 * is counted here alone is a program of ours on its way into the host.
 */
const spareProcesses = 64

/**
 * More groups than hundreds of containers need, and deeper ones than an Engine within an Engine. v2 bounds them; on v1 a capture
 * looks through so many and says that there are more.
 */
export const mostGroups = 2048
const deepestGroup = 32

/**
 * What the server itself runs, its looks into hosts included, weighs against all racks together: it gets four parts of five where
 * both want all of the processors, and what it leaves is the racks'. In shares of cgroup v1, where a group has 1024 unless told.
 */
const serverShares = 4096

/**
 * Control groups of hosts: `<mark>/<host>` carries the limits and belongs to root; `<mark>/<host>/guest` below it is the
 * host's own, to divide among its containers as it likes. Works on v1 (every mounted controller) and v2.
 */
export class Cgroups {
  private constructor(
    private readonly mode: 'v1' | 'v2',
    /** Directory of each hierarchy, such as /sys/fs/cgroup/memory. One on v2. */
    private readonly hierarchies: string[],
    private readonly mark: string,
  ) {}

  static async open(mark: string): Promise<Cgroups> {
    const mode = await cgroupMode()
    if (mode === 'v2') {
      const cgroups = new Cgroups(mode, [mountPoint], mark)
      await cgroups.handDown(mountPoint)
      return cgroups
    }
    const mounts = await readFile('/proc/self/mounts', 'utf8')
    const hierarchies = [...mounts.matchAll(/^\S+ (\/sys\/fs\/cgroup\/\S+) cgroup2? /gm)].map((match) => match[1]!)
    return new Cgroups(mode, hierarchies, mark)
  }

  /** On v2 a group's children have only the controllers that it hands down. */
  private async handDown(directory: string): Promise<void> {
    const available = (await readFile(join(directory, 'cgroup.controllers'), 'utf8')).trim().split(' ')
    for (const controller of ['cpu', 'memory', 'pids', 'cpuset', 'io'].filter((name) => available.includes(name))) {
      await writeFile(join(directory, 'cgroup.subtree_control'), `+${controller}`).catch(() => {})
    }
  }

  /** The path for the runtime's bundle. */
  guestPath(host: string): string {
    return `/${this.mark}/${host}/guest`
  }

  /** Makes both groups, with limits on the outer and the inner given to `uid`. */
  async create(host: string, limits: HostLimits, uid: number): Promise<void> {
    await Promise.all(
      this.hierarchies.map(async (hierarchy) => {
        const outer = join(hierarchy, this.mark, host)
        const guest = join(outer, 'guest')
        await mkdir(guest, { recursive: true })
        if (hierarchy.endsWith('/cpuset')) await this.inheritCpus([join(hierarchy, this.mark), outer, guest])
        if (this.mode === 'v2') {
          // A sweep removes the mark's group whenever it is empty, so each host hands down to itself.
          await this.handDown(join(hierarchy, this.mark))
          await this.handDown(outer)
          await writeFile(join(outer, 'cgroup.max.descendants'), `${mostGroups}`)
          await writeFile(join(outer, 'cgroup.max.depth'), `${deepestGroup}`)
        }
        // cgroups(7), "cgroup delegation": the directory and the files that move tasks and controllers, and no other.
        const files = ['.', 'cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control', 'tasks']
        await Promise.all(files.map((file) => chown(join(guest, file), uid, uid).catch(ignoreMissing)))
      }),
    )
    await this.limit(host, limits)
  }

  /** On v1 a cpuset without processors and memory nodes holds no process. */
  private async inheritCpus(directories: string[]): Promise<void> {
    for (const directory of directories) {
      for (const file of ['cpuset.cpus', 'cpuset.mems']) {
        const own = join(directory, file)
        if ((await readFile(own, 'utf8')).trim() === '') {
          await writeFile(own, await readFile(join(directory, '..', file), 'utf8'))
        }
      }
    }
  }

  /**
   * Takes this process, and what it will start, into a group beside that of all racks, so that racks that want all of the processors
   * do not slow down the server. A program that is started in a host leaves it for the host's. Where the machine
   * does not let us, racks work all the same.
   */
  async joinServer(): Promise<void> {
    const [file, weight] = weightOf(this.mode, serverShares)
    // On v1 it is one hierarchy's alone, however the machine calls that.
    const hierarchy = this.hierarchies.find((path) => this.mode === 'v2' || existsSync(join(path, file)))
    if (hierarchy === undefined) return
    const group = join(hierarchy, this.serverName)
    try {
      await mkdir(group, { recursive: true })
      await writeFile(join(group, file), `${weight}`, { flag: 'r+' })
      await writeFile(join(group, 'cgroup.procs'), `${process.pid}`, { flag: 'r+' })
    } catch (error) {
      // Another process of ours may be in it.
      await rmdir(group).catch(() => {})
      // On v2 the machine may hand no weights down.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') logOnce(error)
    }
  }

  private get serverName(): string {
    return `${this.mark}-server`
  }

  async limit(host: string, limits: HostLimits): Promise<void> {
    const write = (file: string, value: string | number) =>
      Promise.all(
        this.hierarchies.map((hierarchy) =>
          writeFile(join(hierarchy, this.mark, host, file), `${value}`, { flag: 'r+' }).catch(ignoreMissing),
        ),
      )
    if (this.mode === 'v2') {
      await write('memory.max', limits.memoryBytes)
      await write('memory.swap.max', 0)
    } else {
      // Memory with swap can't be below memory: widen, set, narrow.
      await write('memory.memsw.limit_in_bytes', -1)
      await write('memory.limit_in_bytes', limits.memoryBytes)
      await write('memory.memsw.limit_in_bytes', limits.memoryBytes)
    }
    await write(...weightOf(this.mode, limits.cpuShares))
    await write('pids.max', limits.pids + spareProcesses)
  }

  /** Where a process is written to by which it enters the group of its own. */
  taskFiles(host: string): string[] {
    return this.hierarchies.map((hierarchy) => join(hierarchy, this.mark, host, 'guest', 'cgroup.procs'))
  }

  /** How many processes the kernel has ended because the group's memory was used up. */
  async memoryKills(host: string): Promise<number> {
    const kills = await Promise.all(
      this.hierarchies.flatMap((hierarchy) =>
        ['', 'guest'].flatMap((group) =>
          // v2 counts in the first, v1 in the second; see cgroup-v2 and memcg_test of the kernel's documentation.
          ['memory.events', 'memory.oom_control'].map(async (file) => {
            const text = await readFile(join(hierarchy, this.mark, host, group, file), 'utf8').catch(() => '')
            return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0)
          }),
        ),
      ),
    )
    return Math.max(0, ...kills)
  }

  /** Processes of a host as the machine numbers them, those in its containers included. Rejects once `signal` says so. */
  async processes(host: string, signal?: AbortSignal): Promise<number[]> {
    return (await this.someProcesses(host, Number.POSITIVE_INFINITY, signal)).pids
  }

  /** The same of so many groups; `whole` says whether that was all. */
  async someProcesses(
    host: string,
    mostGroups: number,
    signal?: AbortSignal,
  ): Promise<{ pids: number[]; whole: boolean }> {
    const tree = this.hierarchies.find((path) => path.endsWith('/pids')) ?? this.hierarchies[0]!
    const pids: number[] = []
    const visit = async (group: string) => {
      signal?.throwIfAborted()
      pids.push(...(await processesIn(group)))
    }
    return { whole: await visitGroups(join(tree, this.mark, host), visit, mostGroups), pids }
  }

  /**
   * Ends all processes of a host, those that outlived its init or are frozen, too, and waits until they have gone.
   * @returns those that have not
   */
  async endAll(host: string, deadlineMs = 10_000): Promise<number[]> {
    for (const until = Date.now() + deadlineMs; ; await sleep(10)) {
      const pids = await this.processes(host)
      if (pids.length === 0 || Date.now() > until) return pids
      for (const pid of pids) killAtOnce(pid)
      await this.thaw(host)
    }
  }

  /**
   * Does something while no process of these hosts runs: also not one in a group that its learner has made, or taken itself to, since what
   * is frozen is the group above, which is root's. Whoever is killed meanwhile leaves them frozen, until `letGo`.
   * @throws VethlabError rack.not-still where one of them does not stop, and what `work` throws
   */
  async whileFrozen<T>(hosts: readonly string[], work: () => Promise<T>): Promise<T> {
    try {
      // All of them have begun before any is let go of.
      const outcomes = await Promise.allSettled(hosts.map((host) => this.freeze(host)))
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
      return await work()
    } finally {
      await Promise.all(hosts.map((host) => this.letGo(host)))
    }
  }

  private async freeze(host: string): Promise<void> {
    const notStill = (what: string) =>
      new VethlabError('rack.not-still', what, { place: host, cure: 'Try it again, or reset the host.' })
    const { file, on, state, isOn } = this.freezerOf(host)
    try {
      await writeFile(file, on, { flag: 'r+' })
      for (const until = Date.now() + freezeMs; ; await sleep(2)) {
        if (isOn.test(await readFile(state, 'utf8'))) return
        if (Date.now() > until) throw notStill(`not all of its processes stop within ${freezeMs / 1000} s`)
      }
    } catch (error) {
      throw error instanceof VethlabError ? error : notStill(`can't be frozen: ${messageOf(error)}`)
    }
  }

  /** Lets the processes of a host run on that `whileFrozen` has frozen. Groups that its learner has frozen stay so. */
  async letGo(host: string): Promise<void> {
    const { file, off } = this.freezerOf(host)
    // One that has been removed meanwhile has nothing to be let go of.
    await writeFile(file, off, { flag: 'r+' }).catch(ignoreMissing)
  }

  /** The files of the kernel's documentation, cgroup-v1/freezer-subsystem and cgroup-v2. */
  private freezerOf(host: string) {
    if (this.mode === 'v1') {
      const hierarchy = this.hierarchies.find((path) => path.endsWith('/freezer')) ?? join(mountPoint, 'freezer')
      const file = join(hierarchy, this.mark, host, 'freezer.state')
      return { file, on: 'FROZEN', off: 'THAWED', state: file, isOn: /^FROZEN$/m }
    }
    const group = join(mountPoint, this.mark, host)
    return {
      file: join(group, 'cgroup.freeze'),
      on: '1',
      off: '0',
      state: join(group, 'cgroup.events'),
      isOn: /^frozen 1$/m,
    }
  }

  /** A frozen process ends at no signal before it is thawed (cgroup v1, freezer-subsystem); on v2 the kernel sees to that itself. */
  private async thaw(host: string): Promise<void> {
    const freezer = this.hierarchies.find((path) => path.endsWith('/freezer'))
    if (freezer === undefined) return
    await visitGroups(join(freezer, this.mark, host), async (group) => {
      await writeFile(join(group, 'freezer.state'), 'THAWED', { flag: 'r+' }).catch(() => {})
    })
  }

  /** Hosts that have groups. */
  async list(): Promise<string[]> {
    const names = new Set<string>()
    for (const hierarchy of this.hierarchies) {
      const entries = await readdir(join(hierarchy, this.mark), { withFileTypes: true }).catch(() => [])
      for (const entry of entries) if (entry.isDirectory()) names.add(entry.name)
    }
    return [...names]
  }

  /**
   * Removes a host's groups. Its processes are dead; the kernel needs a moment to see that.
   * @returns whether all of them are gone
   */
  async remove(host: string, deadlineMs = 5000): Promise<boolean> {
    const until = Date.now() + deadlineMs
    const removed = await Promise.all(
      this.hierarchies.map(async (hierarchy) => {
        while (!(await removeGroups(join(hierarchy, this.mark, host)))) {
          if (Date.now() > until) return false
          await sleep(10)
        }
        return true
      }),
    )
    return removed.every(Boolean)
  }

  /** Removes the mark's own groups when no host is left, and that of the server when it has ended: the kernel keeps one that is in use. */
  async removeMark(): Promise<void> {
    for (const hierarchy of this.hierarchies) {
      for (const name of [this.mark, this.serverName]) await rmdir(join(hierarchy, name)).catch(() => {})
    }
  }
}

/** The file and the number for a weight in shares of v1, from 2 on with 1024 as the usual; v2 counts from 1 to 10000 with 100. */
function weightOf(mode: 'v1' | 'v2', shares: number): [file: string, weight: number] {
  return mode === 'v1' ? ['cpu.shares', shares] : ['cpu.weight', Math.max(1, Math.round((shares * 100) / 1024))]
}

function killAtOnce(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone between the list and the signal.
  }
}

/** A controller or file that this kernel lacks is `doctor`'s matter. */
function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT' && error.code !== 'EOPNOTSUPP') throw error
}
