import type { ForwardingEntry, Neighbour, Route, RoutingRule } from './state.js'
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
      ...(hops.length > 1 ? { oneOf: hops.length } : {}),
      ...defined({ gateway: textOf(hop.gateway) || textOf(recordOf(hop.via).host), device: textOf(hop.dev) }),
    }))
  })
}

/** ip(8) leaves out the length of a prefix that is a whole address. */
function cidr(destination: string, family: Route['family']): string {
  if (destination === 'default' || destination.includes('/')) return destination
  return `${destination}/${family === 4 ? 32 : 128}`
}

/** What a kernel begins with, and what counts where nothing else is known (ip-rule(8)). */
export const usualRoutingRules: readonly RoutingRule[] = [
  { family: 4, priority: 0, action: 'lookup', table: 'local', further: [] },
  { family: 4, priority: 32_766, action: 'lookup', table: 'main', further: [] },
  { family: 4, priority: 32_767, action: 'lookup', table: 'default', further: [] },
  { family: 6, priority: 0, action: 'lookup', table: 'local', further: [] },
  { family: 6, priority: 32_766, action: 'lookup', table: 'main', further: [] },
]

/** `ip -json -details rule show`, of one family; undefined, when there was no answer, is what a kernel begins with. */
export function parseRoutingRules(answer: unknown, family: RoutingRule['family']): RoutingRule[] {
  if (answer === undefined) return structuredClone(usualRoutingRules.filter((rule) => rule.family === family))
  return recordsOf(answer)
    .map((rule): RoutingRule => {
      const { src, srclen, dst, dstlen, iif, oif, ipproto, table, action } = rule
      const prefix = (address: unknown, length: unknown) =>
        textOf(address) === 'all' || textOf(address) === ''
          ? ''
          : `${textOf(address)}/${numberOf(length) ?? (family === 4 ? 32 : 128)}`
      const range = (side: 'sport' | 'dport') => {
        const [one, from, to] = [rule[side], rule[`${side}_start`], rule[`${side}_end`]].map(numberOf)
        return one === undefined ? (from === undefined ? '' : `${from}:${to ?? from}`) : `${one}`
      }
      const further = furtherConditions.flatMap((key) => {
        if (!(key in rule)) return []
        const value = textOf(rule[key]) || textOf(numberOf(rule[key])?.toString())
        return [`${key}${value === '' ? '' : ` ${value}`}`]
      })
      return {
        family,
        priority: numberOf(rule.priority) ?? 0,
        action: textOf(action) || ('goto' in rule ? 'goto' : textOf(table) === '' ? 'other' : 'lookup'),
        ...defined({ table: textOf(table) }),
        ...('not' in rule ? { not: true as const } : {}),
        ...defined({
          source: prefix(src, srclen),
          destination: prefix(dst, dstlen),
          in: textOf(iif),
          out: textOf(oif),
          protocol: textOf(ipproto),
          sourcePort: range('sport'),
          destinationPort: range('dport'),
          suppressedPrefix: numberOf(rule.suppress_prefixlen),
        }),
        further,
      }
    })
    .toSorted((a, b) => a.priority - b.priority)
}

/** As iproute2 calls them in JSON. */
const furtherConditions = [
  'fwmark',
  'tos',
  'dsfield',
  'dscp',
  'flowlabel',
  'uid_start',
  'l3mdev',
  'tun_id',
  'suppress_ifgroup',
]

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
