import type { Container, HostState } from '../network/state.js'
import { bracketed, text } from '../wording/phrase.js'
import { code } from '../wording/wording.js'
import { tasksOf } from './draw-services.js'
import { tunnelsOf } from './draw-vxlans.js'
import {
  cableId,
  childId,
  containerId,
  hostId,
  interfaceId,
  lanId,
  memberId,
  serviceId,
  sharesId,
  taskId,
  tunnelId,
} from './ids.js'
import type { MapTie } from './map.js'
import type { End, Place } from './places.js'
import { bridgeOf } from './places.js'
import { labelOf, linksOf, order, type Rack, shortName } from './rack.js'

/** All ties but those of published ports, in the order of their ids. */
export function drawTies(rack: Rack): MapTie[] {
  const ties = [
    ...rack.places.all.flatMap((place) => linkTies(rack, place)),
    ...rack.state.hosts.flatMap((host) => sharing(rack, host)),
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
      `A veth pair: ${code(inner.link.name)} in ${where} and ${code(outer.link.name)} ${bridge ? 'on bridge' : 'in'} ${whereTo}${isUp ? '' : ', down'}.`,
      `veth 对：一端是 ${where} 里的 ${code(inner.link.name)}，另一端是${bridge ? '网桥' : ''} ${whereTo} ${bridge ? '上' : '里'}的 ${code(outer.link.name)}${isUp ? '' : '，没有连通'}。`,
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
  const { link } = end
  return [
    {
      id: memberId(from, to),
      kind: 'member',
      from,
      to,
      state: link.up && link.carrier ? 'up' : 'down',
      sentence: text(
        `${code(link.name)} is a port of bridge ${code(bridge.name)}.`,
        `${code(link.name)} 是网桥 ${code(bridge.name)} 的一个端口。`,
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
              `${code(container.name)} shares the network namespace of ${code(place.label)}.`,
              `${code(container.name)} 共用 ${code(place.label)} 的网络命名空间。`,
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
        `${code(name)} does not run; it is to share the network namespace of ${code(whose)}.`,
        `${code(name)} 没有运行；运行时它会共用 ${code(whose)} 的网络命名空间。`,
      ),
    },
  ]
}

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
