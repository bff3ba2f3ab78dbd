import { type ProbeAnswer, ProbeRequest } from '../network/question.js'
import type { CommandResult } from '../racks/command-result.js'
import { oneLine } from '../wording/one-line.js'
import type { Cgroups } from './cgroup.js'
import type { Eye } from './eyes.js'
import type { Host } from './host/host.js'
import { withNamespace } from './namespaces.js'
import { runEye } from './run-eye.js'

type Probe = ReturnType<typeof ProbeRequest.parse>
type ProbeOf<Kind extends Probe['kind']> = Extract<Probe, { kind: Kind }>
type Answer = Omit<ProbeAnswer, 'durationMs'>

/** Paths of the namespaces of a host that its question is put from: its user namespace, and a network namespace. */
type Standpoint = [user: string, network: string]

/** How one kind of question is put to one of the machine's tools, and what its words mean. */
interface Tool<Kind extends Probe['kind']> {
  argv(probe: ProbeOf<Kind>, from: Standpoint): [eye: Eye, ...args: string[]]
  stdin?(probe: ProbeOf<Kind>): string
  read(result: CommandResult, probe: ProbeOf<Kind>): Answer
}

/** What a probe reads of an answer; a page's beginning is enough. */
const mostOutputBytes = 64 * 1024
const mostBodyCharacters = 4096
/** Over a tool's own deadline, for its start and its end on a busy machine. */
const marginMs = 1500

/** Asks one question from a network namespace of a host. */
export async function probeFrom(cgroups: Cgroups, host: Host, request: ProbeRequest): Promise<ProbeAnswer> {
  const probe = ProbeRequest.parse(request)
  const started = performance.now()
  const answer = await withNamespace(cgroups, host, probe.namespace, async (path): Promise<Answer> => {
    if (path === undefined) return { outcome: 'error', detail: `no network namespace ${probe.namespace} in the host` }
    const tool = tools[probe.kind] as Tool<Probe['kind']>
    const [eye, ...args] = tool.argv(probe, [`/proc/${host.pid}/ns/user`, path])
    const result = await runEye(eye, args, {
      timeoutMs: longestMs(probe),
      maxOutputBytes: mostOutputBytes,
      stdin: tool.stdin?.(probe) ?? '',
    })
    const ran = result.exitCode !== null || result.timedOut || result.truncated
    return ran ? tool.read(result, probe) : { outcome: 'error', detail: wordsOf(result) || `${eye} did not run` }
  })
  return { ...answer, durationMs: performance.now() - started }
}

function longestMs(probe: Probe): number {
  // Between pings are 200 ms.
  return probe.timeoutMs + marginMs + (probe.kind === 'ping' ? probe.count * 200 : 0)
}

/** dig counts whole seconds. */
const seconds = ({ timeoutMs }: Probe) => `${Math.max(1, Math.ceil(timeoutMs / 1000))}`

const ping: Tool<'ping'> = {
  argv({ count, size, timeoutMs, address }, from) {
    const sized = size === undefined ? [] : ['-M', 'do', '-s', `${size}`]
    const often = ['-c', `${count}`, '-i', '0.2', '-W', `${timeoutMs / 1000}`]
    return ['run-in-network', ...from, 'ping', '-n', ...often, ...sized, '--', address]
  },
  read(result) {
    const detail = wordsOf(result)
    if (result.exitCode === 0) return { outcome: 'yes', detail }
    const cause = causeOf(detail)
    // 2 is for whatever kept it from sending: the network's "no way there" as well as its own faults.
    if (result.exitCode === 2 && cause === undefined && !/Message too long/i.test(detail)) {
      return { outcome: 'error', detail }
    }
    return { outcome: 'no', detail, cause: cause ?? 'silent' }
  },
}

const stream = ({ address, port, timeoutMs }: ProbeOf<'tcp' | 'http'>, from: Standpoint): [Eye, ...string[]] => [
  'ask-by-stream',
  ...from,
  address,
  `${port}`,
  `${timeoutMs / 1000}`,
]

const tcp: Tool<'tcp'> = {
  argv: stream,
  read: (result) =>
    result.stdout.startsWith('connected') ? { outcome: 'yes', detail: 'connected' } : notConnected(result),
}

const udp: Tool<'udp'> = {
  argv: ({ address, port, timeoutMs }, from) => ['ask-by-datagram', ...from, address, `${port}`, `${timeoutMs / 1000}`],
  stdin: ({ payload }) => payload,
  read(result) {
    const detail = wordsOf(result)
    if (result.stdout.startsWith('answer: ')) return { outcome: 'yes', detail }
    if (result.exitCode === 0) return { outcome: 'no', detail, cause: causeOf(detail) ?? 'silent' }
    return { outcome: 'error', detail }
  },
}

const http: Tool<'http'> = {
  argv: stream,
  // HTTP/1.0 has no chunks, and its server hangs up at the end.
  stdin({ address, port, host, path }) {
    const literal = address.includes(':') ? `[${address}]` : address
    const name = host ?? (port === 80 ? literal : `${literal}:${port}`)
    return `GET ${path} HTTP/1.0\r\nHost: ${name}\r\nUser-Agent: vethlab\r\nAccept: */*\r\nConnection: close\r\n\r\n`
  },
  read(result) {
    const said = result.stdout.replace(/^connected\n/, '')
    if (said === result.stdout) return notConnected(result)
    const status = /^HTTP\/\d(?:\.\d)? (\d{3})\b/.exec(said)
    if (status) {
      const end = /\r?\n\r?\n/.exec(said)
      const body = end ? said.slice(end.index + end[0].length, end.index + end[0].length + mostBodyCharacters) : ''
      return {
        outcome: 'yes',
        detail: oneLine(said.split('\n', 1)[0]!, 200),
        http: { status: Number(status[1]), body },
      }
    }
    if (said !== '') return { outcome: 'no', detail: `the answer is not HTTP: ${oneLine(said, 200)}` }
    const patient = result.timedOut || result.durationMs > 900
    return { outcome: 'no', detail: 'connected, and nothing came back', ...(patient ? { cause: 'silent' } : {}) }
  },
}

const dns: Tool<'dns'> = {
  argv(probe, from) {
    const { server, name, type } = probe
    // A pointer is asked for by the address itself, or by its name below in-addr.arpa.
    const question = type === 'PTR' && /^\d+(\.\d+){3}$/.test(name) ? ['-x', name] : ['-t', type, '-q', name]
    const options = ['+noall', '+answer', '+comments', '+nosearch', '+tries=1', `+time=${seconds(probe)}`]
    // -r: no file of the machine's user decides anything.
    return ['run-in-network', ...from, 'dig', '-r', `@${server}`, ...question, ...options]
  },
  read(result, { type }) {
    const status = /status: (\w+)/.exec(result.stdout)?.[1]
    if (result.exitCode === 0 && status) {
      const answer = new RegExp(`^\\S+\\s+\\d+\\s+IN\\s+${type}\\s+(\\S+)$`, 'gm')
      const records = [...result.stdout.matchAll(answer)].map((match) => match[1]!)
      const yes = status === 'NOERROR' && records.length > 0
      return { outcome: yes ? 'yes' : 'no', detail: yes ? records.join(' ') : status, records }
    }
    const detail = wordsOf(result)
    // 9 is for no answer from any server.
    if (result.exitCode === 9 || result.timedOut)
      return { outcome: 'no', detail, cause: causeOf(detail) ?? 'silent', records: [] }
    return { outcome: 'error', detail }
  },
}

const tools: { [Kind in Probe['kind']]: Tool<Kind> } = { ping, tcp, udp, http, dns }

function notConnected(result: CommandResult): Answer {
  const detail = wordsOf(result)
  const cause = causeOf(detail) ?? (result.timedOut ? 'silent' : undefined)
  return cause ? { outcome: 'no', detail: detail || 'no answer', cause } : { outcome: 'error', detail }
}

/** The kernel's words for a failed connection (errno(3)), as tools repeat them. */
function causeOf(words: string): ProbeAnswer['cause'] {
  if (/connection (was )?refused|reset by peer/i.test(words)) return 'refused'
  // Routes of the types prohibit and blackhole give the last three, of which ping(8) takes the first for a broadcast address;
  // a namespace without an address of the family, the one before.
  const nowhere =
    /unreachable|no route to host|cannot assign requested address|want to ping broadcast|permission denied|invalid argument/i
  if (nowhere.test(words)) return 'unroutable'
  if (/timed out|100% packet loss|operation not permitted/i.test(words)) return 'silent'
  return undefined
}

function wordsOf(result: CommandResult): string {
  return oneLine(`${result.stdout} ${result.stderr}`, 400)
}
