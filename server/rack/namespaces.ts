import { closeSync, constants, fstatSync, opendirSync, openSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { isNetworkNamespaceOf, openWithoutLinks } from '../kernel/system-calls.js'
import { type Cgroups, mostGroups } from './cgroup.js'
import type { Host } from './host/host.js'

/** Where the Engine pins namespaces, among them those of overlay networks, which no process is in. */
const pinnedDirectory = 'run/docker/netns'
/** More than a host may have. */
const mostPinned = 512
/** A pipe in a file's place, or a lease on it, must not make the opening wait. */
const openedUnwaiting = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW
const TMPFS_MAGIC = 0x01021994

/** A process by its number on the machine and in its host. */
export interface HostProcess {
  machine: number
  host: number
}

/**
 * A network namespace of a host, with a path by which the machine's root can enter it, from other processes too: a descriptor's
 * of this one, since a process of the host may end.
 */
export interface FoundNamespace {
  inode: string
  processes: HostProcess[]
  names: string[]
  path: string
}

/**
 * Finds every network namespace of a host by its processes, and by what its Engine pinned. What a learner could put
 * there instead (a link to another file, a namespace of somebody else) is passed over, and so is whoever has got the
 * number of a process that has just ended.
 * @param use gets them, and whether the host's control groups were few enough to look through them all
 */
export async function withNamespaces<T>(
  cgroups: Cgroups,
  host: Host,
  use: (found: FoundNamespace[], whole: boolean) => Promise<T>,
): Promise<T> {
  const found = new Map<string, FoundNamespace>()
  const home = host.pid
  const root = `/proc/${home}/root`
  const owner = BigInt(inodeAt(`/proc/${home}/ns/user`)!)
  const descriptors: number[] = []
  const note = (fd: number): FoundNamespace => {
    descriptors.push(fd)
    const inode = fstatSync(fd, { bigint: true }).ino.toString()
    const known = found.get(inode) ?? { inode, processes: [], names: [], path: `/proc/${process.pid}/fd/${fd}` }
    found.set(inode, known)
    return known
  }
  try {
    const { pids, whole } = await cgroups.someProcesses(host.id, mostGroups)
    for (const pid of new Set([home, ...pids])) {
      const path = `/proc/${pid}/ns/net`
      const known = found.get(inodeAt(path) ?? '')
      const fd = known ? undefined : openNamespace(() => openSync(path, constants.O_RDONLY), owner)
      const namespace = known ?? (fd === undefined ? undefined : note(fd))
      const inHost = namespace && numberInHost(pid)
      if (inHost !== undefined) namespace?.processes.push({ machine: pid, host: inHost })
    }
    forEachPinned(root, (directory, name) => {
      const fd = openNamespace(() => openWithoutLinks(directory, name, openedUnwaiting), owner)
      if (fd !== undefined) note(fd).names.push(name)
    })
    return await use([...found.values()], whole)
  } finally {
    for (const fd of descriptors) closeSync(fd)
  }
}

/**
 * One network namespace of a host: the one with that inode, else the host's own, which costs no look at all processes.
 * @param use gets a path as in FoundNamespace; undefined where there is no such namespace
 */
export async function withNamespace<T>(
  cgroups: Cgroups,
  host: Host,
  inode: string | undefined,
  use: (path: string | undefined) => Promise<T>,
): Promise<T> {
  const path = `/proc/${host.pid}/ns/net`
  if (inode !== undefined && inode !== inodeAt(path)) {
    return withNamespaces(cgroups, host, (found) => use(found.find((one) => one.inode === inode)?.path))
  }
  const owner = BigInt(inodeAt(`/proc/${host.pid}/ns/user`)!)
  const fd = openNamespace(() => openSync(path, constants.O_RDONLY), owner)
  if (fd === undefined) return use(undefined)
  try {
    return await use(`/proc/${process.pid}/fd/${fd}`)
  } finally {
    closeSync(fd)
  }
}

/**
 * Every number of a process, from this namespace of processes down to its own (proc(5), NSpid). A host is one level below
 * the machine, whatever its containers make below that.
 */
function numberInHost(pid: number): number | undefined {
  try {
    const numbers = /^NSpid:\t(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]?.split('\t')
    const number = Number(numbers?.[1])
    return Number.isInteger(number) ? number : undefined
  } catch {
    return undefined
  }
}

export function inodeAt(path: string): string | undefined {
  try {
    return statSync(path, { bigint: true }).ino.toString()
  } catch {
    return undefined
  }
}

/**
 * What is in the directory of pinned namespaces. A learner can put any directory there, in whose place the kernel may take long to
 * find a name, or to list them: only the one that the Engine has is looked into, on a file system in memory and not through
 * links, and only its beginning is read.
 */
function forEachPinned(root: string, use: (directory: string, name: string) => void): void {
  let directory: number | undefined
  try {
    directory = openWithoutLinks(root, pinnedDirectory, openedUnwaiting | constants.O_DIRECTORY)
    const path = `/proc/self/fd/${directory}`
    if (statfsSync(path).type !== TMPFS_MAGIC) return
    const entries = opendirSync(path)
    try {
      for (let left = mostPinned; left > 0; left--) {
        const entry = entries.readSync()
        if (entry === null) return
        use(path, entry.name)
      }
    } finally {
      entries.closeSync()
    }
  } catch {
    // There is none, or not as the Engine makes it.
  } finally {
    if (directory !== undefined) closeSync(directory)
  }
}

function openNamespace(open: () => number, owner: bigint): number | undefined {
  let fd: number
  try {
    fd = open()
  } catch {
    return undefined
  }
  if (isNetworkNamespaceOf(fd, owner, (other) => fstatSync(other, { bigint: true }).ino)) return fd
  closeSync(fd)
  return undefined
}
