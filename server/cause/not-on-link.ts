import { sameAddress, sameNetwork } from '../network/addresses.js'
import type { Flow } from '../network/flow.js'
import { isUnanswered } from '../network/neighbour.js'
import { leadsOn, routeFor } from '../network/routing.js'
import type { Link, Route } from '../network/state.js'
import { endpointsOf, hostPlace, type LivePlace, networkOfBridge } from '../place/place.js'
import { holdersOf, holdersOn, type Leg, segmentOf } from '../place/segment.js'
import { code } from '../wording/wording.js'
import { flowAt } from './case.js'
import { define } from './cause.js'
import { writeAsked } from './packet-text.js'
import { commandIn } from './place-command.js'
import type { Trail } from './trail.js'
import { wayOf } from './way.js'
import { askingFor, foundLines, ipFor } from './words.js'

interface Found {
  where: string
  address: string
  link: string
  /** Its own address on that link, as ADDRESS/PREFIX, where that prefix takes in the one that it looks for. */
  own?: string
  /** Who has the address, elsewhere. */
  who: string
  /** It is the answer that goes nowhere. */
  answer: boolean
  /** The subnet of the LAN that it is on, which is narrower than its own prefix, and what gives it that one. */
  lan?: { subnet: string; command: string }
  /** What leads the packet to somebody who knows the way, by whom that is. */
  route?: { via: string; command: string }
  /** What lets the host in front of the address answer for it (IPv6). */
  standIn?: { host: string; command: string }
  seen: boolean
  shown: string[]
}

/** An address that a place takes to be on one of its links, by its routes. */
interface Looked {
  trail: Trail
  place: LivePlace
  link: Link
  route: Route
  address: string
  answer: boolean
}

const is6 = (address: string) => address.includes(':')

/** Whether a packet would come to the address, if the place had other routes. */
function wouldArrive({ trail, place, address, answer }: Looked, routes: Route[]): boolean {
  const { state, home, protocol, port, destination, destinationPort } = trail
  const from = { ...place, namespace: { ...place.namespace, routes } }
  const way = wayOf({
    ...{ state, home, from, address, protocol },
    ...(answer || port === undefined ? {} : { port }),
    ...(answer
      ? { answers: { source: destination, ...(destinationPort === undefined ? {} : { port: destinationPort }) } }
      : {}),
  })
  return way.end === 'arrived'
}

/** The leg, on the segment of that link, of the host that somebody is on. */
function hostOn(
  { trail: { state }, place, link, address }: Looked,
  owner: Leg,
): (Leg & { address: string }) | undefined {
  const host = hostPlace(owner.place.host)
  if (!host || host.namespace.id === place.namespace.id) return undefined
  for (const own of host.namespace.links) {
    const has = own.addresses.find((one) => one.scope === 'global' && is6(one.address) === is6(address))
    const near = has && holdersOn({ place, link }, has.address, state).some((leg) => leg.link === own)
    if (has && near) return { place: host, link: own, address: has.address }
  }
  return undefined
}

function routeBy(looked: Looked, owner: Leg): Found['route'] {
  const { place, link, address } = looked
  const { routes } = place.namespace
  const byDefault = routes.find(
    (one) => one.destination === 'default' && one.table === 'main' && (one.family === 6) === is6(address),
  )
  const ways = [
    { gateway: hostOn(looked, owner)?.address, device: link.name },
    { gateway: byDefault?.gateway, device: byDefault?.device },
  ]
  for (const { gateway, device } of ways) {
    if (gateway === undefined || device === undefined) continue
    const family = is6(address) ? 6 : 4
    const added = { family, destination: `${address}/${family === 6 ? 128 : 32}`, gateway, device } as const
    if (!wouldArrive(looked, [{ ...added, table: 'main', type: 'unicast' }, ...routes])) continue
    const command = `${ipFor(address)} route add ${address} via ${gateway} dev ${device}`
    return { via: gateway, command: commandIn(place, command) }
  }
  return undefined
}

/** What gives a place the prefix of its LAN, where its own is wider. */
function prefixOfLan(looked: Looked, own: { address: string; prefix: number } | undefined): Found['lan'] {
  const { trail, place, link, route, address } = looked
  const lan = trail.state.lans.find(({ name }) => name === link.lan)
  const subnet = is6(address) ? lan?.subnet6 : lan?.subnet
  const prefix = subnet?.split('/')[1]
  if (!own || subnet === undefined || prefix === undefined || Number(prefix) <= own.prefix) return undefined
  const routes = place.namespace.routes.map((one) => (one === route ? { ...one, destination: subnet } : one))
  if (!wouldArrive(looked, routes)) return undefined
  const change = (what: string, length: number | string) =>
    commandIn(place, `${ipFor(address)} address ${what} ${own.address}/${length} dev ${link.name}`)
  return { subnet, command: `${change('add', prefix)} && ${change('del', own.prefix)}` }
}

function standInFor(looked: Looked, owner: Leg): Found['standIn'] {
  const { address } = looked
  const host = is6(address) ? hostOn(looked, owner) : undefined
  if (!host) return undefined
  const at = host.link.name
  return {
    host: host.place.label,
    command: `sysctl -w net.ipv6.conf.${at}.proxy_ndp=1 && ip -6 neigh add proxy ${address} dev ${at}`,
  }
}

function look(trail: Trail, place: LivePlace, flow: Flow, answer: boolean): Found | undefined {
  const { state, asked, seen } = trail
  const address = flow.destination
  const found = routeFor(place.namespace, flow)
  const link = leadsOn(found) ? place.namespace.links.find(({ name }) => name === found.device) : undefined
  if (!leadsOn(found) || !link || found.type !== 'unicast' || found.gateway !== undefined) return undefined
  // Of what is behind a tunnel nothing is known, nor asked for by its MAC address.
  if (!/^(lan|bridge|pair) /.test(segmentOf(place.host, place.namespace, link))) return undefined
  // Of a range that a Docker network has taken, `hidden-by-subnet` tells.
  if (networkOfBridge(place.host, link.name) || holdersOn({ place, link }, address, state).length > 0) return undefined
  const route = place.namespace.routes.find((one) => one.table === found.table && one.destination === found.destination)
  const owners = holdersOf(address, state).filter((leg) => leg.place.namespace.id !== place.namespace.id)
  const [owner] = owners
  if (!owner || !route || owners.some((leg) => isNear({ place, link }, leg))) return undefined
  const question = asked.find(({ target }) => sameAddress(target, address))
  const entry = place.namespace.neighbours.find((one) => sameAddress(one.address, address))
  const isUnheard = entry !== undefined && isUnanswered(entry)
  if ((question?.macs.length ?? 0) > 0 || (entry && !isUnheard)) return undefined
  // Where packets were watched, one shows it, or else what the kernel keeps of an earlier one.
  if (seen && !isUnheard && !(question && seen.whole)) return undefined
  const looked = { trail, place, link, route, address, answer }
  const own = link.addresses.find(
    (one) => one.scope === 'global' && sameNetwork(`${one.address}/${one.prefix}`, route.destination),
  )
  const [lan, led, standIn] = [prefixOfLan(looked, own), routeBy(looked, owner), standInFor(looked, owner)]
  return {
    ...{ where: place.label, address, link: link.name, who: owner.place.label, answer },
    ...(own ? { own: `${own.address}/${own.prefix}` } : {}),
    ...(lan ? { lan } : {}),
    ...(led ? { route: led } : {}),
    ...(standIn ? { standIn } : {}),
    seen: seen !== undefined,
    shown: [
      ...foundLines(place.label, found),
      ...(question ? [writeAsked(question)] : []),
      ...(entry ? [`${place.label}: ${address} dev ${entry.device} ${entry.state}`] : []),
      `${owner.place.label}: ${owner.link.name} has ${address}`,
    ],
  }
}

/** Whether somebody may well be asked there all the same: a kernel answers ARP for whatever address it has, and a network may span hosts. */
function isNear({ place, link }: Leg, owner: Leg): boolean {
  const segment = segmentOf(place.host, place.namespace, link)
  const { host, namespace } = owner.place
  const networks = new Set(endpointsOf(place).map(({ networkId }) => networkId))
  return (
    namespace.links.some((one) => segmentOf(host, namespace, one) === segment) ||
    endpointsOf(owner.place).some(({ networkId }) => networks.has(networkId))
  )
}

function find(trail: Trail): Found | undefined {
  const { last, goal, destination, destinationPort, source, stage, seen, arrived } = trail
  if (!arrived) {
    const now = { destination, ...(destinationPort === undefined ? {} : { destinationPort }) }
    return look(trail, last, flowAt(trail, last, { ...now, ...(source === undefined ? {} : { source }) }), false)
  }
  // An answer that was seen on its way has left whoever gave it.
  const isLost = (stage === 'silent' || stage === 'no-return') && (seen?.back.length ?? 0) === 0
  if (!isLost || !goal || source === undefined || sameAddress(source, destination)) return undefined
  return look(trail, goal, { destination: source, source: destination, protocol: trail.protocol, in: '' }, true)
}

export const notOnLink = define<Found>({
  code: 'not-on-link',
  byState: (trail) => {
    const ends = (trail.arrived ? trail.back : trail.way)?.end
    return ends === 'nobody' ? find(trail) : undefined
  },
  bySight: find,
  say: ({ where, address, link, own, who, answer, lan, route, standIn, seen, shown }) => {
    const [place, whom, at, owner] = [code(where), code(address), code(link), code(who)]
    const asking = askingFor(address)
    const why = own
      ? { en: `since its own address there is ${code(own)}`, zh: `因为它自己在那里的地址是 ${code(own)}` }
      : { en: 'since its route says so', zh: '因为它的路由是这样写的' }
    const before = answer ? { en: 'answers can not come back: ', zh: '应答回不来：' } : { en: '', zh: '' }
    const ask = seen
      ? { en: `asked there for its MAC address (${asking.en})`, zh: `在那里用${asking.zh}询问了它的 MAC 地址` }
      : { en: `asks there for its MAC address (${asking.en})`, zh: `在那里用${asking.zh}询问它的 MAC 地址` }
    return {
      what: {
        en: `${before.en}${place} takes ${whom} for a neighbour on ${at}, ${why.en}, and ${ask.en}; nobody there has it: ${owner} does, on another network`,
        zh: `${before.zh}${place} 把 ${whom} 当成 ${at} 上的邻居（${why.zh}），${ask.zh}；那里没有人使用这个地址：拥有它的是 ${owner}，在另一个网络里`,
      },
      evidence: shown,
      tries: [
        ...(lan
          ? [
              {
                en: `its LAN is ${code(lan.subnet)}: give ${place} that prefix: ${code(lan.command, 300)}`,
                zh: `它所在的局域网是 ${code(lan.subnet)}：让 ${place} 使用这个前缀长度：${code(lan.command, 300)}`,
              },
            ]
          : []),
        ...(route
          ? [
              {
                en: `lead it to ${code(route.via)}, which knows the way, on ${place}: ${code(route.command, 200)}`,
                zh: `在 ${place} 上把它引到认识路的 ${code(route.via)}：${code(route.command, 200)}`,
              },
            ]
          : []),
        ...(standIn
          ? [
              {
                en: `or let ${code(standIn.host)} answer for this address: ${code(standIn.command, 200)}`,
                zh: `或者让 ${code(standIn.host)} 替这个地址应答：${code(standIn.command, 200)}`,
              },
            ]
          : []),
        ...(lan || route || standIn
          ? []
          : [
              {
                en: 'give one of the two networks a range of its own: of one range there can be one network alone, as far as routes go',
                zh: '让其中一个网络使用自己独有的地址范围：对路由来说，一个范围只能属于一个网络',
              },
            ]),
      ],
    }
  },
  hidden: {
    diagnose: 'a diagnosis asks neighbours of a container and of its host, and not who is beyond them',
    netdiag: 'it asks for addresses that are on the links of its host',
  },
  broken:
    '`ip route add 172.20.0.0/16 dev eth0` on another machine of the LAN: without `via`, the network of a host is taken to be on the LAN',
  example: {
    ...{ where: 'laptop', address: '172.20.0.2', link: 'eth0', who: 'node1/web', answer: false, seen: true },
    route: { via: '192.168.1.11', command: 'ip route add 172.20.0.2 via 192.168.1.11 dev eth0' },
    shown: [
      'laptop: 172.20.0.0/16 dev eth0',
      'laptop eth0: who has 172.20.0.2? no answer',
      'node1/web: eth0 has 172.20.0.2',
    ],
  },
})
