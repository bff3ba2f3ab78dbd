import type { Change } from '../map/map.js'
import type { Place } from '../map/places.js'
import { Rack } from '../map/rack.js'
import type { HostState, Link, NetworkState } from '../network/state.js'
import { text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { cleanText, code } from '../wording/wording.js'

/** What matters more comes first; the numbers mean nothing else. */
export const weight = {
  host: 0,
  engine: 10,
  cable: 20,
  swarm: 30,
  network: 40,
  service: 50,
  container: 60,
  membership: 70,
  port: 80,
  overlay: 90,
  namespace: 100,
  link: 110,
  address: 120,
  forwarding: 130,
  route: 140,
  policy: 150,
  rule: 160,
  socket: 170,
  neighbour: 180,
  dns: 190,
}
export type Weight = keyof typeof weight

/** The changes found so far, and between which states. */
export class ChangeList {
  readonly before: Rack
  readonly after: Rack
  private readonly found: (Change & { weight: number })[] = []

  constructor(before: NetworkState, after: NetworkState) {
    this.before = new Rack(before)
    this.after = new Rack(after)
  }

  add(kind: Change['kind'], what: Weight, words: Text, about: readonly (string | undefined)[]): void {
    const ids = [...new Set(about.filter((id): id is string => id !== undefined))]
    this.found.push({ kind, text: cleanText(words), about: ids.slice(0, 40), weight: weight[what] })
  }

  /** The most important first; those of equal weight in the order in which they were found. */
  first(most: number): Change[] {
    const sorted = this.found
      .toSorted((a, b) => a.weight - b.weight)
      .map(({ kind, text: words, about }): Change => ({ kind, text: words, about }))
    if (sorted.length <= most) return sorted
    const left = sorted.slice(most - 1)
    const about = [...new Set(left.flatMap((change) => change.about))].slice(0, 40)
    const more = text(`${left.length} more things changed`, `还有另外 ${left.length} 处变化`)
    return [...sorted.slice(0, most - 1), { kind: 'changed', text: more, about }]
  }
}

/**
 * A host before and after, with what has been told of it already: consequences are part of the sentence on their cause, and
 * only what nothing explains gets one of its own.
 */
export interface HostPair {
  name: string
  before: HostState
  after: HostState
  told: Told
}

export class Told {
  /** Inodes of namespaces whose coming, going or all is told. */
  readonly namespaces = new Set<string>()
  /** `INODE LINK` */
  readonly links = new Set<string>()
  /** Bridges of the host: the rules that name them and the routes over them come and go with them. */
  readonly bridges = new Set<string>()
  /** Subnets of networks, as in the rules for them. */
  readonly subnets = new Set<string>()
  /** Addresses of containers: Docker's own rules for them come and go with them. */
  readonly addresses = new Set<string>()
  /** `tcp 8080`: sockets of the host. */
  readonly ports = new Set<string>()
  /** Ids of containers. */
  readonly containers = new Set<string>()
  /** Names of networks. */
  readonly networks = new Set<string>()
  /** Joining or leaving a swarm brings networks, rules and sockets along. */
  swarm = false
  /** The Engine came or went: who is in which namespace is known on one side alone. */
  engine = false

  link(namespace: string, link: string | undefined): void {
    if (link !== undefined) this.links.add(`${namespace} ${link}`)
  }

  knows(namespace: string, { name }: Link): boolean {
    return this.namespaces.has(namespace) || this.links.has(`${namespace} ${name}`)
  }
}

/** ``on `node1` ``, ``in `web` on `node1` ``. */
export function at(place: Place): Text {
  const host = code(place.host.name)
  if (place.kind === 'host') return text(`on ${host}`, `${host} 上`)
  return text(`in ${code(place.label)} on ${host}`, `${host} 的 ${code(place.label)} 里`)
}

/** ``of `node1` ``, ``of `web` on `node1` ``. */
export function of(place: Place): Text {
  const host = code(place.host.name)
  if (place.kind === 'host') return text(`of ${host}`, `${host} 的`)
  return text(`of ${code(place.label)} on ${host}`, `${host} 的 ${code(place.label)} 的`)
}

/** What is in one list and not in the other, by key. */
export function split<Item>(
  before: readonly Item[],
  after: readonly Item[],
  key: (item: Item) => string,
): { added: Item[]; removed: Item[]; kept: [Item, Item][] } {
  const old = new Map(before.map((item) => [key(item), item]))
  const now = new Map(after.map((item) => [key(item), item]))
  return {
    added: [...now].filter(([name]) => !old.has(name)).map(([, item]) => item),
    removed: [...old].filter(([name]) => !now.has(name)).map(([, item]) => item),
    kept: [...now].flatMap(([name, item]): [Item, Item][] => {
      const former = old.get(name)
      return former === undefined ? [] : [[former, item]]
    }),
  }
}

/** ``and `a` ``, for a list that may be empty. */
export function optional(words: Text, en: string, zh: string): Text {
  return words.en === '' ? text('', '') : text(`${en}${words.en}`, `${zh}${words.zh}`)
}
