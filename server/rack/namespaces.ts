import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { isNetworkNamespaceOf, openInRoot } from '../kernel/system-calls.js'
import type { Cgroups } from './cgroup.js'
import type { Host } from './host/host.js'

/** Where the Engine pins namespaces, among them those of overlay networks, which no process is in. */
const pinnedDirectory = 'run/docker/netns'

/** A process by its number on the machine and in its host. */
export interface HostProcess {
  machine: number
  host: number
}

/** A network namespace of a host, with a path by which it can be entered: a descriptor's, since a process may end. */
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
 */
export async function withNamespaces<T>(
  cgroups: Cgroups,
  host: Host,
  use: (found: FoundNamespace[]) => Promise<T>,
): Promise<T> {
  const found = new Map<string, FoundNamespace>()
  const home = host.pid
  const root = `/proc/${home}/root`
  const owner = BigInt(inodeAt(`/proc/${home}/ns/user`)!)
  const descriptors: number[] = []
  const note = (fd: number): FoundNamespace => {
    descriptors.push(fd)
    const inode = fstatSync(fd, { bigint: true }).ino.toString()
    const known = found.get(inode) ?? { inode, processes: [], names: [], path: `/proc/self/fd/${fd}` }
    found.set(inode, known)
    return known
  }
  try {
    for (const pid of new Set([home, ...(await cgroups.processes(host.id))])) {
      const path = `/proc/${pid}/ns/net`
      const known = found.get(inodeAt(path) ?? '')
      const fd = known ? undefined : openNamespace(() => openSync(path, constants.O_RDONLY), owner)
      const namespace = known ?? (fd === undefined ? undefined : note(fd))
      const inHost = namespace && numberInHost(pid)
      if (inHost !== undefined) namespace?.processes.push({ machine: pid, host: inHost })
    }
    for (const name of pinnedNames(root)) {
      // A pipe in the file's place must not make the opening wait.
      const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW
      const fd = openNamespace(() => openInRoot(root, `${pinnedDirectory}/${name}`, flags), owner)
      if (fd !== undefined) note(fd).names.push(name)
    }
    return await use([...found.values()])
  } finally {
    for (const fd of descriptors) closeSync(fd)
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

function pinnedNames(root: string): string[] {
  let directory: number | undefined
  try {
    directory = openInRoot(root, pinnedDirectory, constants.O_RDONLY | constants.O_DIRECTORY)
    return readdirSync(`/proc/self/fd/${directory}`).slice(0, 512)
  } catch {
    return []
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
