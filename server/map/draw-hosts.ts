import type { EngineNetwork, HostState, SwarmNode } from '../network/state.js'
import { count, listed, same, sentence, text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { bare, code } from '../wording/wording.js'
import { type Command, command } from './commands.js'
import {
  addressesFact,
  dnsFacts,
  fact,
  forwardingFact,
  linkFacts,
  linksFact,
  neighboursFact,
  routesFact,
  rulesFacts,
  socketsFact,
  writeAddress,
} from './facts.js'
import { hostId, interfaceId } from './ids.js'
import type { MapElement, MapFact } from './map.js'
import { bridgeOf, type End } from './places.js'
import { addressesOf, type Drawable, labelOf, linksOf, order, type Rack } from './rack.js'

export function drawHost(rack: Rack, host: HostState): MapElement {
  const home = rack.home(host)
  const node = rack.nodeOf(host)
  return {
    id: hostId(host.name),
    kind: 'host',
    label: labelOf(host.name),
    notes: hostNotes(host, node),
    state: 'up',
    sentence: sentence([hostWords(rack, host), swarmWords(host, node), ...forwardWords(host)]),
    facts: [
      ...engineFacts(host),
      ...(home
        ? [
            ...addressesFact(home.namespace.links),
            ...linksFact(home.namespace.links),
            ...routesFact(home.namespace),
            ...neighboursFact(home.namespace),
            ...fact(text('Forwarding', '转发'), [
              ...setting('net.ipv4.ip_forward', home.namespace.forwards.ip4),
              ...setting('net.ipv6.conf.all.forwarding', home.namespace.forwards.ip6),
            ]),
            ...socketsFact(home.namespace),
          ]
        : []),
      ...dnsFacts(host.dns),
      ...swarmFacts(host, node),
      ...fact(text('Could not be read', '读取不到'), home?.namespace.faults ?? []),
      ...(home ? rulesFacts(home.namespace, 'chain') : []),
    ],
    commands: hostCommands(host),
  }
}

/** What the kernel did not tell is left out. */
function setting(name: string, on: boolean | undefined): string[] {
  return on === undefined ? [] : [`${name} = ${on ? 1 : 0}`]
}

function hostWords(rack: Rack, host: HostState): Text {
  const name = code(host.name)
  if (host.kind === 'plain') return text(`Host ${name} is a plain machine`, `主机 ${name} 是一台普通机器`)
  if (!host.engine) {
    return host.engineFault?.kind === 'unverified'
      ? text(
          `Host ${name} has a Docker Engine that could not be verified, so only what the kernel says is shown`,
          `无法确认主机 ${name} 上应答的就是它原本的 Docker 引擎，因此只显示内核给出的内容`,
        )
      : text(
          `The Docker Engine of host ${name} does not answer, so only what the kernel says is shown`,
          `主机 ${name} 的 Docker 引擎没有应答，因此只显示内核给出的内容`,
        )
  }
  const { containers, version } = host.engine
  const running = containers.filter(({ namespace }) => namespace !== undefined).length
  const bridges = rack.home(host)?.namespace.links.filter(({ kind }) => kind === 'bridge').length ?? 0
  const stopped = containers.length - running
  return text(
    `Host ${name} runs Docker Engine ${bare(version)} with ${count(bridges, 'bridge', 'bridges')} and ${count(running, 'running container', 'running containers')}${stopped > 0 ? `, and ${count(stopped, 'that does not run', 'that do not run')}` : ''}`,
    `主机 ${name} 运行 Docker 引擎 ${bare(version)}，有 ${bridges} 个网桥、${running} 个运行中的容器${stopped > 0 ? `和 ${stopped} 个没有运行的容器` : ''}`,
  )
}

function swarmWords(host: HostState, node: SwarmNode | undefined): Text | undefined {
  const swarm = host.engine?.swarm
  if (!swarm || swarm.state === 'inactive') {
    if (!node) return undefined
    return text(
      `the swarm still lists it as a node that is ${code(node.state)}`,
      `集群里仍有它的节点，状态为 ${code(node.state)}`,
    )
  }
  const role = swarm.manager ? text('manager', '管理') : text('worker', '工作')
  const leads = node?.leader ? text(' and leader', '，并且是领导者') : text('', '')
  if (swarm.state !== 'active') {
    return text(`its part in the swarm is ${code(swarm.state)}`, `它在集群中的状态是 ${code(swarm.state)}`)
  }
  const odd = node && (node.state !== 'ready' || node.availability !== 'active') ? node : undefined
  return text(
    `it is a ${role.en}${leads.en} of a swarm${odd ? `, ${code(odd.state)} and ${code(odd.availability)}` : ''}`,
    `它是集群的${role.zh}节点${leads.zh}${odd ? `，状态 ${code(odd.state)}，可用性 ${code(odd.availability)}` : ''}`,
  )
}

function forwardWords(host: HostState): (Text | undefined)[] {
  const ip4 = host.namespaces[0]?.forwards.ip4
  if (host.kind === 'docker' && ip4 === false) {
    return [text('it does not forward IPv4 packets', '它没有开启 IPv4 转发')]
  }
  if (host.kind === 'plain' && ip4) return [text('it forwards IPv4 packets', '它开启了 IPv4 转发')]
  return []
}

/** Words that commands show as well, so that they need no language. */
function hostNotes({ engine, engineFault, kind }: HostState, node: SwarmNode | undefined): string[] {
  if (kind === 'plain') return []
  if (!engine) return [`Docker: ${engineFault?.kind ?? 'silent'}`]
  const { swarm, version } = engine
  const notes = [`Docker ${bare(version, 20)}`]
  const odd = node && node.state !== 'ready' ? [bare(node.state, 20)] : []
  const drained = node && node.availability !== 'active' ? [bare(node.availability, 20)] : []
  if (swarm.state === 'active') {
    const role = swarm.manager ? (node?.leader ? 'leader' : 'manager') : 'worker'
    notes.push(['swarm', role, ...odd, ...drained].join(' '))
  } else if (swarm.state !== 'inactive') notes.push(`swarm ${bare(swarm.state, 20)}`)
  return notes
}

function engineFacts(host: HostState): MapFact[] {
  const { engine, engineFault, disagreements } = host
  return [
    ...(engineFault
      ? fact(
          engineFault.kind === 'unverified'
            ? text('Docker Engine, not verified', '未能确认的 Docker 引擎')
            : text('Docker Engine, no answer', '没有应答的 Docker 引擎'),
          [engineFault.detail || engineFault.kind],
        )
      : []),
    ...fact(
      text('Docker and the kernel disagree', 'Docker 与内核说法不一'),
      disagreements.map((one) => `${one.about}: Docker: ${one.engine}; kernel: ${one.kernel}`),
    ),
    ...fact(text('Docker networks', 'Docker 网络'), (engine?.networks ?? []).map(writeNetwork)),
  ]
}

function writeNetwork(network: EngineNetwork): string {
  const { parent } = network.options
  return [
    network.name,
    network.driver,
    ...network.subnets.map(({ subnet }) => subnet),
    network.bridge,
    parent && `parent=${parent}`,
    network.vxlanIds.length > 0 && `VNI ${network.vxlanIds.join(',')}`,
    network.internal && 'internal',
    network.attachable && 'attachable',
  ]
    .filter(Boolean)
    .join(' ')
}

function swarmFacts({ engine }: HostState, node: SwarmNode | undefined): MapFact[] {
  const swarm = engine?.swarm
  if (!swarm || (swarm.state === 'inactive' && !node)) return []
  return [
    ...fact(text('Swarm', '集群'), [
      [swarm.state, swarm.manager ? 'manager' : 'worker', swarm.nodeAddress].filter(Boolean).join(' '),
      ...(node ? [`node ${node.hostname}: ${node.state} ${node.availability}${node.leader ? ' leader' : ''}`] : []),
    ]),
    ...fact(
      text('Nodes', '节点'),
      swarm.nodes.map(({ hostname, role, state, availability, address, leader }) =>
        [hostname, role, state, availability, address, leader && 'leader'].filter(Boolean).join(' '),
      ),
    ),
  ]
}

function hostCommands({ name, kind, engine }: HostState): Command[] {
  const docker = [
    ['docker', 'network', 'ls'],
    ['docker', 'ps', '-a'],
  ]
  return [
    ['ip', 'addr'],
    ['ip', 'route'],
    ['ip', 'neigh'],
    ['ss', '-lntu'],
    ...(kind === 'docker' ? [...docker, ['iptables-save']] : []),
    ...(engine?.swarm.manager ? [['docker', 'node', 'ls']] : []),
  ].flatMap((argv) => command(name, argv))
}

/** Links of the host itself that lead somewhere: cables, vlans, children, what somebody made by hand. */
export function drawInterfaces(rack: Rack, host: HostState): Drawable[] {
  const home = rack.home(host)
  if (!home) return []
  return linksOf(home)
    .map((link): End => ({ place: home, link }))
    .filter((end) => rack.places.roleOf(end) === 'interface')
    .toSorted(
      (a, b) => Number(b.link.lan !== undefined) - Number(a.link.lan !== undefined) || order(a.link.name, b.link.name),
    )
    .map((end) => ({ id: interfaceId(host.name, end.link.name), draw: () => drawInterface(rack, end) }))
}

function drawInterface(rack: Rack, end: End): MapElement {
  const { place, link } = end
  const host = place.host.name
  const addresses = addressesOf(link)
  const isUp = link.up && link.carrier
  const has =
    addresses.length > 0
      ? text(
          ` has ${listed(addresses.map((one) => same(code(writeAddress(one))))).en}`,
          `的地址是 ${listed(addresses.map((one) => same(code(writeAddress(one))))).zh}`,
        )
      : text(' has no address', '没有地址')
  return {
    id: interfaceId(host, link.name),
    kind: 'interface',
    label: labelOf(link.name),
    notes: [
      ...addresses.slice(0, 2).map(writeAddress),
      ...(link.vlan === undefined ? [] : [`VLAN ${link.vlan}`]),
      ...(link.mtu === 1500 ? [] : [`MTU ${link.mtu}`]),
    ],
    state: isUp ? 'up' : 'down',
    sentence: sentence([
      text(
        `Interface ${code(link.name)} of ${code(host)}${has.en}`,
        `${code(host)} 的接口 ${code(link.name)} ${has.zh}`,
      ),
      leadsTo(rack, end),
      ...(isUp
        ? []
        : [link.up ? text('it has no carrier', '它没有载波（线路不通）') : text('it is down', '它处于关闭状态')]),
    ]),
    facts: [
      ...fact(text('Kind', '类型'), [
        [link.kind, link.macvlanMode ?? link.ipvlanMode ?? link.vlan].filter(Boolean).join(' '),
      ]),
      ...linkFacts(link),
      ...routesFact(place.namespace, link.name),
      ...neighboursFact(place.namespace, link.name),
      ...rack.rulesOf(place).fact(link.name),
      ...forwardingFact(place.namespace, { device: link.name }),
    ],
    commands: [
      ...command(host, ['ip', 'addr', 'show', 'dev', link.name]),
      ...command(host, ['ip', 'route', 'show', 'dev', link.name]),
      ...command(host, ['ip', 'neigh', 'show', 'dev', link.name]),
    ],
  }
}

function leadsTo(rack: Rack, end: End): Text | undefined {
  const { link } = end
  const parent = rack.places.parentOf(end)
  const peer = rack.places.peerOf(end)
  const bridge = bridgeOf(end)
  const parts = [
    parent &&
      text(
        `it is a ${bare(link.kind)}${link.vlan === undefined ? '' : ` (${link.vlan})`} on ${code(parent.link.name)}`,
        `它是 ${code(parent.link.name)} 上的 ${bare(link.kind)}${link.vlan === undefined ? '' : `（${link.vlan}）`}`,
      ),
    link.lan !== undefined && !parent
      ? text(`it leads to LAN ${code(link.lan)}`, `它通往局域网 ${code(link.lan)}`)
      : undefined,
    peer &&
      text(
        `its other end is ${code(peer.link.name)} in ${code(peer.place.label)}`,
        `另一端是 ${code(peer.place.label)} 里的 ${code(peer.link.name)}`,
      ),
    bridge && text(`it is a port of bridge ${code(bridge.name)}`, `它是网桥 ${code(bridge.name)} 的端口`),
  ].filter((one): one is Text => one !== undefined)
  if (parts.length === 0) return undefined
  return { en: parts.map(({ en }) => en).join(', '), zh: parts.map(({ zh }) => zh).join('，') }
}
