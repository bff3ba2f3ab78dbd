import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { safeParse } from '../error/safe-parse.js'
import { VethlabError } from '../error/vethlab-error.js'
import { type Observation, TracedPacket, traceTablePrefix } from '../network/observation.js'
import { oneLine } from '../wording/one-line.js'
import type { Cgroups } from './cgroup.js'
import { run } from './command.js'
import { eye } from './eyes.js'
import type { Host } from './host/host.js'
import type { Lan } from './lan.js'
import { type FoundNamespace, inodeAt, withNamespaces } from './namespaces.js'
import { type Place, readLines } from './observation-lines.js'
import { observeWith } from './observer.js'
import { packetFilter } from './packet-filter.js'
import { newMark } from './packet-mark.js'
import { type ListedRule, parseRuleTexts } from './trace-events.js'
import { traceRules } from './trace-rules.js'

/** Where a packet may come by. */
export interface Scene {
  cgroups: Cgroups
  /** By name. */
  hosts: Map<string, Host>
  lans: Lan[]
}

/** Of all hosts together: two sockets each. */
export const mostNamespaces = 256
/** A listing of the rules that a packet met; a learner can write any number of them. */
const listingMs = 2000
const largestListingBytes = 2 * 1024 ** 2

/**
 * Sends one packet from a host, and tells where in the rack it was seen and what netfilter did with it.
 * @throws VethlabError argument.invalid, host.unreachable
 */
export async function observePacket(
  { cgroups, hosts, lans }: Scene,
  from: string,
  request: TracedPacket,
  signal?: AbortSignal,
): Promise<Observation> {
  const packet = checked(request)
  const started = performance.now()
  const version = isIPv6(packet.address) ? 6 : 4
  const mark = newMark(version, packet.protocol)
  const table = `${traceTablePrefix}${mark.token.toString('hex')}`
  const { transaction, roles } = traceRules(table, mark)
  const home = hosts.get(from)!
  const namespace = packet.namespace ?? inodeAt(`/proc/${home.pid}/ns/net`)

  return withAll(cgroups, hosts, from, async (found, faults) => {
    const all: Place[] = [
      ...found,
      ...lans.map((lan) => ({
        lan: lan.plan.name,
        ports: [...hosts.keys()],
        namespace: inodeAt(lan.namespace) ?? '',
        path: lan.namespace,
      })),
    ]
    // Whoever sends is watched, however many there are.
    const places = all.toSorted((a, b) => rank(a, from, namespace) - rank(b, from, namespace)).slice(0, mostNamespaces)
    if (places.length < all.length) faults.push(`${all.length - places.length} network namespaces were not watched`)
    const sender = places.findIndex((place) => place.host === from && place.namespace === namespace)
    if (sender < 0) {
      const detail = `no network namespace ${packet.namespace} in the host`
      return { outcome: 'error', detail, sightings: [], ruleHits: [], faults, durationMs: performance.now() - started }
    }
    const lines = await observeWith(
      {
        paths: places.map(({ path }) => path),
        sender,
        root: rootOf(home.pid),
        filter: packetFilter(mark),
        rules: transaction,
        token: mark.token,
        protocol: packet.protocol,
        version,
        address: Uint8Array.from(ipaddr.parse(packet.address).toByteArray()),
        port: packet.port ?? 0,
        sourcePort: mark.sourcePort,
        size: packet.size ?? 0,
        timeoutMs: packet.timeoutMs,
      },
      signal,
    )
    const observed = await readLines(lines, {
      places,
      mark,
      table,
      roles,
      faults,
      texts: (place) => textsIn(place, hosts, signal),
    })
    return { ...observed, durationMs: performance.now() - started }
  })
}

/** What root of a process's user namespace is on the machine (user_namespaces(7)); the machine's own where that can't be read. */
function rootOf(pid: number): number {
  try {
    const [, outside = '0'] = /^\s*0\s+(\d+)\s/m.exec(readFileSync(`/proc/${pid}/uid_map`, 'utf8')) ?? []
    return Number(outside)
  } catch {
    return 0
  }
}

/** Small numbers are watched first: the sender, hosts' own namespaces and LANs, then all others. */
export function rank({ host, namespace, home, lan }: Place, from: string, sender: string | undefined): number {
  if (host === from && namespace === sender) return 0
  return home || lan ? 1 : 2
}

/** Namespaces of all hosts, open at the same time. Another host that is down is a fault, the sender's is an error. */
export async function withAll<T>(
  cgroups: Cgroups,
  hosts: Map<string, Host>,
  from: string,
  use: (places: Place[], faults: string[]) => Promise<T>,
): Promise<T> {
  const faults: string[] = []
  const left = [...hosts].filter(([name, host]) => {
    if (host.alive || name === from) return true
    faults.push(`${name}: the host is down`)
    return false
  })
  const places: Place[] = []
  const next = async (): Promise<T> => {
    const entry = left.shift()
    if (!entry) return use(places, faults)
    const [name, host] = entry
    const home = inodeAt(`/proc/${host.pid}/ns/net`)
    return withNamespaces(cgroups, host, (found: FoundNamespace[]) => {
      for (const { inode, path, processes } of found) {
        const numbers = processes.map(({ machine }) => machine)
        places.push({ host: name, namespace: inode, path, home: inode === home, processes: numbers })
      }
      return next()
    })
  }
  return next()
}

/** Rules as nft writes them, without counters. A LAN has none but ours. */
async function textsIn(
  { path, host: name }: Place,
  hosts: Scene['hosts'],
  signal: AbortSignal | undefined,
): Promise<Map<string, ListedRule>> {
  const host = hosts.get(name ?? '')
  if (!host?.alive) return new Map()
  const nft = ['nft', '--stateless', '--handle', 'list', 'ruleset']
  const [file, ...args] = eye('run-in-network', `/proc/${host.pid}/ns/user`, path, ...nft)
  const result = await run(file, args, {
    timeoutMs: listingMs,
    maxOutputBytes: largestListingBytes,
    ...(signal ? { signal } : {}),
  })
  return parseRuleTexts(result.stdout)
}

/** @throws VethlabError argument.invalid */
function checked(request: TracedPacket) {
  const parsed = safeParse(TracedPacket, request)
  const wrong = parsed.success
    ? parsed.data.protocol !== 'icmp' && parsed.data.port === undefined
      ? 'tcp and udp need a port'
      : undefined
    : parsed.error.issues[0]?.message
  if (parsed.success && wrong === undefined) return parsed.data
  throw new VethlabError('argument.invalid', oneLine(wrong ?? 'is no packet', 200), {
    place: 'packet',
    cure: 'Say where it goes, and how.',
  })
}
