import { randomBytes } from 'node:crypto'
import { safeParse } from '../error/safe-parse.js'
import { VethlabError } from '../error/vethlab-error.js'
import { type Conversation, type Overheard, Talk } from '../network/conversation.js'
import { parseFrame } from '../network/packet.js'
import { oneLine } from '../wording/one-line.js'
import { clientHello } from './client-hello.js'
import { eye } from './eyes.js'
import { inodeAt } from './namespaces.js'
import { linkName, nameOf, nanoseconds, type Place, since } from './observation-lines.js'
import { mostNamespaces, rank, type Scene, withAll } from './observe.js'
import { linesOf } from './observer.js'
import { talkFilter } from './talk-filter.js'
import { upstreamsOf } from './upstream-files.js'

/**
 * Says something to a program, and tells what it answers and, as far as the rack's hosts see it, whom it connects to meanwhile.
 * @throws VethlabError argument.invalid, host.unreachable
 */
export async function talkFrom(
  { cgroups, hosts }: Omit<Scene, 'lans'>,
  from: string,
  request: Talk,
  signal?: AbortSignal,
): Promise<Conversation> {
  const talk = checked(request)
  const started = performance.now()
  const token = `vethlab-${randomBytes(6).toString('hex')}`
  const namespace = talk.namespace ?? inodeAt(`/proc/${hosts.get(from)!.pid}/ns/net`)
  return withAll(cgroups, hosts, from, async (all, faults) => {
    const places = all.toSorted((a, b) => rank(a, from, namespace) - rank(b, from, namespace)).slice(0, mostNamespaces)
    if (places.length < all.length) faults.push(`${all.length - places.length} network namespaces were not watched`)
    const sender = places.findIndex((place) => place.host === from && place.namespace === namespace)
    const common = () => ({ faults, durationMs: performance.now() - started })
    if (sender < 0) {
      const detail = `no network namespace ${talk.namespace} in the host`
      return { outcome: 'error', detail, said: '', overheard: [], upstreams: [], ...common() }
    }
    const hex = (bytes: string | Uint8Array) => Buffer.from(bytes).toString('hex')
    const command = eye(
      'talk-to-program',
      ...[hex(talkFilter()), hex(token), hex(wordsOf(talk, token)), `${sender}`, talk.address, `${talk.port}`],
      ...[`${talk.timeoutMs / 1000}`, ...places.map(({ path }) => path)],
    )
    const lines = await linesOf(command, 2 * talk.timeoutMs, signal)
    const heard = readTalk(lines, places, token, faults)
    return { ...heard, upstreams: await upstreamsAt(places, heard.overheard, hosts), ...common() }
  })
}

/** HTTP/1.0 has no chunks, and its server hangs up at the end. Proxies hand on who asks. */
function wordsOf(
  { speaks, address, port, host, path }: ReturnType<typeof Talk.parse>,
  token: string,
): string | Uint8Array {
  const literal = address.includes(':') ? `[${address}]` : address
  const name = host ?? literal
  if (speaks === 'tls') return clientHello(name, token)
  if (speaks === 'redis') return 'PING\r\n'
  const whole = port === 80 ? name : `${name}:${port}`
  return `GET ${path} HTTP/1.0\r\nHost: ${whole}\r\nUser-Agent: ${token}\r\nAccept: */*\r\nConnection: close\r\n\r\n`
}

/** Of more programs in one namespace the first have what their container is for. */
const mostProcesses = 2

/** What the configuration says of those to whom the words came. A process that is there no more has no files. */
async function upstreamsAt(
  places: Place[],
  overheard: Overheard[],
  hosts: Scene['hosts'],
): Promise<Conversation['upstreams']> {
  const met = places.filter(({ host, namespace, home }) =>
    overheard.some((one) => !home && one.passedOn && one.host === host && one.namespace === namespace),
  )
  const told = met.map(async ({ host: name = '', namespace, processes = [] }) => {
    const host = hosts.get(name)
    if (!host?.alive) return []
    const first = processes.filter((pid) => inodeAt(`/proc/${pid}/ns/net`) === namespace).slice(0, mostProcesses)
    const all = await Promise.all(first.map((pid) => upstreamsOf(`/proc/${host.pid}/ns/user`, pid)))
    return all
      .flat()
      .filter(({ file, line }, at, list) => list.findIndex((one) => one.file === file && one.line === line) === at)
      .map((upstream) => ({ host: name, namespace, ...upstream }))
  })
  return (await Promise.all(told)).flat()
}

const outcomes = ['answered', 'silent', 'closed', 'reset', 'refused', 'unconnected', 'error'] as const

/** What eyes/talk-to-program.pl says, made a conversation. */
export function readTalk(
  lines: string[],
  places: Place[],
  token: string,
  faults: string[],
): Omit<Conversation, 'durationMs' | 'upstreams'> {
  const overheard: Overheard[] = []
  const heard: Buffer[] = []
  let sent = 0n
  let saidMs: number | undefined
  let outcome: Conversation['outcome'] = 'error'
  let detail = ''
  // Before the words are sent, the connection is made: its time counts as well.
  for (const line of lines) if (line.startsWith('sent ')) sent = nanoseconds(line.split(' ')[1])
  for (const line of lines) {
    const [word, ...rest] = line.split(' ')
    const place = places[Number(rest[0])]
    if (word === 'heard') {
      saidMs ??= since(rest[0], sent)
      heard.push(Buffer.from(rest[1] ?? '', 'hex'))
    } else if (word === 'outcome') {
      outcome = outcomes.find((known) => known === rest[0]) ?? 'error'
      detail = oneLine(rest.slice(1).join(' '), 300)
    } else if (word === 'lost') faults.push('more frames came by than are told')
    else if (word === 'namespace' && place) faults.push(`${nameOf(place)}: ${oneLine(rest.slice(1).join(' '), 200)}`)
    else if (word === 'frame' && place?.host !== undefined)
      overheard.push(frameOf(rest, place.host, place, sent, token))
  }
  overheard.sort((a, b) => a.atMs - b.atMs)
  const said = Buffer.concat(heard).subarray(0, 4096).toString('latin1')
  return { outcome, detail, said, ...(saidMs === undefined ? {} : { saidMs }), overheard, faults }
}

function frameOf(words: string[], host: string, { namespace }: Place, sent: bigint, token: string): Overheard {
  const [, time, , name, direction, length, hex = ''] = words
  const bytes = Buffer.from(hex, 'hex')
  const { ip, neighbour } = parseFrame(bytes, Number(length))
  const passedOn = ip?.protocol === 'tcp' && bytes.includes(token)
  const header = passedOn ? /\r\nHost: *([^\r\n]{1,253})\r\n/i.exec(bytes.toString('latin1'))?.[1] : undefined
  const lookup = ip?.protocol === 'udp' ? nameAsked(bytes, ip.version) : undefined
  return {
    atMs: since(time, sent),
    ...{ host, namespace, link: linkName(name), direction: direction === 'out' ? 'out' : 'in' },
    ...(passedOn ? { passedOn } : {}),
    ...(header === undefined ? {} : { hostHeader: oneLine(header, 253) }),
    ...(lookup === undefined ? {} : { lookup }),
    ...(ip ? { packet: ip } : {}),
    ...(neighbour ? { neighbour } : {}),
  }
}

/** The first question of a DNS message (RFC 1035, section 4.1.2); `?` where it can't be read. */
function nameAsked(bytes: Buffer, version: 4 | 6): string {
  const labels: string[] = []
  let at = 14 + (version === 4 ? 4 * (bytes[14]! & 15) : 40) + 8 + 12
  for (let size = bytes[at]; size !== undefined && size > 0 && size < 64 && labels.length < 32; size = bytes[at]) {
    labels.push(bytes.subarray(at + 1, at + 1 + size).toString('latin1'))
    at += 1 + size
  }
  return oneLine(labels.join('.'), 253) || '?'
}

/** @throws VethlabError argument.invalid */
function checked(request: Talk) {
  const parsed = safeParse(Talk, request)
  if (parsed.success) return parsed.data
  throw new VethlabError('argument.invalid', oneLine(parsed.error.issues[0]?.message ?? 'is no question', 200), {
    place: 'talk',
    cure: 'Say whom to ask, at which port.',
  })
}
