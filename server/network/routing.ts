import { holds } from './addresses.js'
import type { Flow } from './flow.js'
import { matchesField, matchesInterface, matchesNetwork, matchesPorts } from './match-field.js'
import type { Link, NamespaceState, Route, RoutingRule } from './state.js'

/** Which way a packet goes, by the routes that a namespace has: the only look-up of routes that there is. */

/** A route, and the rule of the learner's that led to its table. A rule that ends the search is a route to nowhere. */
export interface FoundRoute extends Route {
  by?: RoutingRule
}

const usualTables = new Set(['local', 'main', 'default'])

/**
 * The route that the kernel takes (ip-rule(8), ip-route(8)): rules in the order of their priorities, in each table the longest
 * prefix, then the lowest metric. A route of the type `throw` ends the search in its table. Undefined where there is none. A
 * rule with a condition that is not known of the packet, such as a mark, is passed over.
 */
export function routeFor(namespace: NamespaceState, to: string | Flow): FoundRoute | undefined {
  const flow: Flow = typeof to === 'string' ? { destination: to } : to
  const first = search(namespace, flow)
  const local = flow.in === undefined || flow.in === ''
  // A socket that connects looks again, with the source that the first route gave it (ip_route_connect).
  const connects = flow.protocol === 'tcp' || flow.protocol === 'udp'
  if (!local || !connects || flow.source !== undefined || !first || !leadsOn(first)) return first
  const source = sourceOn(namespace, first)
  return source === undefined ? first : search(namespace, { ...flow, source })
}

function search(namespace: NamespaceState, flow: Flow): FoundRoute | undefined {
  const family = flow.destination.includes(':') ? 6 : 4
  for (const rule of namespace.routingRules) {
    if (rule.family !== family || !applies(rule, flow)) continue
    const own = usualTables.has(rule.table ?? '') && isBare(rule) ? {} : { by: rule }
    if (rule.action === 'lookup') {
      const found = lookUp(namespace.routes, rule, flow.destination)
      if (found && found.type !== 'throw') return { ...found, ...own }
    } else if (/^(blackhole|unreachable|prohibit)$/.test(rule.action)) {
      return { family, destination: rule.destination ?? 'default', table: '', type: rule.action, by: rule }
    }
  }
  return undefined
}

function isBare({ not, source, destination, in: into, out, protocol, further }: RoutingRule): boolean {
  return !not && !source && !destination && !into && !out && !protocol && further.length === 0
}

function applies(rule: RoutingRule, { destination, source, protocol, in: into, out, ...ports }: Flow): boolean {
  const met = [
    // Whoever has no source yet is nobody's (RFC 1122, 3.2.1.3), which only the whole network holds.
    rule.source === undefined || (source !== undefined && matchesNetwork(rule.source, source)),
    rule.destination === undefined || matchesNetwork(rule.destination, destination),
    // What is sent from here comes in by the loopback, as far as these rules are concerned.
    rule.in === undefined || matchesInterface(rule.in, into || 'lo'),
    rule.out === undefined || matchesInterface(rule.out, out),
    rule.protocol === undefined || matchesField(rule.protocol, protocol),
    rule.sourcePort === undefined || matchesPorts(rule.sourcePort, ports.sourcePort),
    rule.destinationPort === undefined || matchesPorts(rule.destinationPort, ports.destinationPort),
  ]
  if (rule.further.length > 0) return false
  const all = met.every((one) => one === true)
  return rule.not ? !all : all
}

const prefixOf = ({ destination }: Route) => (destination === 'default' ? 0 : Number(destination.split('/')[1] ?? 32))

function lookUp(routes: Route[], { table, suppressedPrefix = -1 }: RoutingRule, address: string): Route | undefined {
  const family = address.includes(':') ? 6 : 4
  const fitting = routes.filter(
    (route) =>
      route.family === family &&
      route.table === table &&
      (route.destination === 'default' || holds(route.destination, address)),
  )
  const [best] = fitting.toSorted((a, b) => prefixOf(b) - prefixOf(a) || (a.metric ?? 0) - (b.metric ?? 0))
  return best && prefixOf(best) > suppressedPrefix ? best : undefined
}

/** The address that a packet by this route is sent from, where its sender asks for none. */
export function sourceOn({ links }: NamespaceState, { source, device, family, type }: Route): string | undefined {
  if (source !== undefined) return source
  const link = links.find(({ name }) => name === device)
  const own = link?.addresses.filter((one) => one.family === family && !one.failed) ?? []
  return (own.find(({ scope }) => scope === 'global') ?? (type === 'local' ? own[0] : undefined))?.address
}

/** Whether a route leads on; those of the types unreachable, blackhole and prohibit say that none does. */
export function leadsOn<R extends Route>(route: R | undefined): route is R & { type: 'unicast' | 'local' } {
  return route !== undefined && (route.type === 'unicast' || route.type === 'local')
}

/** Whom the MAC address is asked of: the gateway, or the address itself on the same link. */
export function nextHop(namespace: NamespaceState, to: string | Flow): string | undefined {
  const route = routeFor(namespace, to)
  if (!leadsOn(route) || route.type !== 'unicast') return undefined
  return route.gateway ?? (typeof to === 'string' ? to : to.destination)
}

/** The link that a packet leaves by; undefined where no route leads on. One that refuses may name a link as well: of IPv6, `lo`. */
export function outLink(namespace: NamespaceState, to: string | Flow): Link | undefined {
  const route = routeFor(namespace, to)
  return leadsOn(route) ? namespace.links.find(({ name }) => name === route.device) : undefined
}

/** As ip-route(8) writes it. */
export function writeRoute({ type, destination, gateway, device, source, metric, table }: Route): string {
  return [
    ...(type === 'unicast' ? [] : [type]),
    destination,
    ...(gateway ? ['via', gateway] : []),
    ...(device ? ['dev', device] : []),
    ...(source ? ['src', source] : []),
    ...(metric === undefined ? [] : ['metric', `${metric}`]),
    ...(table === 'main' || table === 'local' || table === '' ? [] : ['table', table]),
  ].join(' ')
}

/** As ip-rule(8) writes it. */
export function writeRoutingRule(rule: RoutingRule): string {
  return [
    `${rule.priority}:`,
    ...(rule.not ? ['not'] : []),
    `from ${rule.source ?? 'all'}`,
    ...(rule.destination ? [`to ${rule.destination}`] : []),
    ...(rule.in ? [`iif ${rule.in}`] : []),
    ...(rule.out ? [`oif ${rule.out}`] : []),
    ...(rule.protocol ? [`ipproto ${rule.protocol}`] : []),
    ...(rule.sourcePort ? [`sport ${rule.sourcePort.replace(':', '-')}`] : []),
    ...(rule.destinationPort ? [`dport ${rule.destinationPort.replace(':', '-')}`] : []),
    ...rule.further,
    rule.action === 'lookup' ? `lookup ${rule.table}` : rule.action,
  ].join(' ')
}

/**
 * Whether a link takes in packets of a sender, by its filter of reverse paths (rp_filter of ip-sysctl, RFC 3704): strict, the way
 * back to the sender has to leave by the same link; loose, by any.
 */
export function takesIn(namespace: NamespaceState, { name, reversePath }: Link, source: string): boolean {
  if (reversePath === undefined || source.includes(':')) return true
  const back = routeFor(namespace, source)
  if (!leadsOn(back)) return false
  return reversePath === 'loose' || back.device === name || back.type === 'local'
}

/**
 * The setting by which a namespace does not forward what comes in by a link for an address; undefined where it does, or where the
 * settings could not be read. Of IPv4 the link's own setting decides, which `ip_forward` sets for all; of IPv6 that of `all` alone (ip-sysctl; ip6_forward in
 * net/ipv6/ip6_output.c), whatever `forwarding` of links says, as measured.
 */
export function unforwardedBy(namespace: NamespaceState, into: string, address: string): string | undefined {
  if (address.includes(':')) return namespace.forwards.ip6 === false ? 'net.ipv6.conf.all.forwarding' : undefined
  if (namespace.forwards.ip4 === false) return 'net.ipv4.ip_forward'
  const link = namespace.links.find(({ name }) => name === into)
  return link?.forwards4 === false ? `net.ipv4.conf.${into}.forwarding` : undefined
}
