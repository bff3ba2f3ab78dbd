import type { Container, HostState, Link, NamespaceState, NetworkState, Rule, SwarmNode } from '../network/state.js'
import { bare } from '../wording/wording.js'
import { RulesByLink } from './facts.js'
import type { MapElement } from './map.js'
import { bridgeOf, type End, type Place, Places } from './places.js'

/** An element that is drawn only if there is room for it. */
export interface Drawable {
  id: string
  draw: () => MapElement
}

/** A state with what is looked up in it again and again, each found once. */
export class Rack {
  readonly state: NetworkState
  readonly places: Places
  private readonly ports = new Map<Place, Map<string, End[]>>()
  private readonly rules = new Map<Place, RulesByLink>()
  private readonly translations = new Map<NamespaceState, Map<string, Rule[]>>()
  private readonly byHost = new Map<HostState, Place[]>()

  constructor(state: NetworkState) {
    this.state = state
    this.places = new Places(state)
    for (const host of state.hosts) this.byHost.set(host, this.places.on(host))
  }

  on(host: HostState): Place[] {
    return this.byHost.get(host) ?? []
  }

  home(host: HostState): Place | undefined {
    return this.on(host).find(({ kind }) => kind === 'host')
  }

  /** The links that are ports of a bridge, by name. */
  portsOf({ place, link }: End): End[] {
    let all = this.ports.get(place)
    if (!all) {
      all = new Map()
      for (const port of place.namespace.links) {
        const bridge = bridgeOf({ place, link: port })
        if (!bridge) continue
        const list = all.get(bridge.name)
        if (list) list.push({ place, link: port })
        else all.set(bridge.name, [{ place, link: port }])
      }
      for (const list of all.values()) list.sort((a, b) => order(a.link.name, b.link.name))
      this.ports.set(place, all)
    }
    return all.get(link.name) ?? []
  }

  rulesOf(place: Place): RulesByLink {
    const rules = this.rules.get(place) ?? new RulesByLink(place.namespace)
    this.rules.set(place, rules)
    return rules
  }

  /** The DNAT rules of a namespace for a port. */
  translationsOf(namespace: NamespaceState, protocol: string, port: number): Rule[] {
    let all = this.translations.get(namespace)
    if (!all) {
      all = new Map()
      for (const rule of namespace.rules) {
        if (rule.target !== 'DNAT' || rule.destinationPort === undefined) continue
        const key = `${rule.protocol ?? ''} ${rule.destinationPort}`
        const list = all.get(key)
        if (list) list.push(rule)
        else all.set(key, [rule])
      }
      this.translations.set(namespace, all)
    }
    return [...(all.get(`${protocol} ${port}`) ?? []), ...(all.get(` ${port}`) ?? [])]
  }

  /** What a manager of the rack says of a host's node. */
  nodeOf(host: HostState): SwarmNode | undefined {
    const own = host.engine?.swarm
    const all = this.state.hosts.flatMap(({ engine }) => engine?.swarm.nodes ?? [])
    const ofHost = all.filter(({ id, hostname }) => (own?.nodeId ? id === own.nodeId : hostname === host.name))
    return ofHost.find(({ state }) => state === 'ready') ?? ofHost[0]
  }

  containerById(id: string): { host: HostState; container: Container } | undefined {
    for (const host of this.state.hosts) {
      const container = host.engine?.containers.find((one) => one.id === id)
      if (container) return { host, container }
    }
    return undefined
  }
}

export function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Links of a namespace in the order of their names: indexes say in what order they were made. */
export function linksOf(place: Place): Link[] {
  const links =
    sorted.get(place) ??
    place.namespace.links.filter(({ kind }) => kind !== 'loopback').toSorted((a, b) => order(a.name, b.name))
  sorted.set(place, links)
  return links
}

const sorted = new WeakMap<Place, Link[]>()

/** What is shown of a name in the picture. */
export function labelOf(name: string): string {
  return bare(name, 40)
}

/** The tasks of a service end in an id that means nothing to anybody: `shop.1.1cidxc90j1gb4nilb9l4qqz79`. */
export function shortName({ name, labels }: Container): string {
  if (labels['com.docker.swarm.task.id'] === undefined && !/\.[0-9a-z]{25}$/.test(name)) return name
  return name.replace(/(?:\.[0-9a-z]{25})+$/, '')
}

export function addressesOf(link: Link): Link['addresses'] {
  return link.addresses.filter(({ scope }) => scope !== 'link')
}
