import { hasAddress } from '../network/own-address.js'
import type { HostState, Link, LinkReference, NamespaceState, NetworkState } from '../network/state.js'
import { isInHostNamespace, type LivePlace, overlayOf, placeIn, placesOf } from './place.js'

/** Layer 2: on which segment a link is, and who else is on it. Two hosts may have the same address on two segments. */

/** A link of a place. */
export interface Leg {
  place: LivePlace
  link: Link
}

/** A link of a host, in whichever of its namespaces. */
function legAt(host: HostState, at: LinkReference | undefined): Leg | undefined {
  const there = at && host.namespaces.find(({ id }) => id === at.namespace)
  const link = there?.links.find(({ name }) => name === at?.name)
  return there && link ? { place: placeIn(host, there), link } : undefined
}

/** The other end of a veth pair. */
export function otherEnd({ place, link }: Leg): Leg | undefined {
  return legAt(place.host, link.peer)
}

/** The other end, where that is in the host's own namespace: of a container's link, the one that its host has. */
export function hostEnd(leg: Leg): Leg | undefined {
  const end = otherEnd(leg)
  return end && isInHostNamespace(end.place) ? end : undefined
}

/** What a link's frames go to: a LAN of the rack, a bridge of a host, or an overlay. Equal for links that hear each other. */
export function segmentOf(host: HostState, namespace: NamespaceState, link: Link): string {
  if (link.lan !== undefined) return `lan ${link.lan}`
  if (link.kind === 'bridge') return bridgeSegment(host, namespace, link.name)
  if (link.master !== undefined) return bridgeSegment(host, namespace, link.master)
  const other = /^(macvlan|macvtap|ipvlan|ipvtap)$/.test(link.kind) ? link.parent : link.peer
  const end = legAt(host, other)
  if (!end) return `link ${host.name} ${namespace.id} ${link.name}`
  const there = end.place.namespace
  if (other === link.parent) return segmentOf(host, there, end.link)
  if (end.link.master !== undefined) return bridgeSegment(host, there, end.link.master)
  // A pair by itself: both ends are one segment.
  const ends = [`${namespace.id} ${link.name}`, `${there.id} ${end.link.name}`].toSorted()
  return `pair ${host.name} ${ends.join(' ')}`
}

/** A bridge with a cable of a LAN in it is that LAN, and one with a tunnel the overlay that the tunnel leads to. */
function bridgeSegment(host: HostState, namespace: NamespaceState, bridge: string): string {
  const ports = namespace.links.filter(({ master }) => master === bridge)
  const lan = ports.find((port) => port.lan !== undefined)?.lan
  if (lan !== undefined) return `lan ${lan}`
  const overlay = overlayOf(placeIn(host, namespace))
  if (overlay) return `overlay ${overlay.id}`
  const tunnel = ports.find(({ vxlan }) => vxlan !== undefined)
  return tunnel ? `vxlan ${tunnel.vxlan!.id}` : `bridge ${host.name} ${namespace.id} ${bridge}`
}

/** Links that have an address, without those of the Engine's own namespaces. */
export function holdersOf(address: string, state: NetworkState): Leg[] {
  return placesOf(state)
    .filter(({ namespace }) => namespace.owner.kind !== 'engine')
    .flatMap((place) =>
      place.namespace.links.filter((link) => hasAddress(link, address)).map((link) => ({ place, link })),
    )
}

/** Of the holders of an address, those that a frame sent by a link can come to. */
export function holdersOn({ place, link }: Leg, address: string, state: NetworkState): Leg[] {
  const segment = segmentOf(place.host, place.namespace, link)
  return holdersOf(address, state).filter((leg) => segmentOf(leg.place.host, leg.place.namespace, leg.link) === segment)
}
