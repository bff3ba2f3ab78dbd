import type { EngineNetwork, HostState, Link, NamespaceState, NetworkState } from '../network/state.js'
import { ownNamespace } from './reference.js'

/** Where in a rack something was seen, in words that a learner knows. */

/** A network namespace of a host. */
export interface Spot {
  host: HostState
  namespace: NamespaceState
  /** `node1`, or `node1/web` after the first container in it. */
  label: string
}

export function spotOf(state: NetworkState, host: string | undefined, namespace: string): Spot | undefined {
  const where = state.hosts.find(({ name }) => name === host)
  const found = where?.namespaces.find(({ id }) => id === namespace)
  return where && found ? { host: where, namespace: found, label: labelOf(where, found) } : undefined
}

export function labelOf(host: HostState, namespace: NamespaceState): string {
  const { owner } = namespace
  return owner.kind === 'container' ? `${host.name}/${owner.containers[0] ?? '?'}` : host.name
}

/** All namespaces of the rack. */
export function spotsOf(state: NetworkState): Spot[] {
  return state.hosts.flatMap((host) =>
    host.namespaces.map((namespace) => ({ host, namespace, label: labelOf(host, namespace) })),
  )
}

/** By its index where a sighting has it: a learner may have renamed it since. */
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
export function overlayOf({ host, namespace }: Spot): EngineNetwork | undefined {
  if (namespace.owner.kind !== 'engine') return undefined
  const part = namespace.owner.name.replace(/^(lb_|\d+-)/, '')
  return host.engine?.networks.find(({ id, driver }) => driver === 'overlay' && part !== '' && id.startsWith(part))
}

/** A link that has the address. */
export function ownLink(namespace: NamespaceState, address: string): Link | undefined {
  return namespace.links.find(({ addresses }) => addresses.some((own) => own.address === address))
}

export function isHostSpot({ host, namespace }: Spot): boolean {
  return ownNamespace(host).id === namespace.id
}
