import { closeSync, constants, fstatSync, openSync, readdirSync, statSync } from 'node:fs'
import { oneLine, VethlabError } from '../errors.js'
import type { Cgroups } from './cgroup.js'
import type { Host } from './host.js'
import { isNetworkNamespaceOf, openInRoot } from './kernel.js'
import { runIn } from './namespace-command.js'
import {
  type CaptureQuestion,
  captureQuestions,
  type HostCapture,
  type NamespaceCapture,
  type ProbeAnswer,
  ProbeRequest,
} from './racks.js'

/** Where the Engine pins namespaces, among them those of overlay networks, which no process is in. */
const pinnedDirectory = 'run/docker/netns'

/** A learner can fill a namespace with anything; a capture goes through rackd's socket in one piece. */
const largestAnswerBytes = 2 * 1024 ** 2
const largestCaptureBytes = 6 * 1024 ** 2

/** A network namespace of a host, with a path by which it can be entered: a descriptor's, since a process may end. */
interface FoundNamespace {
  inode: string
  pids: number[]
  names: string[]
  path: string
}

/**
 * Finds every network namespace of a host by its processes, and by what its Engine pinned. What a learner could put
 * there instead (a link to another file, a namespace of somebody else) is passed over, and so is whoever has got the
 * number of a process that has just ended.
 */
async function withNamespaces<T>(
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
    const known = found.get(inode) ?? { inode, pids: [], names: [], path: `/proc/self/fd/${fd}` }
    found.set(inode, known)
    return known
  }
  try {
    for (const pid of new Set([home, ...(await cgroups.processes(host.id))])) {
      const path = `/proc/${pid}/ns/net`
      const known = found.get(inodeAt(path) ?? '')
      const fd = known ? undefined : openNamespace(() => openSync(path, constants.O_RDONLY), owner)
      const namespace = known ?? (fd === undefined ? undefined : note(fd))
      namespace?.pids.push(pid)
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

function inodeAt(path: string): string | undefined {
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

/** Reads every network namespace of a host, all at once. */
export async function captureHost(cgroups: Cgroups, host: Host, name: string): Promise<HostCapture> {
  const started = performance.now()
  const takenAt = new Date().toISOString()
  let total = 0
  const questions = Object.entries(captureQuestions) as [CaptureQuestion, readonly [string, ...string[]]][]
  const namespaces = await withNamespaces(cgroups, host, (found) =>
    Promise.all(
      found.map(async ({ inode, pids, names, path }): Promise<NamespaceCapture> => {
        const answers = await Promise.all(
          questions.map(async ([question, [tool, ...args]]) => {
            const result = await runIn(path, tool, args, { timeoutMs: 5000, maxOutputBytes: largestAnswerBytes })
            total += result.stdout.length
            return [
              question,
              { failed: result.failed, text: result.failed ? oneLine(result.stderr) : result.stdout },
            ] as const
          }),
        )
        return { inode, pids, names, answers: Object.fromEntries(answers) as NamespaceCapture['answers'] }
      }),
    ),
  )
  if (total > largestCaptureBytes) {
    throw new VethlabError('host.unreachable', `its network state is larger than ${largestCaptureBytes} bytes`, {
      place: name,
      cure: 'Remove what fills it (rules, routes, links), or reset the host.',
    })
  }
  return { host: name, takenAt, durationMs: performance.now() - started, namespaces }
}

/** Asks one question from a network namespace of a host. */
export async function probeFrom(cgroups: Cgroups, host: Host, request: ProbeRequest): Promise<ProbeAnswer> {
  const probe = ProbeRequest.parse(request)
  const started = performance.now()
  const answer = await withNamespaces(cgroups, host, async (found): Promise<Omit<ProbeAnswer, 'durationMs'>> => {
    const home = inodeAt(`/proc/${host.pid}/ns/net`)
    const namespace = found.find((candidate) => candidate.inode === (probe.namespace ?? home))
    if (!namespace) return { outcome: 'error', detail: `no network namespace ${probe.namespace} in the host` }
    const [tool, ...args] = command(probe)
    const result = await runIn(namespace.path, tool, args, { timeoutMs: probe.timeoutMs * 2 + 1000 })
    const said = oneLine(`${result.stdout} ${result.stderr}`, 400)
    if (result.exitCode === null) return { outcome: 'error', detail: said || `${tool} did not run` }
    return { outcome: verdict(probe, result.exitCode, result.stdout), detail: said }
  })
  return { ...answer, durationMs: performance.now() - started }
}

function command(probe: ReturnType<typeof ProbeRequest.parse>): [string, ...string[]] {
  const seconds = `${Math.max(1, Math.ceil(probe.timeoutMs / 1000))}`
  switch (probe.kind) {
    case 'ping': {
      const size = probe.size === undefined ? [] : ['-M', 'do', '-s', `${probe.size}`]
      return [
        'ping',
        '-n',
        '-c',
        `${probe.count}`,
        '-i',
        '0.2',
        '-W',
        `${probe.timeoutMs / 1000}`,
        ...size,
        '--',
        probe.address,
      ]
    }
    case 'tcp':
      return ['nc', '-n', '-v', '-z', '-w', seconds, probe.address, `${probe.port}`]
    case 'dns':
      return ['dig', '+noall', '+answer', '+comments', '+tries=1', `+time=${seconds}`, `@${probe.server}`, probe.name]
  }
}

/** dig exits with 0 for any answer, ping with 2 and nc never for what is no matter of the network. */
function verdict(probe: { kind: string }, exitCode: number, stdout: string): ProbeAnswer['outcome'] {
  if (probe.kind === 'ping' && exitCode === 2)
    return /Network is unreachable|Message too long/i.test(stdout) ? 'no' : 'error'
  if (probe.kind === 'dns')
    return exitCode === 0 && /status: NOERROR/.test(stdout) && /\sANSWER: [1-9]/.test(stdout) ? 'yes' : 'no'
  return exitCode === 0 ? 'yes' : 'no'
}
