import { holds, sameAddress } from '../network/addresses.js'
import type { Flow } from '../network/flow.js'
import { ownsAddress } from '../network/own-address.js'
import { leadsOn, outLink, routeFor } from '../network/routing.js'
import type { NetworkState } from '../network/state.js'
import { endpointsOf, isInHostNamespace, type LivePlace, placesOf } from '../place/place.js'
import { holdersOf, holdersOn } from '../place/segment.js'
import { code } from '../wording/wording.js'
import { flowAt } from './case.js'
import { define } from './cause.js'
import { writeAsked } from './packet-text.js'
import { commandIn } from './place-command.js'
import type { Trail } from './trail.js'
import { foundLines } from './words.js'

interface Found {
  where: string
  gateway: string
  /** The one that the Engine or the LAN would have. */
  right?: string
  /** Nobody has the address. */
  nobody: boolean
  back: boolean
  /** The place has no address of the right one's network: it was given a subnet that is not that of its LAN. */
  apart?: { network: string; lan: string }
  /** What puts it right, where the right one is known. */
  command?: string
  shown: string[]
}

interface Stray {
  place: LivePlace
  gateway: string
  planned: string[]
  shown: string[]
  nobody: boolean
}

/** The gateway that a place would use, where neither Docker nor the LAN nor its knowledge of the way speaks for it. */
function strayGateway(place: LivePlace, flow: Flow, state: NetworkState): Stray | undefined {
  const route = routeFor(place.namespace, flow)
  const gateway = leadsOn(route) ? route.gateway : undefined
  if (gateway === undefined || !route) return undefined
  const planned = plannedGateways(place, state)
  if (planned.some((one) => sameAddress(one, gateway))) return undefined
  const knows = placesOf(state).some(
    ({ namespace }) =>
      ownsAddress(namespace, gateway) &&
      namespace.id !== place.namespace.id &&
      (routeFor(namespace, flow.destination)?.destination ?? 'default') !== 'default',
  )
  if (knows) return undefined
  const link = outLink(place.namespace, flow)
  const nobody = link !== undefined && holdersOn({ place, link }, gateway, state).length === 0
  return { place, gateway, planned, shown: foundLines(place.label, route), nobody }
}

/** Gateways that the Engine or the rack's plan has given a place. */
export function plannedGateways(place: LivePlace, state: NetworkState): string[] {
  const { host, namespace } = place
  // On a LAN itself, as with macvlan, the LAN's own gateway is right whatever the Engine was told.
  const lans = new Set(namespace.links.flatMap(({ lan }) => lan ?? []))
  const ofLans = state.lans
    .filter(({ name }) => lans.has(name))
    .flatMap(({ gateway, gateway6 }) => [gateway, gateway6 ?? []].flat())
  if (isInHostNamespace(place)) return ofLans
  const legs = (host.engine?.containers ?? [])
    .filter((one) => one.namespace === namespace.id)
    .flatMap(({ endpoints }) => endpoints)
  return [
    ...legs.flatMap(({ gateway, networkId }) => {
      const network = host.engine?.networks.find(({ id }) => id === networkId)
      // On a LAN the Engine makes no gateway: what it was told of one may be nobody.
      if (/^(macvlan|ipvlan)$/.test(network?.driver ?? '') && holdersOf(gateway ?? '', state).length === 0) return []
      return [gateway, ...(network?.subnets.map((subnet) => subnet.gateway) ?? [])].flatMap((one) => one || [])
    }),
    ...ofLans,
  ]
}

/** Whoever was seen to pass it on is a gateway, and where it went from there is another matter. */
function hasPassedOn(gateway: string, { seen }: Trail): boolean {
  return [...(seen?.out ?? []), ...(seen?.back ?? [])].some(
    ({ place, sighting }) =>
      place !== undefined && sighting.direction === 'out' && ownsAddress(place.namespace, gateway),
  )
}

function find(trail: Trail): Found | undefined {
  const { destination, destinationPort, source, goal, stage, state, from, last, arrived } = trail
  const now = {
    destination,
    ...(destinationPort === undefined ? {} : { destinationPort }),
    ...(source ? { source } : {}),
  }
  const forth = [from, last].flatMap((place) => strayGateway(place, flowAt(trail, place, now), state) ?? [])[0]
  const silentThere = stage === 'silent' || stage === 'no-return'
  const back = goal && source ? strayGateway(goal, { destination: source, in: '' }, state) : undefined
  const found = forth && !silentThere ? forth : arrived ? back : undefined
  if (!found || hasPassedOn(found.gateway, trail)) return undefined
  const asked = trail.asked.find(({ target }) => sameAddress(target, found.gateway))
  const lan = (address: string) =>
    state.lans.find((one) => sameAddress(one.gateway, address) || sameAddress(one.gateway6, address))
  const right = found.planned.find((address) => address.includes(':') === found.gateway.includes(':'))
  const isNear = found.place.namespace.links.some(({ addresses }) =>
    addresses.some(
      (own) => right !== undefined && own.scope !== 'link' && holds(`${own.address}/${own.prefix}`, right),
    ),
  )
  const own = endpointsOf(found.place).find(({ gateway }) => sameAddress(gateway, found.gateway))
  const network = found.place.host.engine?.networks.find(({ id }) => id === own?.networkId)?.name
  const subnet = right === undefined ? undefined : lan(right)?.subnet
  const apart = !isNear && network !== undefined && subnet !== undefined ? { network, lan: subnet } : undefined
  return {
    where: found.place.label,
    gateway: found.gateway,
    ...(right && apart ? { right, apart } : {}),
    ...(right && !apart
      ? {
          right,
          command: commandIn(found.place, `ip ${right.includes(':') ? '-6 ' : ''}route replace default via ${right}`),
        }
      : {}),
    // Its question may have been asked a moment before, for another packet: then the state tells.
    nobody: asked ? asked.macs.length === 0 : found.nobody,
    back: found !== forth,
    shown: [...found.shown, ...(asked ? [writeAsked(asked)] : [])],
  }
}

export const wrongGateway = define<Found>({
  code: 'wrong-gateway',
  byState: (trail) => {
    const found = find(trail)
    // Where nobody has planned one, none is known to be wrong until a packet shows it.
    return found?.right === undefined ? undefined : found
  },
  bySight: find,
  say: ({ where: place, gateway: address, right, apart, nobody, back, command, shown }) => {
    const [where, gateway] = [code(place), code(address)]
    const why = nobody
      ? { en: 'nobody has that address', zh: '没有人使用这个地址' }
      : { en: 'whoever has that address does not pass it on', zh: '拥有这个地址的机器不会转发它' }
    const expected = right
      ? { en: `; the gateway there is ${code(right)}`, zh: `；那里的网关是 ${code(right)}` }
      : { en: '', zh: '' }
    return {
      what: back
        ? {
            en: `the answer could not come back, because ${where} sends it to the gateway ${gateway}, and ${why.en}${expected.en}`,
            zh: `应答回不来，因为 ${where} 把它交给了网关 ${gateway}，而${why.zh}${expected.zh}`,
          }
        : {
            en: `${where} sends what is for elsewhere to the gateway ${gateway}, and ${why.en}${expected.en}`,
            zh: `${where} 把发往别处的数据包交给网关 ${gateway}，而${why.zh}${expected.zh}`,
          },
      evidence: shown,
      tries: apart
        ? [
            {
              en: `make the network ${code(apart.network)} anew with the subnet of its LAN: ${code(`--subnet ${apart.lan} --gateway ${right}`)}, and an ${code('--ip-range')} of it that nobody else gives away`,
              zh: `用它所在局域网的子网重新创建网络 ${code(apart.network)}：${code(`--subnet ${apart.lan} --gateway ${right}`)}，再用 ${code('--ip-range')} 指定一段没有别人分配的地址`,
            },
          ]
        : command
          ? [
              {
                en: `put the default route right in ${where}: ${code(command, 200)}`,
                zh: `在 ${where} 中改正默认路由：${code(command, 200)}`,
              },
            ]
          : [],
    }
  },
  broken: 'the default route of a container leads to an address that nobody has',
  asked: '`api` to `laptop`, ping',
  example: {
    where: 'api',
    gateway: '172.20.0.99',
    right: '172.20.0.1',
    command: "nsenter -t $(docker inspect -f '{{.State.Pid}}' api) -n ip route replace default via 172.20.0.1",
    nobody: true,
    back: false,
    shown: ['api: default via 172.20.0.99 dev eth0', 'node1/api eth0: who has 172.20.0.99? no answer'],
  },
})
