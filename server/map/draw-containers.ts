import type { Container, HostState } from '../network/state.js'
import { listed, same, sentence, text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { bare, code } from '../wording/wording.js'
import { type Command, command } from './commands.js'
import {
  addressesFact,
  dnsFacts,
  fact,
  linksFact,
  neighboursFact,
  routesFact,
  rulesFacts,
  socketsFact,
  writeAddress,
} from './facts.js'
import { containerId } from './ids.js'
import { type MapElement, mostNotes } from './map.js'
import { bridgeOf, type End, type Place } from './places.js'
import { addressesOf, type Drawable, labelOf, linksOf, order, type Rack, shortName } from './rack.js'

export function drawContainers(rack: Rack, host: HostState): Drawable[] {
  return (host.engine?.containers ?? [])
    .toSorted((a, b) => order(a.name, b.name))
    .map((container) => ({
      id: containerId(host.name, container.name),
      draw: () => drawContainer(rack, host, container),
    }))
}

function drawContainer(rack: Rack, host: HostState, container: Container): MapElement {
  const place = rack.places.find(host.name, container.namespace)
  const isOwn = place?.kind === 'container' && place.element === containerId(host.name, container.name)
  const networks = container.endpoints.filter(({ network }) => network !== 'host' && network !== 'none')
  return {
    id: containerId(host.name, container.name),
    kind: 'container',
    label: labelOf(shortName(container)),
    notes: containerNotes(container, place, isOwn).map((note) => bare(note, 45)),
    state: place && container.state !== 'paused' ? 'up' : 'down',
    sentence: sentence([stateWords(host, container, place), ...placeWords(rack, host, container, place, isOwn)]),
    facts: [
      ...fact(text('Container', '容器'), [
        `${container.name} ${container.id.slice(0, 12)}`,
        `image ${container.image}`,
        place || container.state === 'created' ? container.state : `${container.state} (${container.exitCode})`,
        `network mode ${container.sharesWith === undefined ? container.networkMode : `container:${container.sharesWith}`}`,
        `restart ${container.restartPolicy}`,
        ...(container.health ? [`health ${container.health.status}`] : []),
        ...(container.privileged ? ['privileged'] : []),
        ...(container.capabilitiesAdded.length > 0 ? [`cap-add ${container.capabilitiesAdded.join(',')}`] : []),
      ]),
      ...fact(text('Networks', '所在网络'), networks.map(writeEndpoint)),
      ...fact(
        text('Published ports', '发布的端口'),
        container.ports.map(
          ({ hostAddress, hostPort, containerPort, protocol }) =>
            `${hostAddress || '0.0.0.0'}:${hostPort}->${containerPort}/${protocol}`,
        ),
      ),
      ...(isOwn ? namespaceFacts(place) : []),
      ...dnsFacts(container.dns),
      ...fact(
        text('Docker and the kernel disagree', 'Docker 与内核说法不一'),
        host.disagreements
          .filter(
            ({ about }) =>
              about === `container ${container.name}` || about.startsWith(`container ${container.name} on `),
          )
          .map((one) => `${one.about}: Docker: ${one.engine}; kernel: ${one.kernel}`),
      ),
      ...(isOwn ? rulesFacts(place.namespace, 'table') : []),
    ],
    commands: containerCommands(host.name, container, isOwn),
  }
}

/** All there is to know of a namespace, but its rules. */
export function namespaceFacts({ namespace }: Place) {
  return [
    ...addressesFact(namespace.links),
    ...linksFact(namespace.links),
    ...routesFact(namespace),
    ...neighboursFact(namespace),
    ...socketsFact(namespace),
    ...fact(text('Could not be read', '读取不到'), namespace.faults),
  ]
}

function writeEndpoint({
  network,
  address,
  prefix,
  address6,
  mac,
  link,
  hostLink,
  aliases,
}: Container['endpoints'][number]) {
  return [
    network,
    address && (prefix === undefined ? address : `${address}/${prefix}`),
    address6,
    mac,
    link && (hostLink ? `${link}-${hostLink}` : link),
    aliases.length > 0 && `aliases ${aliases.join(',')}`,
  ]
    .filter(Boolean)
    .join(' ')
}

function containerNotes(container: Container, place: Place | undefined, isOwn: boolean): string[] {
  if (!place) return [container.state === 'exited' ? `exited (${container.exitCode})` : container.state]
  const troubles = container.state === 'paused' ? ['paused'] : isUnhealthy(container) ? ['unhealthy'] : []
  if (place.kind === 'host') return ['network host', ...troubles]
  if (!isOwn) return [`container:${place.label}`, ...troubles]
  // One for each network that it is in.
  const addresses = linksOf(place).flatMap((link) => addressesOf(link).slice(0, 1).map(writeAddress))
  const most = mostNotes - troubles.length
  const shown =
    addresses.length > most ? [...addresses.slice(0, most - 1), `+${addresses.length - most + 1}`] : addresses
  const none = addresses.length === 0 && container.networkMode === 'none' ? ['network none'] : []
  return [...troubles, ...none, ...shown]
}

function isUnhealthy({ health }: Container): boolean {
  return health?.status === 'unhealthy'
}

function stateWords(host: HostState, container: Container, place: Place | undefined): Text {
  const [name, image, where] = [code(shortName(container)), code(container.image), code(host.name)]
  if (place && container.state === 'paused') {
    return text(`Container ${name} (${image}) on ${where} is paused`, `${where} 上的容器 ${name}（${image}）已暂停`)
  }
  if (place && isUnhealthy(container)) {
    return text(
      `Container ${name} (${image}) runs on ${where}, and its health check fails`,
      `容器 ${name}（${image}）在 ${where} 上运行，健康检查失败`,
    )
  }
  if (place) return text(`Container ${name} (${image}) runs on ${where}`, `容器 ${name}（${image}）在 ${where} 上运行`)
  if (container.state === 'created') {
    return text(
      `Container ${name} (${image}) on ${where} was made but never started`,
      `${where} 上的容器 ${name}（${image}）已创建，还没有启动过`,
    )
  }
  if (container.state === 'exited' || container.state === 'dead') {
    return text(
      `Container ${name} (${image}) on ${where} has ended with exit code ${container.exitCode}`,
      `${where} 上的容器 ${name}（${image}）已结束，退出码 ${container.exitCode}`,
    )
  }
  return text(
    `Container ${name} (${image}) on ${where} does not run (${code(container.state)})`,
    `${where} 上的容器 ${name}（${image}）没有运行（${code(container.state)}）`,
  )
}

function placeWords(
  rack: Rack,
  host: HostState,
  container: Container,
  place: Place | undefined,
  isOwn: boolean,
): Text[] {
  if (!place) return askedWords(container)
  if (place.kind === 'host') {
    return [
      text(
        `it is in the network namespace of ${code(host.name)} itself and has no address of its own`,
        `它就在 ${code(host.name)} 自己的网络命名空间里，没有自己的地址`,
      ),
    ]
  }
  if (!isOwn) {
    return [
      text(
        `it shares the network namespace of ${code(place.label)}, addresses and all`,
        `它与 ${code(place.label)} 共用网络命名空间，地址也是同一个`,
      ),
    ]
  }
  const legs = linksOf(place).filter(({ up, addresses }) => up || addresses.length > 0)
  if (legs.length === 0) return [text('it has no network but its loopback', '它没有网络，只有回环接口')]
  return legs.slice(0, 4).map((link) => legWords(rack, container, { place, link }))
}

function askedWords({ endpoints, networkMode, sharesWith }: Container): Text[] {
  if (networkMode === 'host') return [text("it is to be in its host's network", '它要使用主机的网络')]
  if (sharesWith !== undefined) {
    return [text(`it is to share the network of ${code(sharesWith)}`, `它要与 ${code(sharesWith)} 共用网络`)]
  }
  const networks = endpoints.filter(({ network }) => network !== 'none').map(({ network }) => same(code(network)))
  if (networks.length === 0) return []
  return [text(`it belongs to ${listed(networks).en}`, `它属于网络 ${listed(networks).zh}`)]
}

function legWords(rack: Rack, container: Container, end: End): Text {
  const { link } = end
  const addresses = addressesOf(link).map((one) => same(code(writeAddress(one))))
  const endpoint = container.endpoints.find((one) => one.link === link.name)
  const peer = rack.places.peerOf(end)
  const parent = rack.places.parentOf(end)
  const bridge = peer && bridgeOf(peer)
  const on = endpoint ? text(` on ${code(endpoint.network)}`, `，网络 ${code(endpoint.network)}`) : text('', '')
  const way = bridge
    ? text(
        ` (over ${code(peer.link.name)} to bridge ${code(bridge.name)})`,
        `（经由 ${code(peer.link.name)} 接到网桥 ${code(bridge.name)}）`,
      )
    : peer
      ? text(
          ` (over ${code(peer.link.name)} in ${code(peer.place.label)})`,
          `（另一端是 ${code(peer.place.label)} 里的 ${code(peer.link.name)}）`,
        )
      : parent
        ? text(
            ` (${bare(link.kind)} on ${code(parent.link.name)})`,
            `（${code(parent.link.name)} 上的 ${bare(link.kind)}）`,
          )
        : text('', '')
  const down = link.up && link.carrier ? text('', '') : text(', down', '，没有连通')
  const list = listed(addresses)
  return list.en
    ? text(
        `${code(link.name)} has ${list.en}${on.en}${way.en}${down.en}`,
        `${code(link.name)} 的地址是 ${list.zh}${on.zh}${way.zh}${down.zh}`,
      )
    : text(
        `${code(link.name)} has no address${on.en}${way.en}${down.en}`,
        `${code(link.name)} 没有地址${on.zh}${way.zh}${down.zh}`,
      )
}

/** Nothing is run in the container: its image need not have the programs. */
function containerCommands(host: string, container: Container, isOwn: boolean): Command[] {
  const { name, ports } = container
  return [
    ...command(host, ['docker', 'inspect', '-f', '{{json .NetworkSettings.Networks}}', name]),
    ...(isOwn ? command(host, ['docker', 'inspect', '-f', '{{.State.Pid}}', name]) : []),
    ...(ports.length > 0 ? command(host, ['docker', 'port', name]) : []),
    ...command(host, ['docker', 'ps', '-a', '--filter', `name=${name}`]),
  ]
}
