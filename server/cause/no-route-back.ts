import { sameAddress } from '../network/addresses.js'
import { endOf } from '../network/filter.js'
import { leadsNowhere, leadsOn, routeFor, writeRoute } from '../network/routing.js'
import { addressesOf, type LivePlace } from '../place/place.js'
import { holdersOf, holdersOn } from '../place/segment.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { writeStep } from './packet-text.js'
import type { Trail } from './trail.js'
import { defaultRouteOf, defaultRouteTry, foundLines, iptablesFor, routeLines } from './words.js'

interface Found {
  goal: string
  source: string
  /** The gateway that the answer went off to, by whom in the end, and by which link the packet came in there if that was another one. */
  gateway?: string
  by?: string
  cameBy?: string
  /** What gives it back the default route that it lacks. */
  mend?: string
  /** The source, which a rule of that host put on the packet, is none of its own: whose it is, if somebody's, and what puts the host's own there. */
  foreign?: { host: string; holder?: string; command?: string }
  seen: boolean
  shown: string[]
}

/** The hosts that a packet came by until it arrived. */
function passed({ from, seen, way }: Trail): Set<string> {
  const { out = [], arrived } = seen ?? {}
  const steps = arrived ? out.slice(0, out.indexOf(arrived)) : out
  const places = [
    from,
    ...steps.flatMap(({ place }) => place ?? []),
    ...(way?.stops.slice(0, -1) ?? []).map((one) => one.place),
  ]
  return new Set(places.map(({ host }) => host.name))
}

/** The source that a packet arrived with is not of the host whose rule gave it that: nobody's, or another one's, which gets the answers. */
function strangeSource(trail: Trail): Omit<Found, 'seen'> | undefined {
  const { source, goal, state, from, leaving, seen } = trail
  if (!goal || source === undefined) return undefined
  const holders = holdersOf(source, state)
  const by = passed(trail)
  // Whoever has it and was on the way may have given it to the packet as well.
  if (holders.some(({ place }) => by.has(place.host.name))) return undefined
  if (state.lans.some(({ gateway, gateway6 }) => sameAddress(gateway, source) || sameAddress(gateway6, source)))
    return undefined
  for (const { name, namespaces } of state.hosts) {
    const rule = namespaces[0]?.rules.find((one) => one.target === 'SNAT' && sameAddress(endOf(one).address, source))
    if (!rule || (holders.length > 0 && !by.has(name))) continue
    const isIptables = rule.text.startsWith('-A ') && rule.chain === 'POSTROUTING'
    // As it came to that host, which may not be as it was sent.
    const came = seen?.out.find(({ place, sighting }) => place?.host.name === name && sighting.direction === 'in')
    const own =
      came?.packet.source ?? addressesOf(from.namespace).find((one) => one.includes(':') === source.includes(':'))
    const at = leaving?.place.host.name === name ? leaving.link.name : undefined
    const command = [
      iptablesFor(source),
      '-t nat -I POSTROUTING',
      `${rule.position}`,
      '-s',
      own,
      ...(at === undefined ? [] : ['-o', at]),
      '-j MASQUERADE',
    ]
    return {
      goal: goal.label,
      source,
      foreign: {
        host: name,
        ...(holders[0] ? { holder: holders[0].place.label } : {}),
        ...(isIptables && own !== undefined ? { command: command.join(' ') } : {}),
      },
      shown: [
        `${name}: nat: ${rule.text}`,
        ...holders.map(({ place, link }) => `${place.label}: ${link.name} has ${source}`),
      ],
    }
  }
  return undefined
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
  if (!back || !leadsNowhere(back.route)) return undefined
  const { goal, source, route } = back
  const mend = route ? undefined : defaultRouteOf(goal, source)
  return {
    goal: goal.label,
    source,
    ...(mend === undefined ? {} : { mend }),
    shown: [...(route ? foundLines(goal.label, route) : []), ...routeLines(goal, source)],
  }
}

/** As far as an answer is handed on from gateway to gateway within the rack: who hands it to one that is nobody there. */
function lastSender(goal: LivePlace, source: string, { destination, state }: Trail) {
  let place = goal
  let link = ''
  for (let hop = 0; hop < mostHops; hop++) {
    const route = routeFor(place.namespace, { destination: source, source: destination, in: link })
    if (!route || !leadsOn(route) || route.gateway === undefined) return undefined
    const out = place.namespace.links.find(({ name }) => name === route.device)
    const holders = out ? holdersOn({ place, link: out }, route.gateway, state) : []
    const [next] = holders.filter((leg) => leg.place.namespace.id !== place.namespace.id)
    if (!next) return { place, route }
    place = next.place
    link = next.link.name
  }
  return undefined
}

/** Gateways behind each other, in racks of a few hosts. */
const mostHops = 8

export const noRouteBack = define<Found>({
  code: 'no-route-back',
  byState: (trail) => {
    const found = missing(trail) ?? strangeSource(trail)
    return found && { ...found, seen: false }
  },
  bySight: (trail) => {
    if (!trail.seen.arrived) return undefined
    const found = missing(trail) ?? strangeSource(trail)
    if (found) return { ...found, seen: true }
    // It went off towards a gateway, and from there nowhere.
    const last = trail.seen.back.at(-1)
    const back = wayBack(trail)
    if (!back || back.route?.gateway === undefined || last?.sighting.lan === undefined) return undefined
    const end = lastSender(back.goal, back.source, trail)
    const gateway = end?.route.gateway
    if (!end || gateway === undefined) return undefined
    const cameBy = trail.seen.out.find(
      ({ place, sighting }) => place?.namespace.id === end.place.namespace.id && sighting.direction === 'in',
    )?.sighting.link
    return {
      goal: back.goal.label,
      source: back.source,
      gateway,
      ...(end.place === back.goal ? {} : { by: end.place.label }),
      ...(cameBy === undefined || cameBy === end.route.device ? {} : { cameBy }),
      seen: true,
      shown: [`${end.place.label}: ${writeRoute(end.route)}`, writeStep(last)],
    }
  },
  say: ({ goal, source, gateway, by, cameBy, mend, foreign, seen, shown }) => {
    const [who, whom] = [code(goal), code(source)]
    const via = code(gateway ?? '')
    const sender = code(by ?? goal)
    const [came, other] = [
      cameBy === undefined
        ? { en: '', zh: '' }
        : {
            en: `, though the packet came in there by ${code(cameBy)}`,
            zh: `，而数据包是从 ${code(cameBy)} 进来的`,
          },
      cameBy === undefined ? { en: '', zh: '' } : { en: ` by ${code(cameBy)}`, zh: `（经 ${code(cameBy)}）` },
    ]
    if (foreign) {
      const where = code(foreign.host)
      const holder = foreign.holder === undefined ? undefined : code(foreign.holder)
      return {
        what: holder
          ? {
              en: `answers can not come back: a rule of NAT on ${where} gives such packets the source ${whom}, and ${holder} has that address: answers go there, where nobody knows of that connection`,
              zh: `应答回不来：${where} 上的一条 NAT 规则把这样的数据包的源地址改成 ${whom}，而拥有这个地址的是 ${holder}：应答去了那里，那里没有这条连接的记录`,
            }
          : {
              en: `answers can not come back: a rule of NAT on ${where} gives such packets the source ${whom}, and nobody has that address, so ${who} has nobody to answer`,
              zh: `应答回不来：${where} 上的一条 NAT 规则把这样的数据包的源地址改成 ${whom}，而没有人使用这个地址，${who} 也就无从应答`,
            },
        evidence: shown,
        tries: [
          foreign.command === undefined
            ? {
                en: `let that rule give an address that ${where} has`,
                zh: `让这条规则改成 ${where} 自己拥有的地址`,
              }
            : {
                en: `let ${where} give them an address of its own, before that rule: ${code(foreign.command, 200)}`,
                zh: `在这条规则之前，让 ${where} 换成自己的地址：${code(foreign.command, 200)}`,
              },
        ],
      }
    }
    return {
      what: gateway
        ? {
            en: `the answer could not come back, because ${sender} sends it to its gateway ${via}${came.en}, and from that it came to nobody`,
            zh: `应答回不来，因为 ${sender} 把它交给网关 ${via}${came.zh}，从那里再也没有到达任何地方`,
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
        ...(mend === undefined ? [] : [defaultRouteTry(goal, mend)]),
        {
          en: `give ${sender} a route to ${whom}${other.en}${by === undefined ? ", or let the sender's host masquerade" : ''}`,
          zh: `给 ${sender} 加一条到 ${whom} 的路由${other.zh}${by === undefined ? '，或者让发送方的主机做地址伪装' : ''}`,
        },
      ],
    }
  },
  broken: 'the one who is asked has no route to the address that the packet came from',
  example: { goal: 'node1/web', source: '192.168.1.50', seen: true, shown: ['node1/web: 172.20.0.0/16 dev eth0'] },
})
