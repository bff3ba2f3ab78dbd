import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { safeParse } from '../error/safe-parse.js'
import { didYouMean, type SchemaIssue, schemaIssues } from '../error/schema-issue.js'
import { VethlabError } from '../error/vethlab-error.js'

/**
 * What an author writes about a rack, and what it resolves to. Pure: nothing here touches the machine.
 *
 * ```yaml
 * hosts: {node1: docker, laptop: plain}
 * lans: {lan: {subnet: 192.168.1.0/24, at: {node1: .11, laptop: .50}}}
 * ```
 */

const MIB = 1024 * 1024

/** A host or LAN name: a DNS label (RFC 1123), short enough for every place it is shown. */
const Name = z
  .string()
  .regex(/^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/, 'is no valid name: lower-case letters, digits and "-", at most 32')

/** Linux keeps 15 bytes for an interface's name (IFNAMSIZ - 1). */
const InterfaceName = z
  .string()
  .regex(/^[a-z][a-z0-9_.-]{0,14}$/, 'is no valid interface name: at most 15 of a-z, 0-9, "_", "." and "-"')

const Size = z
  .string()
  .regex(/^[1-9][0-9]{0,6}[mg]$/, 'is no size: write a whole number of mebibytes or gibibytes, such as 512m or 2g')
  .transform((text) => Number(text.slice(0, -1)) * (text.endsWith('g') ? 1024 : 1) * MIB)

const HostKind = z.enum(['docker', 'plain'])
const HostObject = z.strictObject({
  kind: HostKind.describe('docker: with an Engine; plain: the same system without one'),
  memory: Size.optional().describe('memory and swap together, such as 1g'),
  pids: z.int().min(32).max(16_384).optional().describe('most processes and threads'),
  cpu: z.int().min(2).max(1024).optional().describe('weight against the other hosts of the rack, 1024 by default'),
  disk: Size.optional().describe('what the host may add to the golden system'),
})

const Attachment = z.strictObject({
  address: z.string().optional().describe('IPv4 address, or its last part, such as .11'),
  address6: z.string().optional().describe('IPv6 address within subnet6, or its last part, such as ::11'),
  interface: InterfaceName.optional().describe('name inside the host; eth0, eth1, ... by default'),
})

const LanObject = z.strictObject({
  subnet: z.string().describe('IPv4 network in CIDR form'),
  gateway: z.string().optional().describe('the address that answers ping; the first of the subnet by default'),
  subnet6: z.string().optional().describe('IPv6 network in CIDR form'),
  mtu: z.int().min(1280).max(9000).optional().describe('bytes; 1500 by default'),
  at: z
    .record(Name, z.union([z.string(), Attachment]))
    .default({})
    .describe('the hosts that stand on it, and where'),
})

export const Topology = z.strictObject({
  hosts: z.record(Name, z.union([HostKind, HostObject])).describe('the machines, by name'),
  lans: z.record(Name, LanObject).default({}).describe('the layer-2 segments, by name'),
  internet: z.boolean().default(false).describe('NAT to public addresses; without it the rack is air-gapped'),
  ssh: z
    .boolean()
    .default(false)
    .describe('an ssh server on each host, by which root comes into every other without a password'),
})
/** A topology as an author writes it. */
export type TopologyInput = z.input<typeof Topology>

export type HostKind = z.infer<typeof HostKind>

/** Limits of one host: bytes, bytes, count, and a share relative to other hosts. */
export interface HostLimits {
  memoryBytes: number
  diskBytes: number
  pids: number
  cpuShares: number
}

/** One leg of a host on a LAN. Addresses are without prefix length. */
export interface InterfacePlan {
  lan: string
  name: string
  address: string
  prefix: number
  address6?: string
  prefix6?: number
}

export interface HostPlan {
  name: string
  kind: HostKind
  limits: HostLimits
  interfaces: InterfacePlan[]
}

export interface LanPlan {
  name: string
  subnet: string
  prefix: number
  gateway: string
  subnet6?: string
  prefix6?: number
  gateway6?: string
  mtu: number
}

/** A topology with every default filled in and every address checked. */
export interface RackPlan {
  hosts: HostPlan[]
  lans: LanPlan[]
  internet: boolean
  /** Missing where there is none. */
  ssh?: boolean
}

/** What one rack may have at most; the operator's to set. */
export interface RackLimits {
  hosts: number
  lans: number
  memoryBytes: number
  diskBytes: number
  pids: number
}

export const defaultRackLimits: RackLimits = {
  hosts: 8,
  lans: 8,
  memoryBytes: 8192 * MIB,
  diskBytes: 32_768 * MIB,
  pids: 16_384,
}

/** Enough for an Engine, a swarm and some ten small containers, or for the tools of a laptop. */
export const defaultHostLimits: Record<HostKind, HostLimits> = {
  docker: { memoryBytes: 1024 * MIB, diskBytes: 4096 * MIB, pids: 2048, cpuShares: 1024 },
  plain: { memoryBytes: 256 * MIB, diskBytes: 512 * MIB, pids: 512, cpuShares: 1024 },
}

/**
 * Networks that a LAN can't use: loopback, link-local, multicast, `docker0` of every Engine, and the transit
 * network between a LAN and the machine.
 */
export const reserved: readonly (readonly [network: string, use: string])[] = [
  ['0.0.0.0/8', '"this network" (RFC 1122)'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local (RFC 3927)'],
  ['172.17.0.0/16', 'the default bridge, docker0, of every docker host'],
  ['198.18.0.0/15', "vethlab's own transit to the internet"],
  ['224.0.0.0/3', 'multicast and reserved'],
]

/**
 * Checks a topology and fills in every default.
 * @throws VethlabError topology.* with the place inside the topology and the cure
 */
export function resolveTopology(input: unknown, limits: RackLimits = defaultRackLimits): RackPlan {
  const parsed = safeParse(Topology, input)
  if (!parsed.success) throw fromZod(parsed.error, input)
  const topology = parsed.data
  const hostNames = Object.keys(topology.hosts)
  if (hostNames.length === 0) {
    throw invalid('hosts', 'a rack without a host', 'Name at least one, such as `node1: docker`.')
  }
  if (hostNames.length > limits.hosts) {
    throw tooMany('hosts', `${hostNames.length} hosts, and at most ${limits.hosts} are allowed`)
  }
  if (Object.keys(topology.lans).length > limits.lans) {
    throw tooMany('lans', `${Object.keys(topology.lans).length} LANs, and at most ${limits.lans} are allowed`)
  }

  const lans: LanPlan[] = []
  const interfaces = new Map<string, InterfacePlan[]>(hostNames.map((name) => [name, []]))
  for (const [name, lan] of Object.entries(topology.lans)) {
    const plan = planLan(name, lan, lans)
    lans.push(plan)
    const taken = new Map<string, string>([[plan.gateway, 'the gateway']])
    if (plan.gateway6) taken.set(plan.gateway6, 'the gateway')
    for (const [host, at] of Object.entries(lan.at)) {
      const legs = interfaces.get(host)
      const place = `lans.${name}.at.${host}`
      if (!legs) {
        throw invalid(
          place,
          'there is no such host',
          `${didYouMean(host, hostNames)}Hosts are: ${hostNames.join(', ')}.`,
        )
      }
      legs.push(planInterface(place, plan, typeof at === 'string' ? { address: at } : at, legs, taken, host))
    }
  }

  const hosts = hostNames.map((name): HostPlan => {
    const raw = topology.hosts[name]!
    const asked = typeof raw === 'string' ? { kind: raw } : raw
    const base = defaultHostLimits[asked.kind]
    return {
      name,
      kind: asked.kind,
      limits: {
        memoryBytes: asked.memory ?? base.memoryBytes,
        diskBytes: asked.disk ?? base.diskBytes,
        pids: asked.pids ?? base.pids,
        cpuShares: asked.cpu ?? base.cpuShares,
      },
      interfaces: interfaces.get(name)!,
    }
  })
  for (const key of ['memoryBytes', 'diskBytes', 'pids'] as const) {
    const sum = hosts.reduce((total, host) => total + host.limits[key], 0)
    if (sum > limits[key]) {
      const show = (value: number) => (key === 'pids' ? `${value}` : `${Math.ceil(value / MIB)}m`)
      throw tooMany(
        'hosts',
        `the hosts' ${key.replace('Bytes', '')} adds up to ${show(sum)}, and a rack has ${show(limits[key])}`,
      )
    }
  }
  // A rack's weight against other racks does not grow with its number of hosts: they share one host's.
  const weight = hosts.reduce((total, host) => total + host.limits.cpuShares, 0)
  for (const host of hosts) host.limits.cpuShares = Math.max(2, Math.round((1024 * host.limits.cpuShares) / weight))
  return { hosts, lans, internet: topology.internet, ...(topology.ssh ? { ssh: true } : {}) }
}

function planLan(name: string, lan: z.infer<typeof LanObject>, others: LanPlan[]): LanPlan {
  const place = `lans.${name}.subnet`
  const [network, prefix] = parseCidr(lan.subnet, 'ipv4', place)
  if (prefix > 30) throw invalid(place, `${lan.subnet} has no room for hosts`, 'Use a prefix of at most /30.')
  for (const [range, use] of reserved) {
    if (overlaps([network, prefix], ipaddr.parseCIDR(range))) {
      throw overlap(place, `${lan.subnet} overlaps ${range}, which is ${use}`)
    }
  }
  for (const other of others) {
    if (overlaps([network, prefix], ipaddr.parseCIDR(`${other.subnet}/${other.prefix}`))) {
      throw overlap(place, `${lan.subnet} overlaps ${other.subnet}/${other.prefix} of LAN ${other.name}`)
    }
  }
  const plan: LanPlan = {
    name,
    subnet: network.toString(),
    prefix,
    gateway: '',
    mtu: lan.mtu ?? 1500,
  }
  plan.gateway = lan.gateway
    ? parseAddress(lan.gateway, plan, `lans.${name}.gateway`)
    : addressAt(network.toByteArray(), 1)
  if (lan.subnet6) {
    const place6 = `lans.${name}.subnet6`
    const [network6, prefix6] = parseCidr(lan.subnet6, 'ipv6', place6)
    if (prefix6 > 120) throw invalid(place6, `${lan.subnet6} has no room for hosts`, 'Use a prefix of at most /120.')
    for (const other of others) {
      if (other.subnet6 && overlaps([network6, prefix6], ipaddr.parseCIDR(`${other.subnet6}/${other.prefix6}`))) {
        throw overlap(place6, `${lan.subnet6} overlaps ${other.subnet6}/${other.prefix6} of LAN ${other.name}`)
      }
    }
    plan.subnet6 = network6.toString()
    plan.prefix6 = prefix6
    plan.gateway6 = addressAt(network6.toByteArray(), 1)
  }
  return plan
}

function planInterface(
  place: string,
  lan: LanPlan,
  at: z.infer<typeof Attachment>,
  legs: InterfacePlan[],
  taken: Map<string, string>,
  host: string,
): InterfacePlan {
  const claim = (address: string, where: string) => {
    const holder = taken.get(address)
    if (holder) {
      throw new VethlabError('topology.duplicate-address', `${address} is already the address of ${holder}`, {
        place: where,
        cure: 'Give each host an address of its own.',
      })
    }
    taken.set(address, host)
    return address
  }
  const leg: InterfacePlan = {
    lan: lan.name,
    name: at.interface ?? freeInterfaceName(legs),
    address: at.address
      ? claim(parseAddress(at.address, lan, place), place)
      : claim(firstFree(lan, taken, place), place),
    prefix: lan.prefix,
  }
  if (leg.name === 'lo' || leg.name === 'docker0' || legs.some((other) => other.name === leg.name)) {
    throw invalid(`${place}.interface`, `${leg.name} is already taken in this host`, 'Choose another name.')
  }
  if (lan.subnet6 !== undefined && lan.prefix6 !== undefined) {
    const where = `${place}.address6`
    // Without one of its own, the IPv6 host part follows the IPv4 one, so that people can tell which is which.
    const last = ipaddr.parse(leg.address).toByteArray().at(-1)!
    leg.address6 = claim(parseAddress6(at.address6 ?? `::${last.toString(16)}`, lan, where), where)
    leg.prefix6 = lan.prefix6
  } else if (at.address6) {
    throw invalid(`${place}.address6`, `LAN ${lan.name} has no IPv6 network`, 'Give the LAN a `subnet6`.')
  }
  return leg
}

function freeInterfaceName(legs: InterfacePlan[]): string {
  for (let n = 0; ; n++) if (!legs.some((leg) => leg.name === `eth${n}`)) return `eth${n}`
}

function firstFree(lan: LanPlan, taken: Map<string, string>, place: string): string {
  const base = ipaddr.parse(lan.subnet).toByteArray()
  const size = 2 ** (32 - lan.prefix)
  for (let n = Math.min(11, size - 2); n < size - 1; n++) {
    const address = addressAt(base, n)
    if (!taken.has(address)) return address
  }
  throw invalid(place, `no free address is left in ${lan.subnet}/${lan.prefix}`, 'Use a larger subnet.')
}

/** The nth address of a network, given its bytes. */
function addressAt(base: number[], n: number): string {
  const bytes = [...base]
  let carry = n
  for (let i = bytes.length - 1; i >= 0 && carry > 0; i--) {
    const sum = bytes[i]! + (carry & 0xff)
    bytes[i] = sum & 0xff
    carry = (carry >> 8) + (sum >> 8)
  }
  return ipaddr.fromByteArray(bytes).toString()
}

function parseCidr(text: string, kind: 'ipv4' | 'ipv6', place: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  const example = kind === 'ipv4' ? '192.168.1.0/24' : 'fd00:1::/64'
  if (!ipaddr.isValidCIDR(text) || ipaddr.parseCIDR(text)[0].kind() !== kind) {
    throw invalid(place, `"${text}" is no ${kind === 'ipv4' ? 'IPv4' : 'IPv6'} network`, `Write it as ${example}.`)
  }
  const [address, prefix] = ipaddr.parseCIDR(text)
  const network = kind === 'ipv4' ? ipaddr.IPv4.networkAddressFromCIDR(text) : ipaddr.IPv6.networkAddressFromCIDR(text)
  if (address.toString() !== network.toString()) {
    throw invalid(place, `${text} has host bits set`, `Write the network's own address: ${network}/${prefix}.`)
  }
  return [network, prefix]
}

function parseAddress(text: string, lan: LanPlan, place: string): string {
  let full = text
  if (/^(\.\d{1,3}){1,3}$/.test(text)) {
    const tail = text.slice(1).split('.')
    full = [...lan.subnet.split('.').slice(0, 4 - tail.length), ...tail].join('.')
  }
  if (!ipaddr.IPv4.isValidFourPartDecimal(full)) {
    throw invalid(
      place,
      `"${text}" is no IPv4 address`,
      `Write it as ${addressAt(ipaddr.parse(lan.subnet).toByteArray(), 11)} or .11.`,
    )
  }
  const address = ipaddr.IPv4.parse(full)
  const range = `${lan.subnet}/${lan.prefix}`
  if (!address.match(ipaddr.IPv4.parseCIDR(range))) {
    throw invalid(place, `${full} is outside ${range}`, 'Choose an address inside the LAN.')
  }
  if (
    full === ipaddr.IPv4.networkAddressFromCIDR(range).toString() ||
    full === ipaddr.IPv4.broadcastAddressFromCIDR(range).toString()
  ) {
    throw invalid(place, `${full} is the network or broadcast address of ${range}`, 'Choose another address.')
  }
  return address.toString()
}

function parseAddress6(text: string, lan: LanPlan, place: string): string {
  const full = text.startsWith('::') ? lan.subnet6!.replace(/::$/, '') + text : text
  if (!ipaddr.IPv6.isValid(full))
    throw invalid(place, `"${text}" is no IPv6 address`, 'Write it as fd00:1::11 or ::11.')
  const address = ipaddr.IPv6.parse(full)
  if (!address.match(ipaddr.IPv6.parseCIDR(`${lan.subnet6}/${lan.prefix6}`))) {
    throw invalid(place, `${full} is outside ${lan.subnet6}/${lan.prefix6}`, 'Choose an address inside the LAN.')
  }
  return address.toString()
}

function overlaps(a: [ipaddr.IPv4 | ipaddr.IPv6, number], b: [ipaddr.IPv4 | ipaddr.IPv6, number]): boolean {
  if (a[0].kind() !== b[0].kind()) return false
  const prefix = Math.min(a[1], b[1])
  return (a[0] as ipaddr.IPv4).match(b[0] as ipaddr.IPv4, prefix)
}

/** All that is wrong with a topology, as far as it can be told at once, with the path of each. */
export function topologyIssues(input: unknown): SchemaIssue[] {
  const parsed = safeParse(Topology, input)
  if (!parsed.success) return schemaIssues(Topology, parsed.error, input)
  try {
    resolveTopology(input)
    return []
  } catch (error) {
    if (!(error instanceof VethlabError)) throw error
    const { place, what, cure } = error
    return [{ path: place === 'topology' ? [] : place.split('.'), what, cure }]
  }
}

function fromZod(error: z.ZodError, input: unknown): VethlabError {
  const { path, what, cure } = schemaIssues(Topology, error, input)[0]!
  const place = path.map(String).join('.') || 'topology'
  return new VethlabError(what.startsWith('unknown key') ? 'topology.unknown-key' : 'topology.invalid', what, {
    place,
    cure,
  })
}

function invalid(place: string, what: string, cure: string): VethlabError {
  return new VethlabError('topology.invalid', what, { place, cure })
}
function overlap(place: string, what: string): VethlabError {
  return new VethlabError('topology.overlap', what, { place, cure: 'Choose a subnet of its own for each LAN.' })
}
function tooMany(place: string, what: string): VethlabError {
  return new VethlabError('topology.too-many-hosts', what, {
    place,
    cure: 'Make the rack smaller, or raise its limits.',
  })
}
