import { holds, sameAddress } from '../network/addresses.js'
import type { Flow } from '../network/flow.js'
import { isUndecided, leadsOn, routeFor, writeRoute } from '../network/routing.js'
import type { EngineNetwork } from '../network/state.js'
import { endpointsOf, hostPlace, isInHostNamespace, type LivePlace, networkOfBridge } from '../place/place.js'
import { holdersOf, holdersOn } from '../place/segment.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { commandIn } from './place-command.js'
import type { Trail } from './trail.js'
import { networkHolding } from './unwanted.js'
import { foundLines, ipFor } from './words.js'

interface Found {
  host: string
  address: string
  network: string
  bridge: string
  /** The sender or the answerer sends it by a link where nobody takes it: the gateway or the link that would. */
  right?: { gateway: string } | { link: string }
  /** Whether it is the answer that goes astray. */
  answer?: true
  /** By which link it leaves; none where no route leads on. */
  out?: string
  /** What gives the bridge back what Docker gave it. */
  mend?: string
  shown: string[]
}

/** Hosts that the packet comes by, the first one first. */
function hostsOnWay({ from, last, seen, way }: Trail): LivePlace[] {
  const passed = seen ? seen.out.flatMap(({ place }) => place ?? []) : (way?.stops.map(({ place }) => place) ?? [])
  return [from, ...passed, last].filter((place) => isInHostNamespace(place))
}

/** A host has a container at the address, and sends the packet elsewhere than to the bridge that the container is on. */
function find(trail: Trail): Found | undefined {
  const { destination, goal, stage } = trail
  if (stage === 'returned') return undefined
  if (trail.arrived) {
    const isUnanswered = stage === 'silent' || stage === 'no-return' || stage === 'open'
    if (!isUnanswered) return undefined
    const back = goal && trail.source !== undefined ? backFrom(goal, trail.source, trail) : undefined
    return back ?? backToSender(trail)
  }
  for (const { host } of hostsOnWay(trail)) {
    const place = hostPlace(host)
    const network = networkHolding(host, destination)
    const holder = host.engine?.containers.some(({ namespace, endpoints }) =>
      endpoints.some(
        ({ address, address6, networkId }) =>
          namespace !== undefined &&
          networkId === network?.id &&
          [address, address6].some((own) => sameAddress(own, destination)),
      ),
    )
    if (!place || !network?.bridge || !holder || (goal && goal.host.name !== host.name)) continue
    const route = routeFor(place.namespace, destination)
    if (isUndecided(route) || (leadsOn(route) && route.device === network.bridge)) continue
    const mend = mendOf(place, network, network.bridge, destination)
    return {
      ...{ host: place.label, address: destination, network: network.name, bridge: network.bridge },
      ...(leadsOn(route) && route.device !== undefined ? { out: route.device } : {}),
      ...(mend === undefined ? {} : { mend: commandIn(place, mend) }),
      shown: [`${place.label}: ${route ? writeRoute(route) : `no route to ${destination}`}`],
    }
  }
  for (const place of [trail.from, trail.last]) {
    const found = onWrongLink(place, { destination, in: '' }, trail, false)
    if (found) return found
  }
  return undefined
}

/** The answerer, or the host that it is a container of, sends the answer the wrong way. */
function backFrom(goal: LivePlace, source: string, trail: Trail): Found | undefined {
  const home = isInHostNamespace(goal) ? undefined : hostPlace(goal.host)
  const bridge = endpointsOf(goal)
    .map(({ networkId }) => goal.host.engine?.networks.find(({ id }) => id === networkId)?.bridge)
    .find((one) => one !== undefined)
  const there = { destination: source, in: bridge ?? '', source: trail.destination }
  return (
    onWrongLink(goal, { destination: source }, trail, true) ??
    (home && bridge !== undefined ? onWrongLink(home, there, trail, true) : undefined)
  )
}

/** The sender's own host sends answers elsewhere than to the bridge that the sender is on. */
function backToSender({ from, destination }: Trail): Found | undefined {
  const home = hostPlace(from.host)
  const route = routeFor(from.namespace, destination)
  const leg = endpointsOf(from).find(({ link, address }) => link !== undefined && link === route?.device && address)
  const network = from.host.engine?.networks.find(({ id }) => id === leg?.networkId)
  if (!home || !network?.bridge || leg?.address === undefined || isInHostNamespace(from)) return undefined
  if (destination.includes(':')) return undefined
  const way = routeFor(home.namespace, { destination: leg.address, source: destination })
  if (isUndecided(way) || (leadsOn(way) && way.device === network.bridge)) return undefined
  const mend = mendOf(home, network, network.bridge, leg.address)
  return {
    ...{ host: home.label, address: leg.address, network: network.name, bridge: network.bridge, answer: true as const },
    ...(leadsOn(way) && way.device !== undefined ? { out: way.device } : {}),
    ...(mend === undefined ? {} : { mend }),
    shown: way ? foundLines(home.label, way) : [`${home.label}: no route to ${leg.address}`],
  }
}

/**
 * A place sends what is for an address out by a link that leads to no LAN and to no bridge of Docker's, and on whose segment nobody
 * has the next hop, as by the tunnel of a VPN; while by another link of its there is who has the address, or the gateway of its network.
 */
function onWrongLink(place: LivePlace, flow: Flow, { state }: Trail, answer: boolean): Found | undefined {
  const address = flow.destination
  const route = routeFor(place.namespace, flow)
  const out = leadsOn(route) ? place.namespace.links.find(({ name }) => name === route.device) : undefined
  if (!out || !route || out.kind === 'loopback' || out.lan !== undefined || networkOfBridge(place.host, out.name))
    return undefined
  const legs = endpointsOf(place)
  if (legs.some(({ link }) => link === out.name)) return undefined
  if (holdersOn({ place, link: out }, route.gateway ?? address, state).length > 0) return undefined
  // A tunnel leads there, or ought to: whoever is to be the next hop is there.
  if (route.gateway !== undefined && holdersOf(route.gateway, state).length > 0) return undefined
  const near = place.namespace.links.find(
    (link) =>
      link !== out &&
      link.addresses.some((own) => own.scope === 'global' && holds(`${own.address}/${own.prefix}`, address)) &&
      holdersOn({ place, link }, address, state).some((leg) => leg.place.namespace.id !== place.namespace.id),
  )
  const leg = legs.find(
    ({ gateway, link }) =>
      link !== undefined && gateway !== undefined && gateway.includes(':') === address.includes(':'),
  )
  // Another default route, which this one takes precedence of.
  const beaten = place.namespace.routes.find(
    (one) =>
      one.destination === 'default' &&
      one.gateway !== undefined &&
      one.device !== out.name &&
      one.family === (address.includes(':') ? 6 : 4) &&
      (one.table === 'main' || isInHostNamespace(place)),
  )?.gateway
  const gateway = isInHostNamespace(place) ? beaten : (leg?.gateway ?? beaten)
  const right = near ? { link: near.name } : gateway ? { gateway } : undefined
  if (!right) return undefined
  const ip = ipFor(address)
  const mend = route.by
    ? `${ip} rule add to ${address} lookup main priority ${Math.max(1, route.by.priority - 1)}`
    : 'link' in right
      ? `${ip} route add ${address} dev ${right.link}`
      : `${ip} route add ${address} via ${right.gateway}`
  // With a rule before it, the main table has to know the way.
  const mainKnows = place.namespace.routes.some(
    ({ table, device, destination }) =>
      table === 'main' && device !== out.name && (destination === 'default' || holds(destination, address)),
  )
  return {
    ...{ host: place.label, address, network: '', bridge: '', out: out.name, right },
    ...(answer ? { answer: true as const } : {}),
    ...(route.by && !mainKnows ? {} : { mend: commandIn(place, mend) }),
    shown: foundLines(place.label, route),
  }
}

function mendOf(
  { host, namespace }: LivePlace,
  network: EngineNetwork,
  bridge: string,
  to: string,
): string | undefined {
  const { subnet, ...ipam } = network.subnets.find((one) => holds(one.subnet, to))!
  // Where the Engine chose it by itself, only the containers' endpoints tell.
  const gateway =
    ipam.gateway ??
    host.engine?.containers
      .flatMap(({ endpoints }) => endpoints)
      .find((one) => one.networkId === network.id && one.gateway !== undefined && holds(subnet, one.gateway))?.gateway
  const link = namespace.links.find(({ name }) => name === bridge)
  if (!link) return undefined
  if (!link.up) return `ip link set ${bridge} up`
  const has = link.addresses.some((own) => sameAddress(own.address, gateway))
  if (!has && gateway !== undefined) return `ip address add ${gateway}/${subnet.split('/')[1]} dev ${bridge}`
  // All is as Docker made it, and a longer route wins.
  const winner = routeFor(namespace, to)
  if (!leadsOn(winner) || winner.by || winner.destination === 'default' || winner.destination.endsWith('/32'))
    return undefined
  return `${ipFor(to)} route add ${to} dev ${bridge}`
}

export const astray = define<Found>({
  code: 'astray',
  byState: find,
  bySight: find,
  say: ({ host, address, network, bridge, right: other, answer, out, mend, shown }) => {
    const [where, whom, of, right] = [code(host), code(address), code(network), code(bridge)]
    const sends =
      out === undefined
        ? { en: `${where} has no way for ${whom}`, zh: `${where} 没有去往 ${whom} 的路由` }
        : {
            en: `${where} sends what is for ${whom} on by ${code(out)}`,
            zh: `${where} 把发往 ${whom} 的数据从 ${code(out)} 送出`,
          }
    const what = answer ? { en: 'the answer could not come back: ', zh: '应答回不来：' } : { en: '', zh: '' }
    if (other) {
      const [link, there] = [code(out ?? ''), code('link' in other ? other.link : other.gateway)]
      return {
        what: {
          en: `${what.en}${sends.en}, where nobody takes it, and not ${'link' in other ? `by ${there}, where somebody has that address` : `to the gateway ${there}`}`,
          zh: `${what.zh}${sends.zh}，而那里没有人接收；本该${'link' in other ? `走 ${there}，那里有人使用这个地址` : `交给网关 ${there}`}`,
        },
        evidence: shown,
        tries:
          mend === undefined
            ? [
                {
                  en: `look which route wins: ${code(`ip route get ${address}`)}, and ${code('ip rule')}`,
                  zh: `看看是哪条路由生效：${code(`ip route get ${address}`)} 和 ${code('ip rule')}`,
                },
              ]
            : [
                {
                  en: `if ${link} is not meant for it, send it the right way, in ${where}: ${code(mend, 200)}`,
                  zh: `如果它不该走 ${link}，就在 ${where} 中让它走对的路：${code(mend, 200)}`,
                },
              ],
      }
    }
    return {
      what: {
        en: `${what.en}${sends.en}, not by ${right}, the bridge of ${of} that it is on: the route to that network is gone or another one wins`,
        zh: `${what.zh}${sends.zh}，而不是走它所在网络 ${of} 的网桥 ${right}：通往该网络的路由没有了，或者被别的路由抢先`,
      },
      evidence: shown,
      tries:
        mend === undefined
          ? [
              {
                en: `see on ${where} which route wins: ${code(`ip route get ${address}`)}`,
                zh: `在 ${where} 上看看是哪条路由生效：${code(`ip route get ${address}`)}`,
              },
            ]
          : / route add /.test(mend)
            ? [
                {
                  en: `lead it there by a longer route, on ${where}: ${code(mend, 200)}`,
                  zh: `在 ${where} 上用更长的前缀把它引回去：${code(mend, 200)}`,
                },
              ]
            : [
                {
                  en: `give the bridge back what Docker gave it, on ${where}: ${code(mend, 200)}`,
                  zh: `在 ${where} 上把 Docker 原来给网桥的配置加回来：${code(mend, 200)}`,
                },
              ],
    }
  },
  broken: "`ip address del` of the address that a network's bridge has",
  example: {
    ...{ host: 'node1', address: '172.20.0.10', network: 'app', bridge: 'br-…', out: 'eth0' },
    mend: 'ip address add 172.20.0.1/16 dev br-…',
    shown: ['node1: default via 192.168.1.1 dev eth0'],
  },
})
