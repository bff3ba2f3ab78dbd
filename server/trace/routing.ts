import { holds, sameAddress } from '../network/addresses.js'
import type { HostState, Link, NamespaceState, NetworkState, Route } from '../network/state.js'
import { isHostSpot, type Spot } from '../place/spots.js'

/** Which way a packet would go, by the routes that a namespace has. */

const prefixOf = ({ destination }: Route) => (destination === 'default' ? 0 : Number(destination.split('/')[1] ?? 32))

/**
 * The route that the kernel takes: the longest prefix, then the best metric; its table of own addresses comes first
 * (ip-rule(8)). Tables that only a rule of the learner's leads to are left aside.
 */
export function routeFor(namespace: NamespaceState, address: string): Route | undefined {
  const family = address.includes(':') ? 6 : 4
  const fitting = namespace.routes.filter(
    (route) =>
      route.family === family &&
      ['main', 'local', 'default'].includes(route.table) &&
      (route.destination === 'default' || holds(route.destination, address)),
  )
  const rank = (route: Route) => Number(route.table === 'local') * 1000 + prefixOf(route)
  return fitting.toSorted((a, b) => rank(b) - rank(a) || (a.metric ?? 0) - (b.metric ?? 0))[0]
}

/** Whether a route leads on; those of the types unreachable, blackhole and prohibit say that none does. */
export function leadsOn(route: Route | undefined): route is Route {
  return route !== undefined && (route.type === 'unicast' || route.type === 'local')
}

/** Whom the MAC address is asked of: the gateway, or the address itself on the same link. */
export function nextHop(namespace: NamespaceState, address: string): string | undefined {
  const route = routeFor(namespace, address)
  return leadsOn(route) && route.type === 'unicast' ? (route.gateway ?? address) : undefined
}

export function outLink(namespace: NamespaceState, address: string): Link | undefined {
  const device = routeFor(namespace, address)?.device
  return namespace.links.find(({ name }) => name === device)
}

/** Gateways that the Engine or the rack's plan has given a namespace. */
export function plannedGateways(spot: Spot, state: NetworkState): string[] {
  if (isHostSpot(spot)) {
    const lans = new Set(spot.namespace.links.flatMap(({ lan }) => lan ?? []))
    return state.lans
      .filter(({ name }) => lans.has(name))
      .flatMap(({ gateway, gateway6 }) => [gateway, gateway6 ?? []].flat())
  }
  return endpointsIn(spot.host, spot.namespace).flatMap(({ gateway, networkId }) => {
    const network = spot.host.engine?.networks.find(({ id }) => id === networkId)
    return [gateway, ...(network?.subnets.map((subnet) => subnet.gateway) ?? [])].flatMap((one) => one ?? [])
  })
}

export function endpointsIn(host: HostState, namespace: NamespaceState) {
  return (host.engine?.containers ?? [])
    .filter((one) => one.namespace === namespace.id)
    .flatMap(({ endpoints }) => endpoints)
}

/** As ip-route(8) prints it. */
export function writeRoute({ destination, gateway, device, type, metric }: Route): string {
  return [
    ...(type === 'unicast' ? [] : [type]),
    destination,
    ...(gateway ? ['via', gateway] : []),
    ...(device ? ['dev', device] : []),
    ...(metric === undefined ? [] : ['metric', `${metric}`]),
  ].join(' ')
}

export function ownsAddress(namespace: NamespaceState, address: string): boolean {
  return namespace.links.some(({ addresses }) => addresses.some((own) => sameAddress(own.address, address)))
}
