import { leadsOn, routeFor, writeRoute } from '../network/routing.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { writeStep } from './packet-text.js'
import type { Trail } from './trail.js'
import { foundLines, routeLines } from './words.js'

interface Found {
  goal: string
  source: string
  /** The gateway that the answer went off to. */
  gateway?: string
  seen: boolean
  shown: string[]
}

function wayBack({ goal, source, destination, protocol, destinationPort }: Trail) {
  if (!goal || source === undefined) return undefined
  const route = routeFor(goal.namespace, {
    destination: source,
    source: destination,
    protocol,
    in: '',
    ...(destinationPort === undefined ? {} : { sourcePort: destinationPort }),
  })
  return { goal, source, route }
}

function missing(trail: Trail): Omit<Found, 'seen'> | undefined {
  const back = wayBack(trail)
  if (!back || leadsOn(back.route)) return undefined
  const { goal, source, route } = back
  return {
    goal: goal.label,
    source,
    shown: [...(route ? foundLines(goal.label, route) : []), ...routeLines(goal, source)],
  }
}

export const noRouteBack = define<Found>({
  code: 'no-route-back',
  byState: (trail) => {
    const found = missing(trail)
    return found && { ...found, seen: false }
  },
  bySight: (trail) => {
    if (!trail.seen.arrived) return undefined
    const found = missing(trail)
    if (found) return { ...found, seen: true }
    // It went off towards a gateway, and from there nowhere.
    const last = trail.seen.back.at(-1)
    const back = wayBack(trail)
    const gateway = back?.route?.gateway
    if (!back || gateway === undefined || last?.sighting.lan === undefined) return undefined
    return {
      goal: back.goal.label,
      source: back.source,
      gateway,
      seen: true,
      shown: [`${back.goal.label}: ${writeRoute(back.route!)}`, writeStep(last)],
    }
  },
  say: ({ goal, source, gateway, seen, shown }) => {
    const [who, whom] = [code(goal), code(source)]
    const via = code(gateway ?? '')
    return {
      what: gateway
        ? {
            en: `the answer could not come back, because ${who} sends it to its gateway ${via}, which knows no way to ${whom}`,
            zh: `应答回不来，因为 ${who} 把它交给网关 ${via}，而网关不知道通往 ${whom} 的路`,
          }
        : seen
          ? {
              en: `the packet arrived, but the answer could not come back, because ${who} has no route to ${whom}: an answer needs a route as well`,
              zh: `数据包到了，但应答回不来，因为 ${who} 没有到 ${whom} 的路由：应答同样需要路由`,
            }
          : {
              en: `the packets may arrive, but ${who} has no route back to ${whom}, and an answer needs a route as well`,
              zh: `数据包也许到了，但 ${who} 没有返回 ${whom} 的路由，而应答同样需要路由`,
            },
      evidence: shown,
      tries: [
        {
          en: `give ${who} a route to ${whom}, or let the sender's host masquerade`,
          zh: `给 ${who} 加一条到 ${whom} 的路由，或者让发送方的主机做地址伪装`,
        },
      ],
    }
  },
  broken: 'the one who is asked has no route to the address that the packet came from',
  example: { goal: 'node1/web', source: '192.168.1.50', seen: true, shown: ['node1/web: 172.20.0.0/16 dev eth0'] },
})
