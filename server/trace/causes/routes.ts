import { holds, isCidr } from '../../network/addresses.js'
import type { NamespaceState, NetworkState } from '../../network/state.js'
import { isHostSpot, type Spot, spotsOf } from '../../place/spots.js'
import { bare, code, codes } from '../../wording/wording.js'
import { type Case, destinationOf, goalOf, lastSpot, senderOf, sourceOf, stageOf } from '../case.js'
import { writeAsked, writeStep } from '../packet-text.js'
import { leadsOn, ownsAddress, plannedGateways, routeFor, writeRoute } from '../routing.js'
import type { Step } from '../seen.js'
import type { Cause } from '../story.js'
import type { CauseFinder } from './cause-finder.js'

/** No way, a wrong way, or no way back. */

export const wrongGateway: CauseFinder = (one) => {
  const { address } = destinationOf(one)
  const stage = stageOf(one)
  const forth = [senderOf(one), lastSpot(one)].flatMap((spot) => strayGateway(spot, address, one.state) ?? [])[0]
  if (forth && stage !== 'silent' && stage !== 'no-return') return wrongGatewayCause(one, forth, false)
  const source = sourceOf(one)
  const goal = goalOf(one)
  const back = goal && source ? strayGateway(goal, source, one.state) : undefined
  return back && one.seen.arrived ? wrongGatewayCause(one, back, true) : undefined
}

interface StrayGateway {
  spot: Spot
  gateway: string
  route: string
  planned: string[]
}

/** The gateway that a namespace would use, where neither Docker nor the LAN nor its knowledge of the way speaks for it. */
function strayGateway(spot: Spot, address: string, state: NetworkState): StrayGateway | undefined {
  const route = routeFor(spot.namespace, address)
  const gateway = leadsOn(route) ? route.gateway : undefined
  if (gateway === undefined) return undefined
  const planned = plannedGateways(spot, state)
  if (planned.includes(gateway)) return undefined
  const knows = spotsOf(state).some(
    ({ namespace }) =>
      ownsAddress(namespace, gateway) &&
      namespace.id !== spot.namespace.id &&
      (routeFor(namespace, address)?.destination ?? 'default') !== 'default',
  )
  return knows ? undefined : { spot, gateway, route: writeRoute(route!), planned }
}

function wrongGatewayCause(one: Case, { spot, gateway, route, planned }: StrayGateway, back: boolean): Cause {
  const right = planned.find((address) => address.includes(':') === gateway.includes(':'))
  const asked = one.seen.questions.find(({ target }) => target === gateway)
  const nobody = asked?.macs.length === 0
  const where = code(spot.label)
  const why = nobody
    ? { en: `nobody has that address`, zh: '没有人使用这个地址' }
    : { en: 'whoever has that address does not pass it on', zh: '拥有这个地址的机器不会转发它' }
  const expected = right
    ? { en: `; the gateway there is ${code(right)}`, zh: `；那里的网关是 ${code(right)}` }
    : { en: '', zh: '' }
  return {
    code: 'wrong-gateway',
    what: back
      ? {
          en: `the answer could not come back, because ${where} sends it to the gateway ${code(gateway)}, and ${why.en}${expected.en}`,
          zh: `应答回不来，因为 ${where} 把它交给了网关 ${code(gateway)}，而${why.zh}${expected.zh}`,
        }
      : {
          en: `${where} sends what is for elsewhere to the gateway ${code(gateway)}, and ${why.en}${expected.en}`,
          zh: `${where} 把发往别处的数据包交给网关 ${code(gateway)}，而${why.zh}${expected.zh}`,
        },
    evidence: [`${spot.label}: ${route}`, ...(asked ? [writeAsked(asked)] : [])],
    tries: right
      ? [
          {
            en: `put the default route right in ${where}: ${code(`ip route replace default via ${right}`)}`,
            zh: `在 ${where} 中改正默认路由：${code(`ip route replace default via ${right}`)}`,
          },
        ]
      : [],
  }
}

export const forwardingOff: CauseFinder = (one) => {
  const stage = stageOf(one)
  const { seen } = one
  if (stage !== 'lost' && stage !== 'no-return') return undefined
  const last = (stage === 'lost' ? seen.out : seen.back).at(-1)
  if (!last?.spot || last.tunnel || last.sighting.direction !== 'in') return undefined
  const { spot, packet, frame } = last
  const isFor6 = packet.version === 6
  if (
    (isFor6 ? spot.namespace.forwards.ip6 : spot.namespace.forwards.ip4) ||
    ownsAddress(spot.namespace, stage === 'lost' ? destinationOf(one).address : packet.destination)
  ) {
    return undefined
  }
  // A frame for another's MAC address passes a bridge without any routing.
  const isForHere = spot.namespace.links.some(
    ({ mac }) => mac !== '' && mac.toLowerCase() === frame.destination?.toLowerCase(),
  )
  if (!isForHere) return undefined
  const setting = isFor6 ? 'net.ipv6.conf.all.forwarding' : 'net.ipv4.ip_forward'
  return {
    code: 'forwarding-off',
    what: {
      en: `${code(spot.label)} got ${stage === 'lost' ? 'the packet' : 'the answer'} to pass it on, but ${code(setting)} is 0 there: a machine that does not forward drops what is not for itself`,
      zh: `${code(spot.label)} 收到了需要转发的${stage === 'lost' ? '数据包' : '应答'}，但那里的 ${code(setting)} 是 0：不转发的机器会丢弃不是发给自己的数据包`,
    },
    evidence: [`${spot.label}: ${setting} = 0`, writeStep(last)],
    tries: [
      {
        en: `switch it on, on ${code(spot.label)}: ${code(`sysctl -w ${setting}=1`)}`,
        zh: `在 ${code(spot.label)} 上打开它：${code(`sysctl -w ${setting}=1`)}`,
      },
    ],
  }
}

/** A packet left its host with an address that means something only inside. */
export const noMasquerade: CauseFinder = (one) => {
  const leaving = one.seen.out.findLast(
    ({ spot, link, sighting, tunnel }) =>
      spot !== undefined && isHostSpot(spot) && link?.lan !== undefined && sighting.direction === 'out' && !tunnel,
  )
  if (!leaving?.spot) return undefined
  const { spot, packet, link } = leaving
  const network = spot.host.engine?.networks.find(
    ({ driver, subnets }) => driver === 'bridge' && subnets.some(({ subnet }) => holds(subnet, packet.source)),
  )
  const subnet = network?.subnets.find((candidate) => holds(candidate.subnet, packet.source))?.subnet
  if (!network || !subnet || masquerades(spot.namespace, packet.source, link!.name)) return undefined
  const bridge = network.bridge ?? 'BRIDGE'
  return {
    code: 'no-masquerade',
    what: {
      en: `the answer could not come back, because the packet left ${code(spot.label)} with the private address ${code(packet.source)}: no rule masquerades ${code(subnet)}, and nobody outside knows a way to it`,
      zh: `应答回不来，因为数据包离开 ${code(spot.label)} 时带着私有地址 ${code(packet.source)}：没有规则对 ${code(subnet)} 做地址伪装（MASQUERADE），而外面没有人知道通往它的路`,
    },
    evidence: [writeStep(leaving), `${spot.label}: nat: no MASQUERADE of ${subnet} in POSTROUTING`],
    tries: [
      {
        en: `put the rule back: ${code(`iptables -t nat -A POSTROUTING -s ${subnet} ! -o ${bridge} -j MASQUERADE`, 120)}`,
        zh: `把规则加回来：${code(`iptables -t nat -A POSTROUTING -s ${subnet} ! -o ${bridge} -j MASQUERADE`, 120)}`,
      },
    ],
  }
}

function masquerades({ rules }: NamespaceState, source: string, out: string): boolean {
  return rules.some(
    (rule) =>
      /^(MASQUERADE|SNAT)$/.test(rule.target) &&
      (rule.source === undefined || (isCidr(rule.source) && holds(rule.source, source))) &&
      (rule.out === undefined || rule.out === out || (rule.out.startsWith('!') && rule.out !== `!${out}`)),
  )
}

export const noRoute: CauseFinder = (one) => {
  const { address } = destinationOf(one)
  const spot = lastSpot(one)
  const route = routeFor(spot.namespace, address)
  const where = code(spot.label)
  if (!leadsOn(route)) {
    const own = spot.namespace.routes.filter(({ table, type }) => table === 'main' && type === 'unicast')
    const ways = codes(own.map(({ destination }) => destination))
    return {
      code: 'no-route',
      what: route
        ? {
            en: `a route of ${where} says that ${code(address)} is not to be reached: ${code(writeRoute(route))}`,
            zh: `${where} 有一条路由表明 ${code(address)} 不可到达：${code(writeRoute(route))}`,
          }
        : own.length === 0
          ? {
              en: `${where} has no routes at all, so it reaches nobody but itself`,
              zh: `${where} 没有任何路由，除了自己谁也访问不到`,
            }
          : {
              en: `${where} has no route to ${code(address)}: its routes lead to ${ways.en}`,
              zh: `${where} 没有到 ${code(address)} 的路由：它的路由通往 ${ways.zh}`,
            },
      evidence: own.slice(0, 5).map((one) => `${spot.label}: ${writeRoute(one)}`),
      tries: [
        {
          en: `look at the routes there with ${code('ip route')}; a container gets its default route from a network that is not internal`,
          zh: `用 ${code('ip route')} 查看那里的路由；容器的默认路由来自非内部的网络`,
        },
      ],
    }
  }
  const refusal = one.seen.errors.find(
    ({ packet }) => packet.icmp?.type === 3 && packet.icmp.code !== 3 && packet.icmp.code !== 4,
  )
  if (!refusal) return undefined
  const by = refusal.packet.source
  return {
    code: 'no-route',
    what: {
      en: `the gateway ${code(by)} answered that no way leads on to ${code(address)}: it knows the addresses on its LANs, but not those inside of hosts`,
      zh: `网关 ${code(by)} 回应说没有通往 ${code(address)} 的路：它知道局域网里的地址，但不知道主机内部的地址`,
    },
    evidence: [`${spot.label}: ${writeRoute(route)}`, bare(writeStep(refusal), 200)],
    tries: [
      {
        en: 'publish a port of the container and ask the host for it, or add a route to its subnet by way of its host',
        zh: '发布容器的端口再访问主机，或者添加一条经由其主机通往该子网的路由',
      },
    ],
  }
}

export const noRouteBack: CauseFinder = (one) => {
  const goal = goalOf(one)
  const source = sourceOf(one)
  if (!goal || source === undefined || !one.seen.arrived) return undefined
  const route = routeFor(goal.namespace, source)
  const last: Step | undefined = one.seen.back.at(-1)
  if (leadsOn(route)) {
    // It went off towards a gateway, and from there nowhere.
    const gone = last !== undefined && last.sighting.lan !== undefined && route.gateway !== undefined
    if (!gone) return undefined
    return {
      code: 'no-route-back',
      what: {
        en: `the answer could not come back, because ${code(goal.label)} sends it to its gateway ${code(route.gateway!)}, which knows no way to ${code(source)}`,
        zh: `应答回不来，因为 ${code(goal.label)} 把它交给网关 ${code(route.gateway!)}，而网关不知道通往 ${code(source)} 的路`,
      },
      evidence: [`${goal.label}: ${writeRoute(route)}`, writeStep(last)],
      tries: [backTry(goal, source)],
    }
  }
  return {
    code: 'no-route-back',
    what: {
      en: `the packet arrived, but the answer could not come back, because ${code(goal.label)} has no route to ${code(source)}: an answer needs a route as well`,
      zh: `数据包到了，但应答回不来，因为 ${code(goal.label)} 没有到 ${code(source)} 的路由：应答同样需要路由`,
    },
    evidence: goal.namespace.routes
      .filter(({ table, type }) => table === 'main' && type === 'unicast')
      .slice(0, 5)
      .map((one) => `${goal.label}: ${writeRoute(one)}`),
    tries: [backTry(goal, source)],
  }
}

function backTry(goal: Spot, source: string): Cause['tries'][number] {
  return {
    en: `give ${code(goal.label)} a route to ${code(source)}, or let the sender's host masquerade`,
    zh: `给 ${code(goal.label)} 加一条到 ${code(source)} 的路由，或者让发送方的主机做地址伪装`,
  }
}
