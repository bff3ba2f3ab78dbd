import type { ForwardingEntry, Neighbour, Route } from './state.js'
import { defined, listOf, numberOf, recordOf, recordsOf, textOf } from './untrusted.js'

/** `ip -json -details route show table all`, of one family. A route over several next hops becomes several. */
export function parseRoutes(answer: unknown, family: Route['family']): Route[] {
  return recordsOf(answer).flatMap((route) => {
    const destination = textOf(route.dst)
    if (destination === '') return []
    const common = {
      family,
      destination: cidr(destination, family),
      table: textOf(route.table) || 'main',
      type: textOf(route.type) || 'unicast',
      ...defined({ source: textOf(route.prefsrc), scope: textOf(route.scope), metric: numberOf(route.metric) }),
    }
    const hops = listOf(route.nexthops).length > 0 ? recordsOf(route.nexthops) : [route]
    return hops.map((hop) => ({
      ...common,
      ...defined({ gateway: textOf(hop.gateway) || textOf(recordOf(hop.via).host), device: textOf(hop.dev) }),
    }))
  })
}

/** ip(8) leaves out the length of a prefix that is a whole address. */
function cidr(destination: string, family: Route['family']): string {
  if (destination === 'default' || destination.includes('/')) return destination
  return `${destination}/${family === 4 ? 32 : 128}`
}

/** `ip -json neighbour show` */
export function parseNeighbours(answer: unknown): Neighbour[] {
  return recordsOf(answer).flatMap((neighbour) => {
    const address = textOf(neighbour.dst)
    if (address === '') return []
    const state = textOf(listOf(neighbour.state)[0])
    return [{ address, device: textOf(neighbour.dev), state, ...defined({ mac: textOf(neighbour.lladdr) }) }]
  })
}

/** `bridge -json fdb show` */
export function parseForwarding(answer: unknown): ForwardingEntry[] {
  return recordsOf(answer).flatMap((entry) => {
    const mac = textOf(entry.mac)
    if (mac === '') return []
    return [
      {
        mac,
        device: textOf(entry.ifname),
        state: textOf(entry.state),
        ...defined({ master: textOf(entry.master), destination: textOf(entry.dst) }),
      },
    ]
  })
}
