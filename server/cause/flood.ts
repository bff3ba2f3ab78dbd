import type { Sighting } from '../network/observation.js'
import type { Link, NetworkState } from '../network/state.js'
import { type LivePlace, linkOf, placeAt } from '../place/place.js'
import { type Leg, otherEnd } from '../place/segment.js'

/**
 * Whether a sighting is of a copy that a bridge sent to others. A bridge that does not know a MAC address sends the frame through all
 * of its ports (IEEE 802.1D, 7.7), and the last of these copies is not where the packet went: that is the port of the one who has the
 * address. Where nobody behind a port of the bridge has it, all copies stay.
 */
export function isFlooded(sighting: Sighting, state: NetworkState): boolean {
  const { direction, lan, host, namespace, frame, role } = sighting
  const destination = frame.destination?.toLowerCase()
  if (lan !== undefined || destination === undefined || isForMany(destination)) return false
  const place = placeAt(state, host, namespace)
  const link = place && linkOf(place.namespace, sighting)
  if (!place || !link) return false
  if (direction === 'out') return isSentAstray({ place, link }, destination)
  return role !== 'neighbour' && isStranger({ place, link }, destination)
}

/** Out of a port of a bridge that does not lead to the one who has the address, while another one of its ports does. */
function isSentAstray({ place, link }: Leg, destination: string): boolean {
  if (link.master === undefined) return false
  const behind = (port: Link) => {
    const end = otherEnd({ place, link: port })?.link
    // Behind a port of another bridge may be anybody.
    return end?.master === undefined ? end?.mac.toLowerCase() : undefined
  }
  const mac = behind(link)
  if (mac === undefined || mac === destination) return false
  return place.namespace.links.some((port) => port.master === link.master && behind(port) === destination)
}

/** Come in at an interface that it is not meant for. */
function isStranger({ place, link }: Leg, destination: string): boolean {
  if (link.master !== undefined || /^(loopback|bridge|vxlan)$/.test(link.kind)) return false
  const macs = [link, ...childrenOf(place, link)].map(({ mac }) => mac.toLowerCase())
  return !macs.includes(destination)
}

/** What stands on a link, such as the macvlan links of containers. */
function childrenOf({ host, namespace }: LivePlace, { name }: Link): Link[] {
  return host.namespaces
    .flatMap(({ links }) => links)
    .filter(({ parent }) => parent?.namespace === namespace.id && parent.name === name)
}

/** Group addresses have the lowest bit of their first byte set (IEEE 802). */
function isForMany(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1
}
