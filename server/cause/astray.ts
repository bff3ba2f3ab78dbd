import { holds, sameAddress } from '../network/addresses.js'
import { leadsOn, routeFor, writeRoute } from '../network/routing.js'
import type { EngineNetwork } from '../network/state.js'
import { hostPlace, isInHostNamespace, type LivePlace } from '../place/place.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { commandIn } from './place-command.js'
import type { Trail } from './trail.js'
import { networkHolding } from './unwanted.js'

interface Found {
  host: string
  address: string
  network: string
  bridge: string
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
  if (stage === 'returned' || trail.arrived) return undefined
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
    if (leadsOn(route) && route.device === network.bridge) continue
    const mend = mendOf(place, network, network.bridge, destination)
    return {
      ...{ host: place.label, address: destination, network: network.name, bridge: network.bridge },
      ...(leadsOn(route) && route.device !== undefined ? { out: route.device } : {}),
      ...(mend === undefined ? {} : { mend: commandIn(place, mend) }),
      shown: [`${place.label}: ${route ? writeRoute(route) : `no route to ${destination}`}`],
    }
  }
  return undefined
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
  return !has && gateway !== undefined ? `ip address add ${gateway}/${subnet.split('/')[1]} dev ${bridge}` : undefined
}

export const astray = define<Found>({
  code: 'astray',
  byState: find,
  bySight: find,
  say: ({ host, address, network, bridge, out, mend, shown }) => {
    const [where, whom, of, right] = [code(host), code(address), code(network), code(bridge)]
    const sends =
      out === undefined
        ? { en: `${where} has no way for ${whom}`, zh: `${where} 没有去往 ${whom} 的路由` }
        : {
            en: `${where} sends what is for ${whom} on by ${code(out)}`,
            zh: `${where} 把发往 ${whom} 的数据从 ${code(out)} 送出`,
          }
    return {
      what: {
        en: `${sends.en}, not by ${right}, the bridge of ${of} that it is on: the route to that network is gone or another one wins`,
        zh: `${sends.zh}，而不是走它所在网络 ${of} 的网桥 ${right}：通往该网络的路由没有了，或者被别的路由抢先`,
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
