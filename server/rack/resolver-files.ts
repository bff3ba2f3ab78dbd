import { closeSync, constants, fstatSync, openSync, readSync, statfsSync } from 'node:fs'
import { openInRoot } from '../kernel/system-calls.js'
import type { HostCapture } from '../network/capture.js'
import type { FoundNamespace } from './namespaces.js'

type ResolverFiles = HostCapture['files'][string]

const largestFileBytes = 64 * 1024
/** Of all containers together: a capture goes through rackd's socket in one piece. */
const largestFilesBytes = 512 * 1024
/** More containers than a host has room for. */
const mostContainers = 200
/** btrfs, overlayfs and tmpfs (statfs(2)): a link into /proc or /sys would show us, real root, what the learner may not see. */
const fileSystems = new Set([0x9123683e, 0x794c7630, 0x01021994])

/** What names and resolvers a host, or a container, has: read from the root directory of one of its processes. */
export function hostFilesOf(root: string): ResolverFiles {
  return { resolvConf: readInRoot(root, 'etc/resolv.conf'), hosts: readInRoot(root, 'etc/hosts') }
}

/** The same of each container that has a first process, by the container's id. */
export function containerFiles(inspected: unknown[], found: FoundNamespace[]): Record<string, ResolverFiles> {
  const machineNumbers = new Map(
    found.flatMap(({ processes }) => processes.map(({ host, machine }) => [host, machine] as const)),
  )
  const files: Record<string, ResolverFiles> = {}
  let left = largestFilesBytes
  for (const container of inspected.slice(0, mostContainers) as ({
    Id?: unknown
    State?: { Pid?: unknown }
  } | null)[]) {
    const id = container?.Id
    const pid = machineNumbers.get(Number(container?.State?.Pid))
    if (typeof id !== 'string' || !/^[0-9a-f]{64}$/.test(id) || pid === undefined) continue
    const own = hostFilesOf(`/proc/${pid}/root`)
    left -= Buffer.byteLength(own.hosts) + Buffer.byteLength(own.resolvConf)
    if (left < 0) break
    files[id] = own
  }
  return files
}

/** @returns an empty text for whatever is not an ordinary file of at most 64 KiB below the root */
export function readInRoot(root: string, path: string): string {
  let file: number | undefined
  try {
    // Opened for nothing at first: opening a pipe or a device may wait, or do something.
    file = openInRoot(root, path)
    const stat = fstatSync(file)
    if (!stat.isFile() || !fileSystems.has(statfsSync(`/proc/self/fd/${file}`).type)) return ''
    return readStart(`/proc/self/fd/${file}`)
  } catch {
    return ''
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function readStart(path: string): string {
  const fd = openSync(path, constants.O_RDONLY)
  try {
    const buffer = Buffer.alloc(largestFileBytes)
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, largestFileBytes, 0))
  } finally {
    closeSync(fd)
  }
}
