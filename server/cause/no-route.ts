import { holds, isLoopback } from '../network/addresses.js'
import type { IpPacket } from '../network/observation.js'
import { ownsAddress } from '../network/own-address.js'
import {
  type FoundRoute,
  leadsNowhere,
  leadsOn,
  nextHop,
  routeFor,
  writeRoute,
  writeRoutingRule,
} from '../network/routing.js'
import { endpointsOf, hostPlace, isInHostNamespace, type LivePlace } from '../place/place.js'
import type { Text } from '../wording/text.js'
import { bare, code, codes } from '../wording/wording.js'
import { flowAt } from './case.js'
import { type Cause, define } from './cause.js'
import { writeStep } from './packet-text.js'
import { commandIn } from './place-command.js'
import { networkOwnerOf, networkRestartOf, restartText } from './restart.js'
import type { Trail } from './trail.js'
import { called, defaultRouteOf, defaultRouteTry, foundLines, ipFor, routeLines, routesLike } from './words.js'

interface Found {
  where: string
  address: string
  /** The route or rule that says no; or the gateway that answered so. */
  refusal?: { text: string; by: 'route' | 'rule' | 'gateway' | 'loopback' | 'broadcast' | 'group' }
  /** Who sends it to that machine, and by which route. */
  chosen?: { by: string; route: string }
  isContainer?: true
  /** A host that may have had its default route of IPv6 by advertisements. */
  advertised?: true
  /** The command that removes the route, as it can be run on the place's host. */
  remove?: string
  /** Whether it is a container that has the address. */
  ofContainer?: boolean
  /** Where the routes of that family lead. */
  ways: string[]
  /** There is no IPv6 at all in the place, which is a container of these networks; `off`: it is switched off on a link of its. */
  /** What gives it back the default route that it lacks. */
  mend?: string
  lacks6?: { container?: string; restart: string[]; networks: string[]; without: string[]; off: boolean }
  shown: string[]
}

/** The route by which the packet goes on from where it is; undefined where there is none at all. */
export function wayOn({ last, destination, destinationPort, source, ...attempt }: Trail): FoundRoute | undefined {
  const now = {
    destination,
    ...(destinationPort === undefined ? {} : { destinationPort }),
    ...(source ? { source } : {}),
  }
  return routeFor(last.namespace, flowAt(attempt, last, now))
}

/** No route leads there, or one that says so. */
function find(trail: Trail): Found | undefined {
  const { last, destination } = trail
  if (isGroup(destination)) return ofGroup(trail)
  const route = wayOn(trail)
  const isInto = leadsOn(route) && isIntoLoopback(last, route, destination)
  if (!leadsNowhere(route) && !isInto) return undefined
  const isBroadcast = route?.type === 'broadcast'
  // Who sends one itself is heard by all of that network.
  if (isBroadcast && last.namespace.id === trail.from.namespace.id) return undefined
  const refusal =
    route &&
    (isBroadcast
      ? { text: writeRoute(route), by: 'broadcast' as const }
      : isInto
        ? { text: writeRoute(route), by: 'loopback' as const }
        : route.table === ''
          ? { text: writeRoutingRule(route.by!), by: 'rule' as const }
          : { text: writeRoute(route), by: 'route' as const })
  const mend = refusal ? undefined : defaultRouteOf(last, destination)
  return {
    where: last.label,
    address: destination,
    ...(refusal ? { refusal } : {}),
    ...(refusal && refusal.by !== 'rule' && !isBroadcast
      ? { remove: commandIn(last, `${ipFor(destination)} route del ${refusal.text}`) }
      : {}),
    ...(mend === undefined ? {} : { mend }),
    ways: [...new Set(routesLike(last, destination).map(({ destination: to }) => to))],
    ...(destination.includes(':') && isInHostNamespace(last) && last.host.name === trail.from.host.name
      ? { advertised: true as const }
      : {}),
    ...(last.container && !isInHostNamespace(last) ? { isContainer: true as const } : {}),
    ...chosenBy(trail),
    ...(refusal || !destination.includes(':') || hasIp6(last) ? {} : { lacks6: networksWithout(last) }),
    shown: [
      ...new Set([...(route ? foundLines(last.label, route) : []), ...routeLines(last, destination)]),
      ...(destination.includes(':') && !hasIp6(last) ? [`${last.label}: no address of IPv6 but the loopback's`] : []),
    ],
  }
}

/** Another machine was taken for a router: whoever chose it may have chosen the wrong one. */
function chosenBy({ from, last, destination }: Trail): Pick<Found, 'chosen'> {
  if (last.host.name === from.host.name) return {}
  const sender = [from, hostPlace(from.host)].find((place) => {
    const hop = place && nextHop(place.namespace, destination)
    return hop !== undefined && ownsAddress(last.namespace, hop)
  })
  const route = sender && routeFor(sender.namespace, destination)
  return route && leadsOn(route) ? { chosen: { by: sender.label, route: writeRoute(route) } } : {}
}

/** The loopback leads to nobody else. */
function isIntoLoopback({ namespace }: LivePlace, { device, type }: FoundRoute, destination: string): boolean {
  // One of the type `local` makes addresses the place's own.
  if (type !== 'unicast') return false
  const link = namespace.links.find(({ name }) => name === device)
  return link?.kind === 'loopback' && !isLoopback(destination) && !ownsAddress(namespace, destination)
}

/** A link that is up has a link-local address of IPv6, if nothing else (RFC 4291, 2.1), unless IPv6 is switched off there. */
function hasIp6({ namespace }: LivePlace): boolean {
  return namespace.links.some(
    ({ kind, addresses }) => kind !== 'loopback' && addresses.some(({ family }) => family === 6),
  )
}

function networksWithout(place: LivePlace): NonNullable<Found['lacks6']> {
  const networks = endpointsOf(place).flatMap(
    ({ networkId }) => place.host.engine?.networks.find(({ id }) => id === networkId) ?? [],
  )
  return {
    ...(place.container && !isInHostNamespace(place) ? { container: networkOwnerOf(place.host, called(place)) } : {}),
    restart: networkRestartOf(place.host, called(place)),
    networks: networks.map(({ name }) => name),
    without: networks.filter(({ ipv6 }) => !ipv6).map(({ name }) => name),
    off: place.namespace.links.some((link) => link.kind !== 'loopback' && link.ipv6Off),
  }
}

/** Network or host unreachable (RFC 792; of ICMPv6 no route, and address unreachable, RFC 4443); others are a filter's. */
function isUnreachable({ icmp, version }: IpPacket): boolean {
  return version === 6 ? icmp?.type === 1 && (icmp.code === 0 || icmp.code === 3) : icmp?.type === 3 && icmp.code <= 1
}

/** Neither an address nor a route: of a container's networks it is known whether they were made with IPv6. */
function sayLacks6(
  where: string,
  { container, restart, networks, without, off }: NonNullable<Found['lacks6']>,
): Pick<Cause, 'what' | 'tries'> {
  const [who, list] = [code(where), codes(without)]
  const none = without.length === networks.length
  const again = restartText(restart)
  const [create, connect] = [
    code('docker network create --ipv6 --subnet SUBNET six_net'),
    code(`docker network connect six_net ${container}`),
  ]
  const made =
    networks.length > 0 && none
      ? {
          en: `: its networks (${list.en}) were made without IPv6`,
          zh: `：它所在的网络（${list.zh}）创建时没有启用 IPv6`,
        }
      : off
        ? {
            en: `, as where IPv6 is switched off (${code('net.ipv6.conf.*.disable_ipv6')})`,
            zh: `，就像那里关闭了 IPv6（${code('net.ipv6.conf.*.disable_ipv6')}）时那样`,
          }
        : { en: '', zh: '' }
  const tries =
    container === undefined
      ? {
          en: `switch it on: ${code('sysctl -w net.ipv6.conf.all.disable_ipv6=0')}, and give its links their addresses again`,
          zh: `打开它：${code('sysctl -w net.ipv6.conf.all.disable_ipv6=0')}，再给接口重新配置地址`,
        }
      : none
        ? {
            en: `put it on a network with IPv6: ${create}, then ${connect}`,
            zh: `把它接入启用了 IPv6 的网络：先 ${create}，再 ${connect}`,
          }
        : {
            en: `let the Engine give it its addresses again: ${again.en}`,
            zh: `让引擎重新给它配置地址：${again.zh}`,
          }
  return {
    what: {
      en: `${who} has no IPv6 address at all, not even a link-local one, and so no route${made.en}`,
      zh: `${who} 没有任何 IPv6 地址，连链路本地地址都没有，因此也没有路由${made.zh}`,
    },
    tries: [tries],
  }
}

/** Of multicast (RFC 5771; RFC 4291, 2.7). */
function isGroup(address: string): boolean {
  return holds('224.0.0.0/4', address) || holds('ff00::/8', address)
}

/** What is for a group and came to a host, which passes on none of it without a routing of its own for groups (ip-mroute(8)). */
function ofGroup({ last, from, destination, seen, stage }: Trail): Found | undefined {
  if (stage !== 'lost' && stage !== 'silent') return undefined
  const step = seen?.out.findLast(({ place, sighting }) => place !== undefined && sighting.direction === 'in')
  if (!step || !isInHostNamespace(last) || last.namespace.id === from.namespace.id) return undefined
  return {
    ...{ where: last.label, address: destination, ways: [] },
    refusal: { text: destination, by: 'group' },
    shown: [writeStep(step)],
  }
}

function sayGroup(where: string, address: string): Pick<Cause, 'what' | 'tries'> {
  const [who, whom] = [code(where), code(address)]
  return {
    what: {
      en: `${whom} is a group (multicast): what comes for it is for programs of ${who} itself that have joined it there; a published port does not take it, and without multicast routing ${who} passes it on to no container`,
      zh: `${whom} 是一个组播地址：发给它的数据包只交给 ${who} 自己那些加入了该组的程序；发布的端口不接收它，没有组播路由的话，${who} 也不会把它转发给任何容器`,
    },
    tries: [
      {
        en: `have the program that is to hear it stand on that network itself, such as with ${code('--network host')} or on a macvlan network; or ask it at its own address`,
        zh: `让要接收它的程序自己就在那个网络上，例如用 ${code('--network host')}，或接入 macvlan 网络；也可以按它自己的地址访问`,
      },
    ],
  }
}

/** What is for all of a network and comes from another one is not passed on (RFC 2644; sysctl net.ipv4.conf.*.bc_forwarding). */
function sayBroadcast(where: string, address: string): Pick<Cause, 'what' | 'tries'> {
  const [who, whom] = [code(where), code(address)]
  return {
    what: {
      en: `${whom} is the broadcast address of a network of ${who}: what comes for it from elsewhere is taken for ${who} itself and not passed on, unless ${code('bc_forwarding')} is switched on`,
      zh: `${whom} 是 ${who} 所在网络的广播地址：从别处来的这种数据包会被当作发给 ${who} 自己的，不再转发，除非打开 ${code('bc_forwarding')}`,
    },
    tries: [
      {
        en: `ask each machine at its own address; a program that looks for others by broadcast has to stand on that network itself, such as with ${code('--network host')} or on a macvlan network`,
        zh: `按各台机器自己的地址访问；靠广播寻找别的机器的程序，必须自己就在那个网络上，例如用 ${code('--network host')}，或接入 macvlan 网络`,
      },
    ],
  }
}

export const noRoute = define<Found>({
  code: 'no-route',
  byState: find,
  bySight: (trail) => {
    const found = find(trail)
    if (found) return found
    const { last, destination, seen } = trail
    // Not from the kernel that should send it on itself.
    const refusal = seen.errors.find(
      ({ packet }) => isUnreachable(packet) && !ownsAddress(last.namespace, packet.source),
    )
    const route = routeFor(last.namespace, destination)
    if (!refusal || !route) return undefined
    return {
      where: last.label,
      address: destination,
      refusal: { text: refusal.packet.source, by: 'gateway' },
      ofContainer: trail.goal !== undefined && !isInHostNamespace(trail.goal),
      ways: [],
      shown: [...foundLines(last.label, route), bare(writeStep(refusal), 200)],
    }
  },
  say: ({
    where,
    address,
    refusal,
    advertised,
    isContainer,
    chosen,
    remove = '',
    ofContainer,
    ways,
    mend,
    lacks6,
    shown,
  }) => {
    const [who, whom, how] = [code(where), code(address), code(refusal?.text ?? '', 160)]
    if (refusal?.by === 'gateway') {
      return {
        what: {
          en: `the gateway ${how} answered that no way leads on to ${whom}: it knows the addresses on its LANs, but not those inside of hosts`,
          zh: `网关 ${how} 回应说没有通往 ${whom} 的路：它知道局域网里的地址，但不知道主机内部的地址`,
        },
        evidence: shown,
        tries: [
          ofContainer === false
            ? {
                en: `add a route to ${whom} by way of a machine that knows it, if there is one`,
                zh: `如果有机器知道去 ${whom} 的路，就添加一条经由它的路由`,
              }
            : {
                en: 'publish a port of the container and ask the host for it, or add a route to its subnet by way of its host',
                zh: '发布容器的端口再访问主机，或者添加一条经由其主机通往该子网的路由',
              },
        ],
      }
    }
    if (lacks6) return { ...sayLacks6(where, lacks6), evidence: shown }
    if (refusal?.by === 'broadcast') return { ...sayBroadcast(where, address), evidence: shown }
    if (refusal?.by === 'group') return { ...sayGroup(where, address), evidence: shown }
    const list = codes(ways)
    const ip = ipFor(address)
    const accept = code('sysctl net.ipv6.conf.LINK.accept_ra=2')
    const further: Text = advertised
      ? {
          en: `; a host that forwards, as one with a Docker network of IPv6 does, takes a default route from router advertisements only with ${accept}`,
          zh: `；会转发的主机（有 IPv6 的 Docker 网络就会转发）只有在 ${accept} 时才从路由器通告得到默认路由`,
        }
      : isContainer
        ? {
            en: '; a container gets its default route from a network that is not internal',
            zh: '；容器的默认路由来自非内部的网络',
          }
        : { en: '', zh: '' }
    return {
      what: refusal
        ? refusal.by === 'rule'
          ? {
              en: `a routing rule of ${who} says that ${whom} is not to be reached: ${how}`,
              zh: `${who} 有一条策略路由规则表明 ${whom} 不可到达：${how}`,
            }
          : refusal.by === 'loopback'
            ? {
                en: `a route of ${who} leads what is for ${whom} into its own loopback, where nobody else is: ${how}`,
                zh: `${who} 有一条路由把发往 ${whom} 的包引到了它自己的回环接口，那里没有别人：${how}`,
              }
            : {
                en: `a route of ${who} says that ${whom} is not to be reached: ${how}`,
                zh: `${who} 有一条路由表明 ${whom} 不可到达：${how}`,
              }
        : ways.length === 0
          ? {
              en: `${who} has no routes at all, so it reaches nobody but itself`,
              zh: `${who} 没有任何路由，除了自己谁也访问不到`,
            }
          : {
              en: `${who} has no route to ${whom}: its routes lead to ${list.en}`,
              zh: `${who} 没有到 ${whom} 的路由：它的路由通往 ${list.zh}`,
            },
      evidence: [...shown, ...(chosen ? [`${chosen.by}: ${chosen.route}`] : [])],
      tries: [
        ...(chosen
          ? [
              {
                en: `see whether ${who} is to be the router for it: ${code(chosen.by)} sends it there by ${code(chosen.route)}`,
                zh: `看看它该不该由 ${who} 转发：${code(chosen.by)} 按 ${code(chosen.route)} 把它交到了那里`,
              },
            ]
          : []),
        mend !== undefined
          ? defaultRouteTry(where, mend)
          : refusal?.by === 'rule'
            ? {
                en: `look at the rules there with ${code(`${ip} rule`)}, and remove it unless it is intended: ${code(`${ip} rule del …`)}`,
                zh: `用 ${code(`${ip} rule`)} 查看那里的规则；如果不是有意为之，就用 ${code(`${ip} rule del …`)} 删除它`,
              }
            : refusal
              ? {
                  en: `remove the route unless it is intended: ${code(remove, 300)}`,
                  zh: `如果不是有意为之，就删除这条路由：${code(remove, 300)}`,
                }
              : {
                  en: `look at the routes there with ${code(`${ip} route`)}${further.en}`,
                  zh: `用 ${code(`${ip} route`)} 查看那里的路由${further.zh}`,
                },
      ],
    }
  },
  broken:
    'a route of the type `blackhole`, `unreachable` or `prohibit` is longer than the one that leads there, or there is none',
  example: {
    where: 'api',
    address: '192.168.1.50',
    refusal: { text: 'blackhole 192.168.1.0/24', by: 'route' },
    remove: "nsenter -t $(docker inspect -f '{{.State.Pid}}' api) -n ip route del blackhole 192.168.1.0/24",
    ways: [],
    shown: ['api: blackhole 192.168.1.0/24', 'api: default via 172.20.0.1 dev eth0'],
  },
})
