import type { HostState } from '../network/state.js'
import { listed, same, sentence, text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { bare, code } from '../wording/wording.js'
import { command } from './commands.js'
import { namespaceFacts } from './draw-containers.js'
import { namespaceCommand } from './draw-vxlans.js'
import { rulesFacts, writeAddress } from './facts.js'
import type { MapElement } from './map.js'
import type { Place } from './places.js'
import { addressesOf, type Drawable, labelOf, linksOf, order, type Rack } from './rack.js'

/** Network namespaces that no container of the Engine is in, and that are not an overlay's. */
export function drawNamespaces(rack: Rack, host: HostState): Drawable[] {
  return rack
    .on(host)
    .filter(({ kind, namespace }) => kind === 'namespace' || (kind === 'container' && !isListed(host, namespace.owner)))
    .toSorted((a, b) => order(a.label, b.label))
    .map((place) => ({ id: place.element!, draw: () => drawNamespace(rack, place) }))
}

/** A container that has gone while it was looked at leaves its namespace for a moment. */
function isListed({ engine }: HostState, owner: Place['namespace']['owner']): boolean {
  return (
    owner.kind === 'container' && owner.containers.some((name) => engine?.containers.some((one) => one.name === name))
  )
}

function drawNamespace(rack: Rack, place: Place): MapElement {
  const host = place.host.name
  const links = linksOf(place).filter(({ up, addresses }) => up || addresses.length > 0)
  const addresses = links.flatMap((link) => addressesOf(link).map(writeAddress))
  const words = links.map((link): Text => {
    const peer = rack.places.peerOf({ place, link })
    const has = listed(addressesOf(link).map((one) => same(code(writeAddress(one)))))
    const other = peer
      ? text(
          `, whose other end is ${code(peer.link.name)} in ${code(peer.place.label)}`,
          `，另一端是 ${code(peer.place.label)} 里的 ${code(peer.link.name)}`,
        )
      : text('', '')
    return has.en
      ? text(`${code(link.name)} has ${has.en}${other.en}`, `${code(link.name)} 的地址是 ${has.zh}${other.zh}`)
      : text(`${code(link.name)} has no address${other.en}`, `${code(link.name)} 没有地址${other.zh}`)
  })
  return {
    id: place.element!,
    kind: 'namespace',
    label: labelOf(place.label),
    notes: [...(place.network ? [bare(place.network.name, 45)] : []), ...addresses].slice(0, 3),
    state: 'up',
    sentence: sentence([whatWords(place), ...(words.length > 0 ? words.slice(0, 4) : [onlyLoopback])]),
    facts: [...namespaceFacts(place), ...rulesFacts(place.namespace, 'table')],
    commands:
      place.namespace.owner.kind === 'engine'
        ? namespaceCommand({ place, link: place.namespace.links[0]! }, ['ip', 'addr'])
        : command(host, ['lsns', '-t', 'net']),
  }
}

const onlyLoopback = text('it has nothing but its loopback', '里面只有回环接口')

function whatWords({ host, label, namespace, network }: Place): Text {
  const [name, where] = [code(label), code(host.name)]
  if (namespace.owner.kind !== 'engine') {
    return text(
      `Network namespace ${name} of ${where} was made by hand`,
      `${where} 上的网络命名空间 ${name} 是手动创建的`,
    )
  }
  if (label === 'ingress_sbox') {
    return text(
      `Network namespace ${name} of ${where} is where the swarm's routing mesh takes in packets for published ports`,
      `${where} 上的网络命名空间 ${name} 负责接收集群发布端口的数据包（路由网格）`,
    )
  }
  if (label.startsWith('lb_')) {
    const of = network ? text(` of network ${code(network.name)}`, `网络 ${code(network.name)} 的`) : text('', '')
    return text(
      `Network namespace ${name} of ${where} is the load balancer${of.en}`,
      `${where} 上的网络命名空间 ${name} 是${of.zh}负载均衡器`,
    )
  }
  return text(
    `Network namespace ${name} of ${where} was made by Docker; which container it is of is not known`,
    `${where} 上的网络命名空间 ${name} 由 Docker 创建，不清楚属于哪个容器`,
  )
}
