import type { EngineNetwork, Link } from '../../network/state.js'
import { endpointsOf, isInHostNamespace, type LivePlace, type Place } from '../../place/reference.js'
import { networkOfBridge, ownLink } from '../../place/spots.js'
import { commonNetworks, isNeighbour } from '../../place/target.js'
import { code, codes } from '../../wording/wording.js'
import { destinationOf, goalOf, lastSpot, senderOf } from '../case.js'
import { writeAsked } from '../packet-text.js'
import { outLink, writeRoute } from '../routing.js'
import { writeHit } from '../rule-text.js'
import type { Cause } from '../story.js'
import type { CauseFinder } from './cause-finder.js'
import { called, connectTry, networksOf } from './naming.js'

/** What Docker's networks keep apart by intention. */

export const noneNetwork: CauseFinder = ({ from, meant }) => {
  if (isOnNone(from)) return noneCause(from)
  return meant?.namespace && isOnNone(meant) ? noneCause(meant) : undefined
}

/** In a namespace that has nothing but a loopback. */
export function isOnNone(place: Place): boolean {
  if (!place.container || !place.namespace || isInHostNamespace(place)) return false
  return (
    place.namespace.links.every(({ kind }) => kind === 'loopback') &&
    endpointsOf(place).every(({ network }) => network === 'none')
  )
}

export function noneCause(place: Place): Cause {
  const who = code(place.label)
  return {
    code: 'none-network',
    what: {
      en: `${who} is on the network ${code('none')}: it has a namespace of its own with a loopback in it and nothing else, so it reaches nobody and nobody reaches it`,
      zh: `${who} 使用的是 ${code('none')} 网络：它的网络命名空间里只有回环接口，因此它访问不到别人，别人也访问不到它`,
    },
    evidence: [
      ...networksOf(place),
      `${place.label}: links ${(place.namespace?.links ?? []).map(({ name }) => name).join(', ')}`,
    ],
    tries: [
      {
        en: `take it off, and put it on a network: ${code(`docker network disconnect none ${called(place)}`)}, then ${code(`docker network connect my_net ${called(place)}`)}`,
        zh: `先断开再接入一个网络：${code(`docker network disconnect none ${called(place)}`)}，然后 ${code(`docker network connect my_net ${called(place)}`)}`,
      },
    ],
  }
}

export const internalNetwork: CauseFinder = (one) => {
  const { from, meant, address, seen, state } = one
  const hit = seen.drop ? [writeHit(seen.drop, state)] : []
  const inside = isNeighbour(from, address) ? [] : internalNetworks(from)
  if (inside.length > 0) {
    const list = codes(inside.map(({ name }) => name))
    return {
      code: 'internal-network',
      what: {
        en: `${code(from.label)} is on ${list.en} alone, which is internal: Docker gives such a network no way out, so ${code(address)} is out of reach`,
        zh: `${code(from.label)} 只接在内部网络 ${list.zh} 上：Docker 不给这种网络通往外部的路，因此到不了 ${code(address)}`,
      },
      evidence: [...inside.map(writeInternal), ...hit, ...writeRoutes(from)],
      tries: [
        {
          en: `connect it to a network that is not internal as well: ${code(`docker network connect bridge ${called(from)}`)}`,
          zh: `让它再接入一个非内部的网络：${code(`docker network connect bridge ${called(from)}`)}`,
        },
      ],
    }
  }
  const theirs = meant?.container && commonNetworks(from, meant).length === 0 ? internalNetworks(meant) : []
  if (theirs.length === 0) return undefined
  const list = codes(theirs.map(({ name }) => name))
  return {
    code: 'internal-network',
    what: {
      en: `${code(meant!.label)} is on ${list.en} alone, which is internal: nobody from outside of it is let in`,
      zh: `${code(meant!.label)} 只接在内部网络 ${list.zh} 上：外部的数据包一律进不去`,
    },
    evidence: [...theirs.map(writeInternal), ...hit],
    tries: [connectTry(from, meant!)],
  }
}

/** Its networks, where all of them are internal. */
function internalNetworks(place: Place): EngineNetwork[] {
  const ids = [...new Set(endpointsOf(place).map(({ networkId }) => networkId))]
  const networks = ids.flatMap((id) => place.host.engine?.networks.find((network) => network.id === id) ?? [])
  return networks.length > 0 && networks.every(({ internal }) => internal) ? networks : []
}

function writeInternal({ name }: EngineNetwork): string {
  return `network ${name}: internal`
}

function writeRoutes(place: LivePlace): string[] {
  const routes = place.namespace.routes.filter(({ table, type }) => table === 'main' && type === 'unicast')
  return [`${place.label}: routes ${routes.slice(0, 4).map(writeRoute).join('; ') || 'none'}`]
}

/** A rule between the bridges of two networks of one host. */
export const isolatedBridges: CauseFinder = (one) => {
  const { seen, state, from, meant } = one
  const { drop } = seen
  if (!drop || drop.chain === 'DOCKER-USER') return undefined
  const host = state.hosts.find(({ name }) => name === drop.host)
  if (!host) return undefined
  const goal = goalOf(one)
  const bridge = outLink(lastSpot(one).namespace, destinationOf(one).address)?.name
  const into = networkOfBridge(host, drop.inLink ?? seen.out.findLast(({ link }) => link?.master)?.link?.master)
  const out = networkOfBridge(host, drop.outLink ?? bridge)
  if (!/ISOLATION/.test(drop.chain) && !(into && out && into.id !== out.id)) return undefined
  const [here, there] = [into?.name ?? '?', out?.name ?? '?']
  return {
    code: 'isolated-bridges',
    what: {
      en: `${code(from.label)} is on ${code(here)} and ${code(goal?.label ?? meant?.label ?? one.address)} on ${code(there)}: the host has routes to both, but Docker's rules drop what goes from one bridge to another`,
      zh: `${code(from.label)} 在 ${code(here)} 上，${code(goal?.label ?? meant?.label ?? one.address)} 在 ${code(there)} 上：主机有通往两边的路由，但 Docker 的规则会丢弃在网桥之间转发的数据包`,
    },
    evidence: [
      writeHit(drop, state),
      ...(drop.inLink ? [`in ${drop.inLink}, out ${drop.outLink ?? bridge ?? '?'}`] : []),
    ],
    tries: [
      {
        en: `let both be on one network: ${code(`docker network connect ${there} ${called(from)}`)}`,
        zh: `让双方接入同一个网络：${code(`docker network connect ${there} ${called(from)}`)}`,
      },
    ],
  }
}

const iccOption = 'com.docker.network.bridge.enable_icc'

/** Containers of one bridge that may not talk to each other. */
export const iccOff: CauseFinder = (one) => {
  const { from, seen, state } = one
  const goal = goalOf(one)
  if (!goal || goal.host.name !== from.host.name) return undefined
  const theirs = goal.host.engine?.containers.filter(({ namespace }) => namespace === goal.namespace.id) ?? []
  const ids = new Set(theirs.flatMap(({ endpoints }) => endpoints.map(({ networkId }) => networkId)))
  const network = endpointsOf(from)
    .filter(({ networkId }) => ids.has(networkId))
    .flatMap(({ networkId }) => from.host.engine?.networks.find(({ id }) => id === networkId) ?? [])
    .find(({ options }) => options[iccOption] === 'false')
  if (!network) return undefined
  const { drop } = seen
  if (drop && (drop.chain === 'DOCKER-USER' || (drop.inLink !== undefined && drop.inLink !== network.bridge)))
    return undefined
  return {
    code: 'icc-off',
    what: {
      en: `both are on ${code(network.name)}, but it was made with ${code(`${iccOption}=false`)}: a rule drops what comes from its bridge and goes back into it`,
      zh: `双方都在 ${code(network.name)} 上，但它创建时带有 ${code(`${iccOption}=false`)}：从它的网桥进来又要从同一网桥出去的数据包会被规则丢弃`,
    },
    evidence: [`network ${network.name}: ${iccOption}=false`, ...(drop ? [writeHit(drop, state)] : [])],
    tries: [
      {
        en: `use a network where containers may talk to each other; the option can't be changed afterwards: ${code('docker network create my_net')}`,
        zh: `改用允许容器互通的网络；这个选项创建后不能修改：${code('docker network create my_net')}`,
      },
    ],
  }
}

/** Containers of networks that do not meet, on one host or two. */
export const noCommonNetwork: CauseFinder = (one) => {
  const { from, meant, address } = one
  if (!meant?.container || !from.container || meant.namespace === undefined) return undefined
  if ([from, meant].some((place) => isInHostNamespace(place))) return undefined
  if (from.namespace.id === meant.namespace.id) return undefined
  if (commonNetworks(from, meant).length > 0 || isNeighbour(from, address)) return undefined
  const [here, there] = [from, meant].map((place) =>
    codes([...new Set(endpointsOf(place).map(({ network }) => network))]),
  )
  return {
    code: 'no-common-network',
    what: {
      en: `${code(from.label)} is on ${here!.en} and ${code(meant.label)} on ${there!.en}: an address of the one's networks means nothing on the other's`,
      zh: `${code(from.label)} 在 ${here!.zh} 上，${code(meant.label)} 在 ${there!.zh} 上：一边网络里的地址，在另一边没有意义`,
    },
    evidence: [...networksOf(from), ...networksOf(meant)],
    tries: [connectTry(from, meant)],
  }
}

/** A macvlan's parent and its children do not hear each other (ip-link(8), macvlan). */
export const macvlanHostToChild: CauseFinder = (one) => {
  const { address } = destinationOf(one)
  const goal = goalOf(one)
  const target = goal && ownLink(goal.namespace, address)
  const last = lastSpot(one)
  const sending = outLink(last.namespace, address)
  const isMacvlan = (link: Link | undefined) => link !== undefined && /^(macvlan|macvtap)$/.test(link.kind)
  const toChild =
    isMacvlan(target) && target!.parent?.namespace === last.namespace.id && target!.parent.name === sending?.name
  const own = outLink(one.from.namespace, address)
  const toParent =
    isMacvlan(own) &&
    goal !== undefined &&
    own!.parent?.namespace === goal.namespace.id &&
    own!.parent.name === target?.name
  if (!toChild && !toParent) return undefined
  const [child, host, parent] = toChild
    ? [goal!.label, last.label, sending!.name]
    : [senderOf(one).label, goal!.label, target!.name]
  const asked = one.seen.questions.filter(({ macs }) => macs.length === 0).map(writeAsked)
  return {
    code: 'macvlan-host-to-child',
    what: {
      en: `${code(child)} is a macvlan child on ${code(parent)} of ${code(host)}: a parent and its children share one cable, and the kernel never passes frames between the two`,
      zh: `${code(child)} 是 ${code(host)} 上 ${code(parent)} 的 macvlan 子接口：父接口与子接口共用一根网线，内核从不在两者之间传递帧`,
    },
    evidence: [
      `${child}: ${(toChild ? target! : own!).name}@${parent}, macvlan mode ${(toChild ? target! : own!).macvlanMode ?? '?'}`,
      ...asked,
    ],
    tries: [
      {
        en: `ask from another machine of the LAN, or give the host a macvlan link of its own: ${code(`ip link add shim link ${parent} type macvlan mode bridge`)} with an address and a route to the child`,
        zh: `从局域网里的另一台机器访问，或者给主机也建一个 macvlan 接口：${code(`ip link add shim link ${parent} type macvlan mode bridge`)}，再配上地址和到子接口的路由`,
      },
    ],
  }
}
