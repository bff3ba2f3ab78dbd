import { z } from 'zod'
import type { Endpoint, NetworkState } from '../network/state.js'
import { endpointsOf, hostPlace, isLive, type LivePlace } from '../place/place.js'
import { find, hostNamed, hostsOf, networkNamed } from '../place/reference.js'
import { ChanceName } from './chance.js'
import { hostName, linkName, name, reference } from './fields.js'
import { type Kind, kindOfWord } from './typed.js'

/** Live values: what a page shows, a run block needs, or a learner is asked for, read from the network as it is. */

const ContainerValue = z.strictObject({
  container: reference.describe('whose fact it is'),
  fact: z
    .enum(['address', 'address6', 'mac', 'gateway', 'link', 'hostLink', 'namespace', 'process'])
    .describe(
      "link: name inside the container, such as eth0; hostLink: name of the other end in the host; namespace: the kernel's number of its network namespace; process: the id of its first process in the host",
    ),
  network: name.optional().describe('which of its networks; needless where there is but one'),
})
const NetworkValue = z.strictObject({
  network: name.describe('whose fact it is'),
  host: hostName.optional().describe('the first docker host by default'),
  fact: z.enum(['subnet', 'gateway', 'bridge', 'vxlanId']).describe("bridge: the kernel's name for it"),
})
const SwarmValue = z.strictObject({
  swarm: hostName.describe('a host of the swarm; tokens are known to managers only'),
  fact: z.enum(['workerToken', 'managerToken', 'nodeAddress']).describe('what to read'),
})
const LinkValue = z.strictObject({
  link: linkName.describe('name of the link'),
  of: reference.describe('in whose network namespace it is'),
  fact: z.enum(['address', 'mac', 'mtu']).describe('what to read'),
})
const ChanceValue = z.strictObject({
  chance: ChanceName.describe("one of the lab's own values of chance, by its name"),
})

export const ValueSpec = z.union([ContainerValue, NetworkValue, SwarmValue, LinkValue, ChanceValue], {
  error: 'is no value: write `container`, `network`, `swarm` or `link`, and a `fact`, or `chance`',
})
export type ValueSpec = z.output<typeof ValueSpec>

/** What the network itself tells. */
export type LiveSpec = Exclude<ValueSpec, { chance: string }>
type Fact = LiveSpec['fact']

/** What kind of thing a value is. */
export function kindOfValue(spec: ValueSpec, value: string): Kind {
  return 'chance' in spec ? kindOfWord(value) : kinds[spec.fact]
}

const kinds: Record<Fact, Kind> = {
  address: 'address',
  address6: 'address',
  gateway: 'address',
  nodeAddress: 'address',
  subnet: 'network',
  mac: 'mac',
  link: 'link',
  hostLink: 'link',
  bridge: 'link',
  mtu: 'number',
  vxlanId: 'number',
  namespace: 'number',
  process: 'number',
  workerToken: 'word',
  managerToken: 'word',
}

/** Words that tools print before a value: ip-link(8), tcpdump(8), `docker inspect`. */
const labels: Partial<Record<Fact, readonly string[]>> = {
  mtu: ['mtu'],
  vxlanId: ['vni', 'vxlan id', 'vxlanid_list'],
  namespace: ['net'],
  process: ['pid'],
}

export function labelsOf(spec: ValueSpec): readonly string[] | undefined {
  return 'chance' in spec ? undefined : labels[spec.fact]
}

/**
 * Undefined where the network has no such thing now.
 * @param chance the rack's own values of chance
 * @throws Unanswerable reference.*, engine.*
 */
export function readValue(
  spec: ValueSpec,
  state: NetworkState,
  home: string,
  chance: Readonly<Record<string, string>> = {},
): string | undefined {
  if ('chance' in spec) return chance[spec.chance]
  if ('container' in spec) return containerFact(spec, state, home)
  if ('link' in spec) {
    const link = find(spec.of, state, home)?.namespace?.links.find((candidate) => candidate.name === spec.link)
    if (!link) return undefined
    if (spec.fact === 'mtu') return `${link.mtu}`
    return spec.fact === 'mac' ? link.mac : link.addresses.find(({ family }) => family === 4)?.address
  }
  if ('swarm' in spec) {
    const swarm = hostNamed(state, spec.swarm).engine?.swarm
    if (spec.fact === 'nodeAddress') return swarm?.nodeAddress
    return spec.fact === 'workerToken' ? swarm?.joinTokens?.worker : swarm?.joinTokens?.manager
  }
  const network = networkNamed(hostNamed(state, spec.host ?? home), spec.network)
  if (spec.fact === 'bridge') return network?.bridge
  if (spec.fact === 'vxlanId') return network?.vxlanIds[0]?.toString()
  return network?.subnets[0]?.[spec.fact]
}

/** Where the link is that a value names; undefined where it names none, or nothing of it runs. */
export function placeOfLink(spec: ValueSpec, state: NetworkState, home: string): LivePlace | undefined {
  if ('network' in spec && !('container' in spec)) return hostPlace(hostNamed(state, spec.host ?? home))
  if (!('container' in spec)) return undefined
  const place = find(spec.container, state, home)
  if (!place) return undefined
  return spec.fact === 'link' ? (isLive(place) ? place : undefined) : hostPlace(place.host)
}

function containerFact(spec: z.output<typeof ContainerValue>, state: NetworkState, home: string): string | undefined {
  const place = find(spec.container, state, home)
  if (!place) return undefined
  const { fact } = spec
  if (fact === 'namespace') return place.namespace?.id
  if (fact === 'process') return place.container?.process?.toString()
  const legs: Endpoint[] = endpointsOf(place)
  const leg = spec.network
    ? legs.find(({ network }) => network === spec.network)
    : legs.length === 1
      ? legs[0]
      : undefined
  return leg?.[fact]
}

/** Hosts that a value names, for lint. */
export function hostsOfValue(spec: ValueSpec): string[] {
  if ('container' in spec) return hostsOf(spec.container)
  if ('link' in spec) return hostsOf(spec.of)
  if ('chance' in spec) return []
  return 'swarm' in spec ? [spec.swarm] : spec.host ? [spec.host] : []
}
