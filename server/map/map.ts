import type { Text } from '../wording/text.js'

/**
 * A rack's network as a picture: what there is, and what is tied to what. Serialisable, and made from a NetworkState alone.
 * Who draws it decides where things stand; the ids are steady, so that what did not change need not move.
 */
export interface NetworkMap {
  /** ISO 8601. */
  takenAt: string
  /** In the order of reading: LANs first, then each host followed by all that is in it. */
  elements: MapElement[]
  ties: MapTie[]
}

/** A container in many networks has a line for each, as long as that can be drawn. */
export const mostNotes = 8

export type MapElementKind =
  | 'lan'
  | 'host'
  /** A link of the host itself that leads to a LAN, such as eth0, or stands on one (a vlan). */
  | 'interface'
  /** A bridge of the host or of an overlay, called after its Docker network where it has one. */
  | 'bridge'
  /** A VXLAN device. */
  | 'vxlan'
  | 'container'
  /** A network namespace that no container of the Engine is in, though somebody put it there. */
  | 'namespace'
  /** A published port. */
  | 'port'
  /** A service of a swarm. */
  | 'service'

export interface MapElement {
  /** The same for the same thing as long as it is there: `lan:lan`, `host:node1`, `node1/container:web`, `node1/bridge:br-0123`. */
  id: string
  kind: MapElementKind
  /** Id of the host that it is in; LANs, hosts and services have none. */
  parent?: string
  /** Short name, shown in the picture. */
  label: string
  /** At most `mostNotes` short lines below it, such as an address or a driver. */
  notes: string[]
  /** `down`: there, but it carries nothing (a link that is down or cut, a container that does not run). */
  state: 'up' | 'down'
  /** One sentence with all that the picture shows of it; in the order of `elements` they are the reading as text. */
  sentence: Text
  /** What there is to know, for whoever selects it. */
  facts: MapFact[]
  /** Commands by which a learner sees the same, and the host they run in. */
  commands: { host: string; text: string }[]
}

export interface MapFact {
  /** Such as "Addresses". */
  name: Text
  /** One line each, as tools write them: addresses, routes, rules, neighbours. At most 40; the last says if there are more. */
  values: string[]
}

export type MapTieKind =
  /** An interface's cable to its LAN. */
  | 'cable'
  /** A veth pair: a container's leg on a bridge. */
  | 'veth'
  /** A macvlan or ipvlan child, or a vlan, on its parent. */
  | 'child'
  /** One end of a VXLAN to another host's. */
  | 'tunnel'
  /** A link that is a port of a bridge, other than a veth of a container. */
  | 'member'
  /** A bridge and the interface of its host's way out: the host routes between them, and may translate addresses. */
  | 'routed'
  /** A container in the namespace of its host or of another container. */
  | 'shares'
  /** A published port and its container or service. */
  | 'publishes'
  /** A task of a service. */
  | 'task'

export interface MapTie {
  /** As steady as those of elements. */
  id: string
  kind: MapTieKind
  /** Ids of elements. */
  from: string
  to: string
  /** `down`: cut, or without carrier. */
  state: 'up' | 'down'
  /** Short text at either end, such as `veth1f2e` and `eth0`. */
  fromLabel?: string
  toLabel?: string
  sentence: Text
}

/** A few plain words on what is different between two states. */
export interface Change {
  /** `` `docker0` now has `172.17.0.1/16` ``; data within backticks. */
  text: Text
  /** Ids of the elements and ties of the map (of before, where they are gone) that it is about. */
  about: string[]
  kind: 'added' | 'removed' | 'changed'
}
