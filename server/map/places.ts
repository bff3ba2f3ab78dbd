import type { Container, EngineNetwork, HostState, Link, NamespaceState, NetworkState } from '../network/state.js'
import {
  bridgeId,
  containerId,
  containerScope,
  hostId,
  interfaceId,
  namespaceId,
  namespaceScope,
  overlayScope,
  type Scope,
  vethId,
  vxlanId,
} from './ids.js'

/** A network namespace of a host, as the map has it. */
export interface Place {
  host: HostState
  namespace: NamespaceState
  kind: 'host' | 'container' | 'overlay' | 'namespace'
  /** The element that stands for it; of an overlay's own namespace its bridges and tunnels do. */
  element?: string
  scope: Scope
  /** What learners call it. */
  label: string
  /** The container that the others in it share with. */
  container?: Container
  /** The network whose namespace the Engine made, where that is known. */
  network?: EngineNetwork
  links: ReadonlyMap<string, Link>
}

/** One end of a link: where it is. */
export interface End {
  place: Place
  link: Link
}

/** Devices that the kernel makes by itself in every namespace as soon as their module is there; they are down. */
const fallback = /^(?:tunl0|gre0|gretap0|erspan0|sit0|ip_vti0|ip6_vti0|ip6tnl0|ip6gre0)$/

/** Finds the places of a rack, and what of the map shows each of their links. */
export class Places {
  readonly all: Place[] = []
  private readonly byInode = new Map<string, Place>()

  constructor(state: NetworkState) {
    const networks = new Map(
      state.hosts.flatMap(({ engine }) => engine?.networks ?? []).map((network) => [network.id, network]),
    )
    for (const host of state.hosts) {
      for (const place of placesOf(host, networks)) {
        this.all.push(place)
        this.byInode.set(`${host.name} ${place.namespace.id}`, place)
      }
    }
  }

  /** @param namespace inode */
  find(host: string, namespace: string | undefined): Place | undefined {
    return namespace === undefined ? undefined : this.byInode.get(`${host} ${namespace}`)
  }

  on(host: HostState): Place[] {
    return this.all.filter((place) => place.host === host)
  }

  peerOf({ place, link }: End): End | undefined {
    return this.follow(place, link.peer)
  }

  parentOf({ place, link }: End): End | undefined {
    return this.follow(place, link.parent)
  }

  private follow({ host }: Place, reference: Link['peer']): End | undefined {
    const place = this.find(host.name, reference?.namespace)
    const link = reference && place?.links.get(reference.name)
    return place && link ? { place, link } : undefined
  }

  /** Whether a link has an element of its own, and of what kind. */
  roleOf(end: End): 'bridge' | 'vxlan' | 'interface' | undefined {
    const { place, link } = end
    if (place.kind === 'container' || link.kind === 'loopback') return undefined
    if (link.kind === 'bridge' || link.kind === 'vxlan') return link.kind
    if (place.kind !== 'host' || (fallback.test(link.name) && !link.up)) return undefined
    const peer = link.kind === 'veth' ? this.peerOf(end) : undefined
    // Of a pair that leads out of a bridge, the tie shows both ends.
    return peer && peer.place !== place && bridgeOf(end) ? undefined : 'interface'
  }

  /** The element that a link belongs to: its own, its bridge's, or its namespace's. */
  holderOf(end: End): string | undefined {
    const { place, link } = end
    const role = this.roleOf(end)
    if (role === 'bridge') return bridgeId(place.host.name, link.name, place.scope)
    if (role === 'vxlan') return vxlanId(place.host.name, link.name, place.scope)
    if (role === 'interface') return interfaceId(place.host.name, link.name, place.scope)
    const bridge = place.kind === 'container' ? undefined : bridgeOf(end)
    return bridge ? bridgeId(place.host.name, bridge.name, place.scope) : place.element
  }

  /**
   * Ids of what shows a link in the map: its own element, else its pair's tie and the element that holds it.
   * @param namespace inode; empty where the map does not know the link
   */
  shows(host: string, namespace: string, link: string): string[] {
    const place = this.find(host, namespace)
    const found = place?.links.get(link)
    if (!place || !found) return []
    const end = { place, link: found }
    const holder = this.holderOf(end)
    const peer = found.kind === 'veth' ? this.peerOf(end) : undefined
    const tie = peer && this.pairOf(end, peer)?.id
    return [...(tie ? [tie] : []), ...(holder ? [holder] : [])]
  }

  /** The tie of a veth pair, from the end nearer to the host to the inner one. */
  pairOf(one: End, other: End): { id: string; outer: End; inner: End; from: string; to: string } | undefined {
    const [outer, inner] = this.isInner(one, other) ? [other, one] : [one, other]
    const from = this.holderOf(outer)
    const to = this.holderOf(inner)
    if (from === undefined || to === undefined || from === to) return undefined
    return { id: vethId(to, inner.link.name), outer, inner, from, to }
  }

  private isInner(one: End, other: End): boolean {
    const ranks = [one, other].map(({ place }) => rank[place.kind])
    if (ranks[0] !== ranks[1]) return ranks[0]! > ranks[1]!
    return nameOf(one) > nameOf(other)
  }
}

const rank = { host: 0, overlay: 1, namespace: 2, container: 3 }

const nameOf = ({ place, link }: End) => `${place.scope}${link.name}`

/** The bridge that a link is a port of. */
export function bridgeOf({ place, link }: End): Link | undefined {
  const master = link.master === undefined ? undefined : place.links.get(link.master)
  return master?.kind === 'bridge' ? master : undefined
}

function placesOf(host: HostState, networks: ReadonlyMap<string, EngineNetwork>): Place[] {
  const containers = host.engine?.containers ?? []
  const places = host.namespaces.map((namespace): Place => {
    const links = new Map(namespace.links.map((link) => [link.name, link]))
    const common = { host, namespace, links }
    const { owner } = namespace
    if (owner.kind === 'host') {
      return { ...common, kind: 'host', element: hostId(host.name), scope: '', label: host.name }
    }
    if (owner.kind === 'container') {
      const inside = owner.containers.flatMap((name) => containers.find((one) => one.name === name) ?? [])
      const main = inside.find(({ sharesWith }) => sharesWith === undefined) ?? inside[0]
      const name = main?.name ?? owner.containers[0] ?? namespace.id
      return {
        ...common,
        kind: 'container',
        element: containerId(host.name, name),
        scope: containerScope(name),
        label: name,
        ...(main ? { container: main } : {}),
      }
    }
    if (owner.kind === 'engine') return enginePlace(common, owner.name, networks)
    return { ...common, kind: 'namespace', scope: '', label: '' }
  })
  nameUnknown(host, places)
  return places
}

/** libnetwork calls an overlay's namespace after the network's id, `1-vp0kgxhmb2`, and a balancer's `lb_vp0kgxhmb`. */
function enginePlace(
  common: Pick<Place, 'host' | 'namespace' | 'links'>,
  name: string,
  networks: ReadonlyMap<string, EngineNetwork>,
): Place {
  const { host, namespace } = common
  const numbers = new Set(namespace.links.flatMap(({ vxlan }) => vxlan?.id ?? []))
  const [, kind, id = ''] = /^(\d+-|lb_)(.+)$/.exec(name) ?? []
  const own = host.engine?.networks ?? []
  const named = (candidates: Iterable<EngineNetwork>) =>
    id === '' ? undefined : [...candidates].find((network) => network.id.startsWith(id))
  const network =
    named(own) ?? own.find(({ vxlanIds }) => vxlanIds.some((number) => numbers.has(number))) ?? named(networks.values())
  const known = network ? { network } : {}
  if ((kind !== undefined && kind !== 'lb_') || numbers.size > 0) {
    const label = network?.name ?? name
    return { ...common, ...known, kind: 'overlay', scope: overlayScope(label), label }
  }
  return {
    ...common,
    ...known,
    kind: 'namespace',
    element: namespaceId(host.name, name),
    scope: namespaceScope(name),
    label: name,
  }
}

/** What nobody has named is called after the links that lead to it, since an inode means nothing to anybody. */
function nameUnknown(host: HostState, places: Place[]): void {
  const open = places.filter(({ label }) => label === '')
  const names = open.map(({ namespace }) => {
    if (namespace.names[0] !== undefined) return namespace.names[0]
    const links = namespace.links.filter(({ kind, name }) => kind !== 'loopback' && !fallback.test(name))
    const first = links.map(({ peer, name }) => peer?.name ?? name).toSorted()[0]
    return first === undefined ? namespace.id : `@${first}`
  })
  for (const [index, place] of open.entries()) {
    const name = names[index]!
    const isOnly = names.indexOf(name) === names.lastIndexOf(name)
    place.label = isOnly ? name : `${name}-${place.namespace.id}`
    place.element = namespaceId(host.name, place.label)
    place.scope = namespaceScope(place.label)
  }
}
