import type { Observation, Sighting } from '../network/observation.js'
import type { Link, NetworkState } from '../network/state.js'
import { linkOf, placeAt } from '../place/place.js'

/**
 * What was seen, without the copies that a bridge sent to others. A bridge that does not know a MAC address sends the frame through
 * all of its ports (IEEE 802.1D, 7.7), and the last of these copies is not where the packet went: that is the port of the one who
 * has the address. Where nobody behind a port of the bridge has it, all copies stay.
 */
export function withoutFlood(observation: Observation, state: NetworkState): Observation {
  const sightings = observation.sightings.filter((sighting) => !isCopy(sighting, state))
  return sightings.length === observation.sightings.length ? observation : { ...observation, sightings }
}

function isCopy(sighting: Sighting, state: NetworkState): boolean {
  const { direction, lan, host, namespace, frame } = sighting
  const destination = frame.destination?.toLowerCase()
  if (direction !== 'out' || lan !== undefined || destination === undefined || isForMany(destination)) return false
  const place = placeAt(state, host, namespace)
  const link = place && linkOf(place.namespace, sighting)
  if (!place || link?.master === undefined) return false
  const behind = (port: Link) => endOf(port, state, host)?.mac.toLowerCase()
  const mac = behind(link)
  if (mac === undefined || mac === destination) return false
  return place.namespace.links.some((port) => port.master === link.master && behind(port) === destination)
}

/** The other end of a pair, where it is somebody's own interface and not again a port of a bridge. */
function endOf({ peer }: Link, state: NetworkState, host: string | undefined): Link | undefined {
  const place = peer && placeAt(state, host, peer.namespace)
  const link = place?.namespace.links.find(({ name }) => name === peer!.name)
  return link?.master === undefined ? link : undefined
}

/** Group addresses have the lowest bit of their first byte set (IEEE 802). */
function isForMany(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1
}
