import { leadsOn, ownsAddress, routeFor, writeRoute, writeRoutingRule } from '../network/routing.js'
import { bare, code, codes } from '../wording/wording.js'
import { flowAt } from './case.js'
import { define } from './cause.js'
import { writeStep } from './packet-text.js'
import type { Trail } from './trail.js'
import { foundLines, routeLines } from './words.js'

interface Found {
  where: string
  address: string
  /** The route or rule that says no; or the gateway that answered so. */
  refusal?: { text: string; by: 'route' | 'rule' | 'gateway' }
  /** Where the routes that there are lead. */
  ways: string[]
  shown: string[]
}

/** No route leads there, or one that says so. */
function find({ last, destination, destinationPort, source, ...attempt }: Trail): Found | undefined {
  const now = {
    destination,
    ...(destinationPort === undefined ? {} : { destinationPort }),
    ...(source ? { source } : {}),
  }
  const route = routeFor(last.namespace, flowAt(attempt, last, now))
  if (leadsOn(route)) return undefined
  const own = last.namespace.routes.filter(({ table, type }) => table === 'main' && type === 'unicast')
  const refusal =
    route &&
    (route.table === ''
      ? { text: writeRoutingRule(route.by!), by: 'rule' as const }
      : { text: writeRoute(route), by: 'route' as const })
  return {
    where: last.label,
    address: destination,
    ...(refusal ? { refusal } : {}),
    ways: own.map(({ destination: to }) => to),
    shown: [...(route ? foundLines(last.label, route) : []), ...routeLines(last)],
  }
}

export const noRoute = define<Found>({
  code: 'no-route',
  byState: find,
  bySight: (trail) => {
    const found = find(trail)
    if (found) return found
    const { last, destination, seen } = trail
    // Network or host unreachable (RFC 792), and not from the kernel that should send it on itself; others are a filter's.
    const refusal = seen.errors.find(
      ({ packet }) => packet.icmp?.type === 3 && packet.icmp.code <= 1 && !ownsAddress(last.namespace, packet.source),
    )
    const route = routeFor(last.namespace, destination)
    if (!refusal || !route) return undefined
    return {
      where: last.label,
      address: destination,
      refusal: { text: refusal.packet.source, by: 'gateway' },
      ways: [],
      shown: [`${last.label}: ${writeRoute(route)}`, bare(writeStep(refusal), 200)],
    }
  },
  say: ({ where, address, refusal, ways, shown }) => {
    const [who, whom, how] = [code(where), code(address), code(refusal?.text ?? '', 160)]
    if (refusal?.by === 'gateway') {
      return {
        what: {
          en: `the gateway ${how} answered that no way leads on to ${whom}: it knows the addresses on its LANs, but not those inside of hosts`,
          zh: `网关 ${how} 回应说没有通往 ${whom} 的路：它知道局域网里的地址，但不知道主机内部的地址`,
        },
        evidence: shown,
        tries: [
          {
            en: 'publish a port of the container and ask the host for it, or add a route to its subnet by way of its host',
            zh: '发布容器的端口再访问主机，或者添加一条经由其主机通往该子网的路由',
          },
        ],
      }
    }
    const list = codes(ways)
    return {
      what: refusal
        ? refusal.by === 'rule'
          ? {
              en: `a routing rule of ${who} says that ${whom} is not to be reached: ${how}`,
              zh: `${who} 有一条策略路由规则表明 ${whom} 不可到达：${how}`,
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
      evidence: shown,
      tries: [
        refusal?.by === 'rule'
          ? {
              en: `look at the rules there with ${code('ip rule')}, and take it away if it is not meant so: ${code('ip rule del …')}`,
              zh: `用 ${code('ip rule')} 查看那里的规则；如果不是有意为之，就用 ${code('ip rule del …')} 删除它`,
            }
          : refusal
            ? {
                en: `take the route away if it is not meant so: ${code(`ip route del ${refusal.text}`, 160)}`,
                zh: `如果不是有意为之，就删除这条路由：${code(`ip route del ${refusal.text}`, 160)}`,
              }
            : {
                en: `look at the routes there with ${code('ip route')}; a container gets its default route from a network that is not internal`,
                zh: `用 ${code('ip route')} 查看那里的路由；容器的默认路由来自非内部的网络`,
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
    ways: [],
    shown: ['api: blackhole 192.168.1.0/24', 'api: default via 172.20.0.1 dev eth0'],
  },
})
