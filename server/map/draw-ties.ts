import { canonicalNetwork, holds } from '../network/addresses.js'
import type { Container, HostState, Link, Rule } from '../network/state.js'
import { ipVersionOf } from '../network/tables.js'
import { bracketed, text } from '../wording/phrase.js'
import { code } from '../wording/wording.js'
import { tasksOf } from './draw-services.js'
import { tunnelsOf } from './draw-vxlans.js'
import {
  bridgeId,
  cableId,
  childId,
  containerId,
  hostId,
  interfaceId,
  lanId,
  memberId,
  routedId,
  serviceId,
  sharesId,
  taskId,
  tunnelId,
} from './ids.js'
import type { MapTie } from './map.js'
import type { End, Place } from './places.js'
import { bridgeOf } from './places.js'
import { addressesOf, labelOf, linksOf, order, type Rack, shortName } from './rack.js'

/** All ties but those of published ports, in the order of their ids. */
export function drawTies(rack: Rack): MapTie[] {
  const ties = [
    ...rack.places.all.flatMap((place) => linkTies(rack, place)),
    ...rack.state.hosts.flatMap((host) => [...sharing(rack, host), ...routing(rack, host)]),
    ...tunnels(rack),
    ...tasks(rack),
  ]
  return ties.toSorted((a, b) => order(a.id, b.id))
}

function linkTies(rack: Rack, place: Place): MapTie[] {
  const lans = new Set(rack.state.lans.map(({ name }) => name))
  return linksOf(place).flatMap((link) => {
    const end = { place, link }
    const tie =
      link.kind === 'veth' && link.peer
        ? veth(rack, end)
        : link.parent
          ? child(rack, end)
          : link.lan !== undefined && lans.has(link.lan)
            ? cable(end, link.lan)
            : undefined
    return [...(tie ? [tie] : []), ...member(rack, end)]
  })
}

function cable({ place, link }: End, lan: string): MapTie {
  const from = interfaceId(place.host.name, link.name)
  const isUp = link.up && link.carrier
  const what = text(
    `The cable from ${code(link.name)} of ${code(place.host.name)} to LAN ${code(lan)}`,
    `${code(place.host.name)} 的 ${code(link.name)} 到局域网 ${code(lan)} 的网线`,
  )
  return {
    id: cableId(from),
    kind: 'cable',
    from,
    to: lanId(lan),
    state: isUp ? 'up' : 'down',
    fromLabel: labelOf(link.name),
    sentence: isUp
      ? text(`${what.en} is plugged in.`, `${what.zh}已接好。`)
      : link.up
        ? text(`${what.en} is cut.`, `${what.zh}已断开。`)
        : text(`${what.en} carries nothing, as the interface is down.`, `${what.zh}没有流量，因为接口已关闭。`),
  }
}

/** Each pair once, from whichever of its ends the tie is named after. */
function veth(rack: Rack, end: End): MapTie | undefined {
  const peer = rack.places.peerOf(end)
  const pair = peer && rack.places.pairOf(end, peer)
  if (!pair || pair.inner.link !== end.link || pair.inner.place !== end.place) return undefined
  const { outer, inner } = pair
  const bridge = outer.place.kind === 'container' ? undefined : bridgeOf(outer)
  const isUp = [outer.link, inner.link].every(({ up, carrier }) => up && carrier)
  const on = code(end.place.host.name)
  const [where, whereTo] = [nameOf(inner), bridge ? code(bridge.name) : nameOf(outer)]
  return {
    id: pair.id,
    kind: 'veth',
    from: pair.from,
    to: pair.to,
    state: isUp ? 'up' : 'down',
    fromLabel: labelOf(outer.link.name),
    toLabel: labelOf(inner.link.name),
    sentence: text(
      `A veth pair on ${on}: ${code(inner.link.name)} in ${where} and ${code(outer.link.name)} ${bridge ? 'on bridge' : 'in'} ${whereTo}${isUp ? '' : ', down'}.`,
      `${on} 上的 veth 对：一端是 ${where} 里的 ${code(inner.link.name)}，另一端是${bridge ? '网桥' : ''} ${whereTo} ${bridge ? '上' : '里'}的 ${code(outer.link.name)}${isUp ? '' : '，没有连通'}。`,
    ),
  }
}

function nameOf({ place }: End): string {
  return code(place.container ? shortName(place.container) : place.label)
}

function child(rack: Rack, end: End): MapTie | undefined {
  const parent = rack.places.parentOf(end)
  const from = rack.places.holderOf(end)
  const to = parent && rack.places.holderOf(parent)
  if (!parent || !from || !to || from === to) return undefined
  const { link } = end
  const isUp = link.up && link.carrier
  const mode = link.macvlanMode ?? link.ipvlanMode ?? (link.vlan === undefined ? '' : `${link.vlan}`)
  const what = mode === '' ? link.kind : `${link.kind} ${mode}`
  return {
    id: childId(from, link.name),
    kind: 'child',
    from,
    to,
    state: isUp ? 'up' : 'down',
    fromLabel: labelOf(link.name),
    toLabel: labelOf(what),
    sentence: text(
      `${code(link.name)} of ${nameOf(end)} is a child (${code(what)}) of ${code(parent.link.name)} on ${code(parent.place.host.name)}${isUp ? '' : ', and down'}.`,
      `${nameOf(end)} 的 ${code(link.name)} 是 ${code(parent.place.host.name)} 上 ${code(parent.link.name)} 的子接口（${code(what)}）${isUp ? '' : '，没有连通'}。`,
    ),
  }
}

/** Ports of a bridge that have an element of their own. */
function member(rack: Rack, end: End): MapTie[] {
  const bridge = end.place.kind === 'container' ? undefined : bridgeOf(end)
  const role = rack.places.roleOf(end)
  if (!bridge || !role) return []
  const from = rack.places.holderOf(end)
  const to = rack.places.holderOf({ place: end.place, link: bridge })
  if (!from || !to || from === to) return []
  const { link, place } = end
  const [port, of, on] = [code(link.name), code(bridge.name), code(place.host.name)]
  // Bridges of overlays are all called br0: which of them it is, is told by their networks.
  const overlay = place.kind === 'overlay' ? code(place.label) : undefined
  return [
    {
      id: memberId(from, to),
      kind: 'member',
      from,
      to,
      state: link.up && link.carrier ? 'up' : 'down',
      sentence:
        overlay === undefined
          ? text(`On ${on}, ${port} is a port of bridge ${of}.`, `在 ${on} 上，${port} 是网桥 ${of} 的一个端口。`)
          : text(
              `On ${on}, ${port} is a port of bridge ${of} of overlay network ${overlay}.`,
              `在 ${on} 上，${port} 是 overlay 网络 ${overlay} 的网桥 ${of} 的一个端口。`,
            ),
    },
  ]
}

function sharing(rack: Rack, host: HostState): MapTie[] {
  return (host.engine?.containers ?? []).flatMap((container) => {
    const place = rack.places.find(host.name, container.namespace)
    const from = containerId(host.name, container.name)
    if (!place) return asked(host, container, from)
    if (!place.element || place.element === from) return []
    const isHost = place.kind === 'host'
    return [
      {
        id: sharesId(from),
        kind: 'shares' as const,
        from,
        to: place.element,
        state: 'up' as const,
        sentence: isHost
          ? text(
              `${code(container.name)} is in the network namespace of its host, ${code(host.name)}.`,
              `${code(container.name)} 在主机 ${code(host.name)} 自己的网络命名空间里。`,
            )
          : text(
              `On ${code(host.name)}, ${code(container.name)} shares the network namespace of ${code(place.label)}.`,
              `在 ${code(host.name)} 上，${code(container.name)} 共用 ${code(place.label)} 的网络命名空间。`,
            ),
      },
    ]
  })
}

/** One that does not run still says whose namespace it wants. */
function asked(host: HostState, { name, networkMode, sharesWith }: Container, from: string): MapTie[] {
  const isThere = sharesWith !== undefined && host.engine?.containers.some((one) => one.name === sharesWith)
  const to = networkMode === 'host' ? hostId(host.name) : isThere ? containerId(host.name, sharesWith) : undefined
  if (to === undefined || to === from) return []
  const whose = networkMode === 'host' ? host.name : (sharesWith ?? '')
  return [
    {
      id: sharesId(from),
      kind: 'shares',
      from,
      to,
      state: 'down',
      sentence: text(
        `On ${code(host.name)}, ${code(name)} does not run; it is to share the network namespace of ${code(whose)}.`,
        `在 ${code(host.name)} 上，${code(name)} 没有运行；运行时它会共用 ${code(whose)} 的网络命名空间。`,
      ),
    },
  ]
}

/**
 * Bridges and the way out are no segment of their own: the host is a router between them, where it forwards, and mostly one that
 * translates addresses. Of networks that are internal the Engine's rules drop all that would be routed.
 */
function routing(rack: Rack, host: HostState): MapTie[] {
  const home = rack.home(host)
  if (!home) return []
  const internal = new Set(
    (host.engine?.networks ?? []).flatMap((one) => (one.internal && one.bridge ? [one.bridge] : [])),
  )
  return linksOf(home)
    .filter(({ name, kind }) => kind === 'bridge' && !internal.has(name))
    .flatMap((bridge) => routed(rack, home, bridge) ?? [])
}

function routed(rack: Rack, home: Place, bridge: Link): MapTie | undefined {
  const { host, namespace } = home
  const family = [4 as const, 6 as const].find(
    (one) => addressesOf(bridge).some((address) => address.family === one) && wayOut(home, one) !== undefined,
  )
  const out = family && wayOut(home, family)
  if (!family || !out || rack.places.roleOf({ place: home, link: out }) !== 'interface') return undefined
  const forwards = namespace.forwards[family === 4 ? 'ip4' : 'ip6'] === true
  const isUp = bridge.up && out.up
  const translation = translationOf(namespace.rules, bridge, out, family)
  const [from, to] = [bridgeId(host.name, bridge.name), interfaceId(host.name, out.name)]
  const [on, inner, outer] = [code(host.name), code(bridge.name), code(out.name)]
  return {
    id: routedId(from, to),
    kind: 'routed',
    from,
    to,
    state: forwards && isUp ? 'up' : 'down',
    ...(translation ? { fromLabel: 'NAT' } : {}),
    sentence: !forwards
      ? text(
          `${on} does not forward packets, so nothing is routed between bridge ${inner} and ${outer}.`,
          `${on} 没有开启转发，因此网桥 ${inner} 与 ${outer} 之间不会路由任何数据包。`,
        )
      : !isUp
        ? text(
            `${on} would route between bridge ${inner} and ${outer}, but one of them is down.`,
            `${on} 本可在网桥 ${inner} 与 ${outer} 之间路由，但其中一个处于关闭状态。`,
          )
        : translation
          ? text(
              `${on} routes between bridge ${inner} and ${outer}, and gives what goes out another source address (${code(translation.target)}).`,
              `${on} 在网桥 ${inner} 与 ${outer} 之间路由，并改写出去的数据包的源地址（${code(translation.target)}）。`,
            )
          : text(
              `${on} routes between bridge ${inner} and ${outer}, without changing addresses.`,
              `${on} 在网桥 ${inner} 与 ${outer} 之间路由，不改写地址。`,
            ),
  }
}

/** The link that the default route of a family leads to. */
function wayOut({ namespace, links }: Place, family: 4 | 6): Link | undefined {
  const route = namespace.routes.find(
    (one) => one.family === family && one.destination === 'default' && one.table === 'main' && one.type === 'unicast',
  )
  return route?.device === undefined ? undefined : links.get(route.device)
}

/** The rule that gives what comes from a bridge and goes out there another source. */
function translationOf(rules: readonly Rule[], bridge: Link, out: Link, family: 4 | 6): Rule | undefined {
  return rules.find(
    (rule) =>
      rule.table === 'nat' &&
      ipVersionOf(rule.family) === family &&
      (rule.target === 'MASQUERADE' || rule.target === 'SNAT') &&
      rule.destination === undefined &&
      rule.protocol === undefined &&
      (rule.out === undefined || rule.out === out.name || (rule.out.startsWith('!') && rule.out !== `!${out.name}`)) &&
      bridge.addresses.some((one) => one.family === family && covers(rule.source, one.address)),
  )
}

/** @param source of a rule: CIDR or address; nothing is everybody */
function covers(source: string | undefined, address: string): boolean {
  if (source === undefined) return true
  return source.startsWith('!') ? !holds(network(source.slice(1)), address) : holds(network(source), address)
}

const network = (source: string) => (source.includes('/') ? source : (canonicalNetwork(source) ?? source))

function tunnels(rack: Rack): MapTie[] {
  return tunnelsOf(rack).map(({ one, other, number, isUp }) => {
    const [from, to] = [rack.places.holderOf(one)!, rack.places.holderOf(other)!].toSorted(order) as [string, string]
    const [here, there] = [code(one.place.host.name), code(other.place.host.name)]
    return {
      id: tunnelId(from, to),
      kind: 'tunnel' as const,
      from,
      to,
      state: isUp ? ('up' as const) : ('down' as const),
      sentence: text(
        `A VXLAN tunnel with VNI ${number} between ${here} and ${there}${isUp ? '' : ', down'}.`,
        `${here} 与 ${there} 之间的 VXLAN 隧道，VNI ${number}${isUp ? '' : '，没有连通'}。`,
      ),
    }
  })
}

function tasks(rack: Rack): MapTie[] {
  return tasksOf(rack).flatMap(({ service, places }) =>
    places.map(({ host, container }) => {
      const [from, to] = [serviceId(service.name), containerId(host.name, container.name)]
      const [address] = container.endpoints
        .toSorted(
          (a, b) => Number(a.network === 'ingress') - Number(b.network === 'ingress') || order(a.network, b.network),
        )
        .flatMap((one) => one.address ?? [])
      const isUp = container.state === 'running'
      const has = bracketed(address && code(address))
      return {
        id: taskId(from, to),
        kind: 'task' as const,
        from,
        to,
        state: isUp ? ('up' as const) : ('down' as const),
        sentence: text(
          `${code(shortName(container))}${has.en} on ${code(host.name)} is a task of service ${code(service.name)}.`,
          `${code(host.name)} 上的 ${code(shortName(container))}${has.zh} 是服务 ${code(service.name)} 的一个任务。`,
        ),
      }
    }),
  )
}
