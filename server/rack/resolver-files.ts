import type { HostCapture } from '../network/capture.js'
import { oneLine } from '../wording/one-line.js'
import type { FoundNamespace } from './namespaces.js'
import { readInRoots } from './read-in-roots.js'

type ResolverFiles = HostCapture['files'][string]

const paths = { resolvConf: 'etc/resolv.conf', hosts: 'etc/hosts' }
const largestFileBytes = 64 * 1024
/** Of all containers together: a capture goes through rackd's socket in one piece. */
const largestFilesBytes = 512 * 1024

/** Whose files are read: the host's own have no id, a container's have its. The process is the machine's number of one there. */
export interface FilesOf {
  id: string
  process: number
}

/** The containers that have a first process. */
export function filesOfContainers(inspected: unknown[], found: FoundNamespace[]): FilesOf[] {
  const machineNumbers = new Map(
    found.flatMap(({ processes }) => processes.map(({ host, machine }) => [host, machine] as const)),
  )
  return (inspected as ({ Id?: unknown; State?: { Pid?: unknown } } | null)[]).flatMap((container) => {
    const id = container?.Id
    const process = machineNumbers.get(Number(container?.State?.Pid))
    return typeof id === 'string' && /^[0-9a-f]{64}$/.test(id) && process !== undefined ? [{ id, process }] : []
  })
}

/**
 * What names and resolvers a host and its containers have: read from the root directories of their processes, by a process that
 * has the rights of the host's root and that can be ended (eyes/read-files.pl). What was not read says why.
 * @param user path of the host's user namespace
 */
export async function readResolverFiles(user: string, all: FilesOf[]): Promise<HostCapture['files']> {
  const processes = all.map(({ process }) => process)
  const { answers, fault } = await readInRoots(user, processes, Object.values(paths), largestFileBytes)
  const files: HostCapture['files'] = {}
  let left = largestFilesBytes
  for (const { id, process } of all) {
    const own: ResolverFiles = { resolvConf: '', hosts: '' }
    const unread: ResolverFiles['unread'] = {}
    for (const [name, path] of Object.entries(paths) as [keyof typeof paths, string][]) {
      const answer = answers.get(`${process} ${path}`)
      if (answer === undefined) unread[name] = fault
      else if (answer.status === 'unread') unread[name] = oneLine(answer.bytes.toString('utf8'), 100)
      else if (answer.bytes.length > left) unread[name] = 'other files were too large'
      else {
        own[name] = answer.bytes.toString('utf8')
        left -= answer.bytes.length
      }
    }
    files[id] = Object.keys(unread).length > 0 ? { ...own, unread } : own
  }
  return files
}
