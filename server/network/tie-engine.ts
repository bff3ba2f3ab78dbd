import { holds, sameAddress } from './addresses.js'
import type { ParsedContainer, ParsedEngine } from './parse-engine.js'
import type { Disagreement, Endpoint, EngineNetwork, Link, NamespaceState } from './state.js'

/** A namespace with what ties containers to it. */
export interface TieableNamespace {
  state: NamespaceState
  /** As the host numbers them. */
  pids: ReadonlySet<number>
}

/**
 * Ties what the Engine says to what the kernel holds: containers to the namespaces that they really are in, endpoints to
 * links, networks to bridges. Where the two disagree the kernel's word is kept.
 * @param namespaces the host's own comes first
 */
export function tieEngine(engine: ParsedEngine, namespaces: TieableNamespace[]): Disagreement[] {
  const [home] = namespaces
  if (!home) return []
  const disagreements: Disagreement[] = []
  const say = (about: string, said: string, kernel: string) => disagreements.push({ about, engine: said, kernel })
  for (const network of engine.networks) tieNetwork(network, home.state, say)
  const places = new Map(engine.containers.map((container) => [container, placeOf(container, namespaces)] as const))
  for (const [container, place] of places) {
    if (place) tieContainer(container, place.state, engine, home.state, say)
    else if (isUp(container))
      say(about(container), `${container.state}, process ${container.process ?? 0}`, 'no such process')
  }
  for (const [container, place] of places) compareMode(container, place?.state, places, home.state, say)
  nameOwners(engine.containers, places, namespaces)
  return disagreements.toSorted((a, b) => a.about.localeCompare(b.about))
}

type Say = (about: string, engine: string, kernel: string) => void
type Places = Map<ParsedContainer, TieableNamespace | undefined>

const about = ({ name }: ParsedContainer) => `container ${name}`
const isUp = ({ state }: ParsedContainer) => state === 'running' || state === 'paused'

function placeOf({ process }: ParsedContainer, namespaces: TieableNamespace[]): TieableNamespace | undefined {
  return process === undefined ? undefined : namespaces.find(({ pids }) => pids.has(process))
}

/** The Engine names a network's bridge in an option, and else after its id (libnetwork's bridge driver). */
function tieNetwork(network: EngineNetwork, home: NamespaceState, say: Say): void {
  if (network.driver !== 'bridge') return
  const name = network.options['com.docker.network.bridge.name'] || `br-${network.id.slice(0, 12)}`
  const bridge = home.links.find((link) => link.name === name && link.kind === 'bridge')
  if (!bridge) {
    say(`network ${network.name}`, `bridge ${name}`, 'no such bridge')
    return
  }
  network.bridge = name
  // Where nobody chose one, the Engine's list leaves it out.
  for (const subnet of network.subnets) {
    const gateway = bridge.addresses.find(({ address }) => holds(subnet.subnet, address))
    if (subnet.gateway === undefined && gateway) subnet.gateway = gateway.address
  }
}

function tieContainer(
  container: ParsedContainer,
  place: NamespaceState,
  engine: ParsedEngine,
  home: NamespaceState,
  say: Say,
): void {
  container.namespace = place.id
  if (place === home) return
  for (const endpoint of container.endpoints) {
    const network = engine.networks.find(({ id }) => id === endpoint.networkId)
    if (network?.driver === 'null' || network?.driver === 'host' || endpoint.networkId === '') continue
    tieEndpoint(endpoint, `${about(container)} on ${endpoint.network}`, { place, home, bridge: network?.bridge }, say)
  }
}

function tieEndpoint(
  endpoint: Endpoint,
  what: string,
  { place, home, bridge }: { place: NamespaceState; home: NamespaceState; bridge: string | undefined },
  say: Say,
): void {
  const has = (link: Link, address: string | undefined) =>
    address !== undefined && link.addresses.some((candidate) => sameAddress(candidate.address, address))
  const hostEnd = (link: Link) =>
    link.peer?.namespace === home.id ? home.links.find(({ name }) => name === link.peer?.name) : undefined
  // A MAC address stays when somebody changes the address; the links of an ipvlan all have their parent's.
  const link =
    place.links.find((candidate) => has(candidate, endpoint.address) && candidate.mac === endpoint.mac) ??
    place.links.find((candidate) => endpoint.mac !== undefined && candidate.mac === endpoint.mac) ??
    place.links.find((candidate) => has(candidate, endpoint.address) || has(candidate, endpoint.address6)) ??
    place.links.find((candidate) => bridge !== undefined && hostEnd(candidate)?.master === bridge)
  const said = endpoint.address ?? endpoint.address6 ?? 'no address'
  if (!link) {
    say(what, said, 'no such link')
    endpoint.address = undefined
    endpoint.address6 = undefined
    dropUndefined(endpoint)
    return
  }
  endpoint.link = link.name
  if (link.peer?.namespace === home.id) endpoint.hostLink = link.peer.name
  if (link.mac !== '') endpoint.mac = link.mac
  compareAddress(endpoint, link, what, say)
}

function compareAddress(endpoint: Endpoint, link: Link, what: string, say: Say): void {
  for (const [family, key] of [
    [4, 'address'],
    [6, 'address6'],
  ] as const) {
    const real = link.addresses.filter((address) => address.family === family && address.scope === 'global')
    const kept = real.find(({ address }) => address === endpoint[key]) ?? real[0]
    const said = endpoint[key]
    if (said !== undefined && kept?.address !== said) say(what, said, kept?.address ?? 'no such address')
    endpoint[key] = kept?.address
    if (family === 4 && kept) endpoint.prefix = kept.prefix
  }
  dropUndefined(endpoint)
}

function dropUndefined(endpoint: Endpoint): void {
  for (const key of ['address', 'address6'] as const) if (endpoint[key] === undefined) delete endpoint[key]
  if (endpoint.address === undefined) delete endpoint.prefix
}

/** Whether a container is in the kind of namespace that it asked for. */
function compareMode(
  container: ParsedContainer,
  place: NamespaceState | undefined,
  places: Places,
  home: NamespaceState,
  say: Say,
): void {
  if (!place) return
  const { networkMode: mode } = container
  const asked = `network mode ${mode}`
  if (mode === 'host') {
    if (place !== home) say(about(container), asked, "is not in the host's namespace")
  } else if (place === home) say(about(container), asked, "is in the host's namespace")
  else if (container.sharesWith !== undefined) {
    const other = [...places].find(([{ id, name }]) => mode === `container:${id}` || mode === `container:${name}`)
    if (other?.[1] && other[1].state !== place) say(about(container), asked, 'is in another namespace')
  } else if (mode === 'none' && container.endpoints.every(({ network }) => network === 'none')) {
    const links = place.links.filter(({ kind }) => kind !== 'loopback').map(({ name }) => name)
    if (links.length > 0) say(about(container), asked, `has ${links.slice(0, 5).join(', ')}`)
  }
}

/** By the processes where there are any, else by the name under which the Engine says that it has pinned it. */
function nameOwners(containers: ParsedContainer[], places: Places, namespaces: TieableNamespace[]): void {
  for (const { state: namespace } of namespaces) {
    if (namespace.owner.kind === 'host') continue
    const inside = containers.filter(
      (container) =>
        places.get(container)?.state === namespace ||
        (!places.get(container) && container.sandbox !== undefined && namespace.names.includes(container.sandbox)),
    )
    // Whose namespace it is comes before those who were let into it.
    const owners = inside.toSorted((a, b) => Number(a.sharesWith !== undefined) - Number(b.sharesWith !== undefined))
    if (owners.length > 0) namespace.owner = { kind: 'container', containers: owners.map(({ name }) => name) }
  }
}
