import type { EngineNetwork, HostState } from '../network/state.js'
import { listed, same, sentence, text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { bare, code } from '../wording/wording.js'
import { command } from './commands.js'
import { namespaceCommand } from './draw-vxlans.js'
import { fact, forwardingFact, linkFacts, neighboursFact, routesFact, writeAddress } from './facts.js'
import { bridgeId } from './ids.js'
import type { MapElement } from './map.js'
import type { End } from './places.js'
import { addressesOf, type Drawable, labelOf, linksOf, order, type Rack, shortName } from './rack.js'

/** Those of the host itself by name, then those of overlays and of namespaces. */
export function drawBridges(rack: Rack, host: HostState): Drawable[] {
  const networks = new Map(
    (host.engine?.networks ?? []).flatMap((one) => (one.bridge ? [[one.bridge, one] as const] : [])),
  )
  return rack
    .on(host)
    .flatMap((place) => linksOf(place).map((link): End => ({ place, link })))
    .filter((end) => rack.places.roleOf(end) === 'bridge')
    .toSorted((a, b) => order(a.place.scope + a.link.name, b.place.scope + b.link.name))
    .map((end) => ({
      id: bridgeId(host.name, end.link.name, end.place.scope),
      draw: () => drawBridge(rack, end, end.place.kind === 'host' ? networks.get(end.link.name) : end.place.network),
    }))
}

/** What learners call it: its network's name, but `docker0` for the one that is simply called `bridge`. */
export function bridgeLabel({ place, link }: End, network: EngineNetwork | undefined): string {
  if (place.kind === 'overlay') return place.label
  return network && network.name !== 'bridge' ? network.name : link.name
}

function drawBridge(rack: Rack, end: End, network: EngineNetwork | undefined): MapElement {
  const { place, link } = end
  const host = place.host.name
  const label = bridgeLabel(end, network)
  const addresses = addressesOf(link)
  const ports = rack.portsOf(end)
  const subnets = network?.subnets.map(({ subnet }) => subnet) ?? []
  const driver = place.kind === 'overlay' ? 'overlay' : undefined
  return {
    id: bridgeId(host, link.name, place.scope),
    kind: 'bridge',
    label: labelOf(label),
    notes: [
      ...(driver ? [driver] : label === link.name ? [] : [labelOf(link.name)]),
      ...(subnets.length > 0 ? subnets.slice(0, 2) : addresses.slice(0, 2).map(writeAddress)),
      ...(network?.internal ? ['internal'] : []),
    ].map((note) => bare(note, 45)),
    state: link.up ? 'up' : 'down',
    sentence: sentence([bridgeWords(end, network), addressWords(end, network), portWords(rack, ports), downWords(end)]),
    facts: [
      ...(network ? networkFacts(network) : []),
      ...linkFacts(link),
      ...fact(
        text('Ports', '端口'),
        ports.map((port) => {
          const peer = rack.places.peerOf(port)
          const other = peer ? ` - ${peer.place.label} ${peer.link.name}` : ''
          return `${port.link.name}${other}${port.link.up ? '' : ' DOWN'}`
        }),
      ),
      ...routesFact(place.namespace, link.name),
      ...neighboursFact(place.namespace, link.name),
      ...forwardingFact(place.namespace, { master: link.name }),
      ...rack.rulesOf(place).fact(link.name),
    ],
    commands: bridgeCommands(end, network),
  }
}

function bridgeWords({ place, link }: End, network: EngineNetwork | undefined): Text {
  const [host, name] = [code(place.host.name), code(link.name)]
  if (place.kind === 'overlay') {
    return text(
      `Bridge ${name} on ${host} is overlay network ${code(place.label)}, in a namespace of its own`,
      `${host} 上的网桥 ${name} 是 overlay 网络 ${code(place.label)} 的网桥，在单独的命名空间里`,
    )
  }
  if (network) {
    const internal = network.internal ? text(', internal', '（内部网络）') : text('', '')
    return text(
      `Bridge ${name} of ${host} is Docker network ${code(network.name)}${internal.en}`,
      `${host} 的网桥 ${name} 是 Docker 网络 ${code(network.name)} 的网桥${internal.zh}`,
    )
  }
  if (place.kind === 'namespace') {
    return text(
      `Bridge ${name} is in namespace ${code(place.label)} of ${host}`,
      `网桥 ${name} 在 ${host} 的命名空间 ${code(place.label)} 里`,
    )
  }
  if (!place.host.engine) return text(`Bridge ${name} of ${host}`, `${host} 的网桥 ${name}`)
  return text(`Bridge ${name} of ${host} belongs to no Docker network`, `${host} 的网桥 ${name} 不属于任何 Docker 网络`)
}

function addressWords({ link }: End, network: EngineNetwork | undefined): Text {
  const addresses = addressesOf(link).map((one) => same(code(writeAddress(one))))
  const subnets = listed((network?.subnets ?? []).map(({ subnet }) => same(code(subnet))))
  const of = subnets.en ? text(` of subnet ${subnets.en}`, `（子网 ${subnets.zh}）`) : text('', '')
  if (addresses.length === 0) return text(`it has no address${of.en}`, `它没有地址${of.zh}`)
  return text(`it has ${listed(addresses).en}${of.en}`, `地址是 ${listed(addresses).zh}${of.zh}`)
}

function portWords(rack: Rack, ports: End[]): Text {
  if (ports.length === 0) return text('nothing is on it', '上面什么都没有接')
  const words = ports.map((port) => {
    const peer = rack.places.peerOf(port)
    if (!peer) return same(code(port.link.name))
    const name = peer.place.container ? shortName(peer.place.container) : peer.place.label
    return text(
      `${code(name)} (${code(peer.link.name)}, over ${code(port.link.name)})`,
      `${code(name)}（${code(peer.link.name)}，经由 ${code(port.link.name)}）`,
    )
  })
  const list = listed(words, 5)
  return text(`on it ${ports.length === 1 ? 'is' : 'are'} ${list.en}`, `上面接着 ${list.zh}`)
}

function downWords({ link }: End): Text | undefined {
  return link.up ? undefined : text('it is down', '它处于关闭状态')
}

function networkFacts(network: EngineNetwork) {
  const kinds = [network.driver, network.scope, network.internal && 'internal', network.attachable && 'attachable']
  return [
    ...fact(text('Docker network', 'Docker 网络'), [`${network.name} (${kinds.filter(Boolean).join(', ')})`]),
    ...fact(
      text('Subnet', '子网'),
      network.subnets.map(({ subnet, gateway, range }) =>
        [subnet, gateway && `gateway ${gateway}`, range && `range ${range}`].filter(Boolean).join(' '),
      ),
    ),
    ...fact(
      text('Options', '选项'),
      Object.entries(network.options)
        .map(([key, value]) => `${key}=${value}`)
        .toSorted(order),
    ),
  ]
}

function bridgeCommands(end: End, network: EngineNetwork | undefined) {
  const { place, link } = end
  const host = place.host.name
  const inspect = network ? command(host, ['docker', 'network', 'inspect', network.name]) : []
  if (place.kind !== 'host') return [...inspect, ...namespaceCommand(end, ['ip', 'addr', 'show', link.name])]
  return [
    ...command(host, ['ip', 'addr', 'show', link.name]),
    ...command(host, ['ip', 'link', 'show', 'master', link.name]),
    ...inspect,
    ...command(host, ['bridge', 'fdb', 'show', 'br', link.name]),
  ]
}
