import {
  canonicalAddress,
  holds,
  type IpFamily,
  ipFamilyOf,
  isAny,
  isLoopback,
  sameAddress,
} from '../network/addresses.js'
import { outLink, routeFor } from '../network/routing.js'
import type { Container, Endpoint, NetworkState, PublishedPort } from '../network/state.js'
import {
  addressesOf,
  endpointsOf,
  isInHostNamespace,
  isLive,
  type LivePlace,
  ownNamespace,
  type Place,
  placeOf,
} from './place.js'
import { holdersOf, holdersOn } from './segment.js'

/** Which addresses lead to a place, and whose an address is. */

/** All addresses of a place, those of its legs on Docker networks first. */
export function ownAddresses(place: Place): string[] {
  const legs = endpointsOf(place).flatMap(({ address, address6 }) => [address, address6])
  const links = place.namespace ? addressesOf(place.namespace) : []
  return [
    ...new Set([...legs, ...links].flatMap((one) => (one === undefined ? [] : (canonicalAddress(one) ?? [])))),
  ].toSorted((a, b) => Number(a.includes(':')) - Number(b.includes(':')))
}

/** Its address on one network, a Docker network's name or a LAN's; of one family, where that is said, else IPv4 first. */
export function addressOn(place: LivePlace, network: string, family?: IpFamily): string | undefined {
  const leg = endpointsOf(place).find((endpoint) => endpoint.network === network)
  if (leg) return family === 'ipv6' ? leg.address6 : family === 'ipv4' ? leg.address : (leg.address ?? leg.address6)
  const bridge = place.host.engine?.networks.find(({ name }) => name === network)?.bridge
  const link = place.namespace.links.find(
    ({ lan, name }) => lan === network || (isInHostNamespace(place) && bridge !== undefined && name === bridge),
  )
  return link?.addresses.find(({ scope, address }) => scope === 'global' && isOf(family, address))?.address
}

/** Names of the Docker networks that both are on. */
export function commonNetworks(a: Place, b: Place): string[] {
  const ids = new Set(endpointsOf(a).map(({ networkId }) => networkId))
  return [
    ...new Set(
      endpointsOf(b)
        .filter(({ networkId }) => ids.has(networkId))
        .map(({ network }) => network),
    ),
  ]
}

function isOf(family: IpFamily | undefined, address: string): boolean {
  return family === undefined || ipFamilyOf(address) === family
}

/** By which addresses one place would try to reach another, the best first; those of one family, where that is said. */
export function addressesTowards(from: LivePlace, to: LivePlace, family?: IpFamily): string[] {
  const all = ownAddresses(to).filter((address) => isOf(family, address))
  if (from.namespace.id === to.namespace.id) return all.length > 0 ? all : [family === 'ipv6' ? '::1' : '127.0.0.1']
  const common = commonNetworks(from, to).flatMap((network) => addressOn(to, network, family) ?? [])
  if (common.length > 0) return unique(common)
  if (isInHostNamespace(to)) {
    const theirs = ownNamespace(to.host).links.filter(({ lan }) => lan !== undefined)
    const ours = ownNamespace(from.host).links.flatMap(({ lan }) => lan ?? [])
    const onLans = (links: typeof theirs) =>
      links.flatMap(({ addresses }) =>
        addresses
          .filter(({ scope, address }) => scope === 'global' && isOf(family, address))
          .map(({ address }) => address),
      )
    const shared = onLans(theirs.filter(({ lan }) => ours.includes(lan!)))
    const lans = shared.length > 0 ? shared : onLans(theirs)
    if (lans.length > 0) return unique(lans).toSorted((a, b) => Number(a.includes(':')) - Number(b.includes(':')))
  }
  const near = all.filter((address) => isNeighbour(from, address))
  return unique([...near, ...all])
}

/** Whether an address is in a subnet that one of the place's own links is in. */
export function isNeighbour(from: LivePlace, address: string): boolean {
  return from.namespace.links.some(({ addresses }) =>
    addresses.some((own) => own.scope === 'global' && holds(`${own.address}/${own.prefix}`, address)),
  )
}

/**
 * Who in the rack has an address, as seen from a place, the likeliest first: who shares the segment that its route leads to
 * straight away, then who is on its own host, since `172.17.0.2` may be on each of them. Where the route has no gateway,
 * nobody but those on that segment can be meant, as long as there is one.
 */
export function ownersOf(address: string, state: NetworkState, from: LivePlace): LivePlace[] {
  if (isLoopback(address)) return [from]
  const all = holdersOf(address, state).filter(({ link }) => link.kind !== 'loopback')
  const link = outLink(from.namespace, address)
  const gateway = routeFor(from.namespace, address)?.gateway
  const near = link && gateway === undefined ? holdersOn({ place: from, link }, address, state) : []
  const meant = near.length > 0 ? near.map(({ place }) => place) : all.map(({ place }) => place)
  return meant
    .filter((place, at) => meant.findIndex(({ namespace }) => namespace.id === place.namespace.id) === at)
    .toSorted((a, b) => Number(b.host.name === from.host.name) - Number(a.host.name === from.host.name))
}

/** Running containers that a name means to the Engine's DNS server: by name, alias, or as tasks of a service. */
export function namedSo(name: string, state: NetworkState): LivePlace[] {
  const isCalled = ({ name: own, labels, endpoints }: Container) =>
    own === name ||
    labels['com.docker.swarm.service.name'] === name ||
    endpoints.some(({ aliases, dnsNames }) => aliases.includes(name) || dnsNames.includes(name))
  return state.hosts.flatMap((host) =>
    (host.engine?.containers ?? [])
      .filter(isCalled)
      .map((container) => placeOf(host, container, `${host.name}/${container.name}`))
      .filter(isLive),
  )
}

/** The running container that a host has published a port for, and how; not one that has the port as the host itself. */
export function publisherAt(
  place: LivePlace,
  { address, port, protocol }: { address: string; port: number; protocol: PublishedPort['protocol'] },
): { container: Container; mapping: PublishedPort } | undefined {
  const { host, namespace } = place
  if (!isInHostNamespace(place)) return undefined
  const containers = (host.engine?.containers ?? []).filter(
    (container) => container.state === 'running' && container.namespace !== namespace.id,
  )
  for (const container of containers) {
    const mapping = container.ports.find(
      (one) =>
        one.hostPort === port &&
        one.protocol === protocol &&
        (isAny(one.hostAddress) || sameAddress(one.hostAddress, address)),
    )
    if (mapping) return { container, mapping }
  }
  return undefined
}

/** A container that a name means to the DNS server of another one, and its legs of that name. */
export interface Called {
  place: Place
  legs: Endpoint[]
}

/** Whoever has a name on a network of a place, whether it runs or not. The Engine's DNS server tells no cases apart (RFC 4343). */
export function calledBeside(from: Place, name: string, { hosts }: NetworkState): Called[] {
  const lower = name.toLowerCase()
  const networks = new Set(endpointsOf(from).map(({ networkId }) => networkId))
  return hosts.flatMap((host) =>
    (host.engine?.containers ?? []).flatMap((container): Called[] => {
      const legs = container.endpoints.filter(
        ({ networkId, aliases, dnsNames }) =>
          networks.has(networkId) && [...aliases, ...dnsNames].some((one) => one.toLowerCase() === lower),
      )
      return legs.length > 0 ? [{ place: placeOf(host, container), legs }] : []
    }),
  )
}

function unique(addresses: string[]): string[] {
  return [...new Set(addresses)]
}
