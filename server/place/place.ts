import { hasAddress } from '../network/own-address.js'
import type {
  Container,
  DnsSettings,
  Endpoint,
  EngineNetwork,
  HostState,
  Link,
  NamespaceState,
  NetworkState,
} from '../network/state.js'
import { code } from '../wording/wording.js'
import { Unanswerable } from './unanswerable.js'

/** A host, a container, or any other network namespace of a host: where something is asked, seen or wrong. */
export interface Place {
  /** As the author wrote it; else `node1`, or `node1/web` after the first container in the namespace. */
  label: string
  host: HostState
  container?: Container
  /** Missing when the container does not run. */
  namespace?: NamespaceState
  dns: DnsSettings
}

/** A place that runs, so that something can be asked from it. */
export interface LivePlace extends Place {
  namespace: NamespaceState
}

export function isLive(place: Place | undefined): place is LivePlace {
  return place?.namespace !== undefined
}

/** A container as a place; without a namespace unless it runs. */
export function placeOf(host: HostState, container: Container, label = `${host.name}/${container.name}`): Place {
  const place: Place = { label, host, container, dns: container.dns }
  const namespace = container.namespace && host.namespaces.find(({ id }) => id === container.namespace)
  if (namespace) place.namespace = namespace
  return place
}

/** A host in its own namespace; undefined where its network could not be read. */
export function hostPlace(host: HostState, label = host.name): LivePlace | undefined {
  const [namespace] = host.namespaces
  return namespace && { label, host, namespace, dns: host.dns }
}

/** A namespace of a host as a place: of the host itself, of the first container in it, or the Engine's own. */
export function placeIn(host: HostState, namespace: NamespaceState): LivePlace {
  const name = namespace.owner.kind === 'container' ? namespace.owner.containers[0] : undefined
  const container = host.engine?.containers.find((one) => one.name === name && one.namespace === namespace.id)
  const label = namespace.owner.kind === 'container' ? `${host.name}/${name ?? '?'}` : host.name
  return { label, host, namespace, dns: container?.dns ?? host.dns, ...(container ? { container } : {}) }
}

/** All namespaces of a rack. */
export function placesOf({ hosts }: NetworkState): LivePlace[] {
  return hosts.flatMap((host) => host.namespaces.map((namespace) => placeIn(host, namespace)))
}

/** By the name of a host, and the inode of a namespace in it. */
export function placeAt({ hosts }: NetworkState, host: string | undefined, namespace: string): LivePlace | undefined {
  const where = hosts.find(({ name }) => name === host)
  const found = where?.namespaces.find(({ id }) => id === namespace)
  return where && found && placeIn(where, found)
}

/** @throws Unanswerable state.incomplete */
export function ownNamespace(host: HostState): NamespaceState {
  const [own] = host.namespaces
  if (own) return own
  throw new Unanswerable('state.incomplete', {
    en: `the network of ${code(host.name)} could not be read`,
    zh: `无法读取 ${code(host.name)} 的网络状态`,
  })
}

/** Whether it is in its host's own namespace: the host itself, or a container with `--network host`. */
export function isInHostNamespace(place: Place): boolean {
  return place.namespace !== undefined && place.namespace.id === place.host.namespaces[0]?.id
}

/** All legs on Docker networks that a place has, also those of a container whose namespace it shares. */
export function endpointsOf(place: Place): Endpoint[] {
  if (!place.container || isInHostNamespace(place)) return []
  const { namespace } = place
  if (!namespace) return place.container.endpoints
  const sharing = place.host.engine?.containers.filter((container) => container.namespace === namespace.id) ?? []
  return sharing.flatMap((container) => legsOf(place.host, container))
}

/** Addresses that its links really have, without the loopback's. */
export function addressesOf(namespace: NamespaceState): string[] {
  return namespace.links
    .filter(({ kind }) => kind !== 'loopback')
    .flatMap(({ addresses }) => addresses.filter(({ scope }) => scope !== 'link').map(({ address }) => address))
}

/** The legs of a container that the kernel has as well: one whose link was deleted inside is only on paper. */
export function legsOf(host: HostState, container: Container): Endpoint[] {
  if (container.namespace === undefined) return container.endpoints
  return container.endpoints.filter(({ link, networkId }) => {
    const driver = host.engine?.networks.find(({ id }) => id === networkId)?.driver
    return link !== undefined || driver === undefined || driver === 'host' || driver === 'null'
  })
}

/** By its index where something was seen there: a learner may have renamed it since. */
export function linkOf(namespace: NamespaceState, { link, linkIndex }: { link: string; linkIndex?: number }) {
  return (
    namespace.links.find(({ index, name }) => index === linkIndex && name === link) ??
    namespace.links.find(({ name }) => name === link)
  )
}

/** The Docker network whose bridge it is. */
export function networkOfBridge(host: HostState, bridge: string | undefined): EngineNetwork | undefined {
  return bridge === undefined ? undefined : host.engine?.networks.find((network) => network.bridge === bridge)
}

/** The overlay for which the Engine keeps a namespace, called such as `1-vetw9syjco` after the network's id. */
export function overlayOf({ host, namespace }: LivePlace): EngineNetwork | undefined {
  if (namespace.owner.kind !== 'engine') return undefined
  const part = namespace.owner.name.replace(/^(lb_|\d+-)/, '')
  return host.engine?.networks.find(({ id, driver }) => driver === 'overlay' && part !== '' && id.startsWith(part))
}

/** A link that has the address. */
export function ownLink(namespace: NamespaceState, address: string): Link | undefined {
  return namespace.links.find((link) => hasAddress(link, address))
}
