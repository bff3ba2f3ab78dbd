import { holds } from './addresses.js'
import type { Flow } from './flow.js'
import { matchesField, matchesInterface, matchesNetwork, matchesPorts } from './match-field.js'
import type { Link, NamespaceState, Route, RoutingRule } from './state.js'

/** Which way a packet goes, by the routes that a namespace has: the only look-up of routes that there is. */

/**
 * A route, and the rule of the learner's that led to its table. A rule that ends the search is a route to nowhere. Of the type `undecided`:
 * it is one of `among`, and which one is not known of the packet.
 */
export interface FoundRoute extends Route {
  by?: RoutingRule
  among?: Route[]
}

const usualTables = new Set(['local', 'main', 'default'])

/**
 * The route that the kernel takes (ip-rule(8), ip-route(8)): rules in the order of their priorities, in each table the longest
 * prefix, then the lowest metric. A route of the type `throw` ends the search in its table. Undefined where there is none.
 * `undecided` where a rule has a condition that is not known of the packet, such as a mark, and leads elsewhere than the rest; and of
 * a route with several next hops, among which the kernel chooses.
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
  /** Where rules lead of which it is not known whether the packet meets them. */
  const maybe: FoundRoute[] = []
  for (const rule of namespace.routingRules) {
    const meets = rule.family === family ? applies(rule, flow, namespace) : false
    if (meets === false) continue
    // Which rule is asked next, or which table by the VRF that a link is of, is not followed.
    if (rule.action === 'goto' || rule.further.some(isOfVrf)) return undecided(flow, maybe, undefined)
    const found = end(namespace, rule, flow)
    if (!found) continue
    if (meets) return maybe.every((one) => isSame(one, found)) ? found : undecided(flow, maybe, found)
    maybe.push(found)
  }
  return maybe.length > 0 ? undecided(flow, maybe, undefined) : undefined
}

/** What a rule that is met ends the search with; undefined where it goes on behind it. */
function end({ routes }: NamespaceState, rule: RoutingRule, { destination }: Flow): FoundRoute | undefined {
  const own = usualTables.has(rule.table ?? '') && isBare(rule) ? {} : { by: rule }
  if (rule.action === 'lookup') {
    const found = lookUp(routes, rule, destination)
    return found && found.type !== 'throw' ? { ...found, ...own } : undefined
  }
  if (!/^(blackhole|unreachable|prohibit)$/.test(rule.action)) return undefined
  return { family: rule.family, destination: rule.destination ?? 'default', table: '', type: rule.action, by: rule }
}

function undecided({ destination }: Flow, maybe: FoundRoute[], found: FoundRoute | undefined): FoundRoute {
  const among = [...maybe, ...(found ? [found] : [])].flatMap((one) => one.among ?? one)
  const [first] = among
  return {
    family: destination.includes(':') ? 6 : 4,
    ...{ destination: first?.destination ?? 'default', table: '', type: 'undecided', among },
  }
}

function isSame(a: FoundRoute, b: FoundRoute): boolean {
  return a.type !== 'undecided' && writeRoute({ ...a, table: '' }) === writeRoute({ ...b, table: '' })
}

function isBare({ not, source, destination, in: into, out, protocol, further }: RoutingRule): boolean {
  return !not && !source && !destination && !into && !out && !protocol && further.length === 0
}

/** Undefined: can't say. */
function applies(
  rule: RoutingRule,
  { destination, source, protocol, in: into, out, ...ports }: Flow,
  { links }: NamespaceState,
): boolean | undefined {
  const local = into === undefined || into === ''
  const ported = protocol === undefined || protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp'
  const met = [
    // Whoever has no source yet is nobody's (RFC 1122, 3.2.1.3), which only the whole network holds.
    rule.source === undefined || (source === undefined && local ? false : matchesNetwork(rule.source, source)),
    rule.destination === undefined || matchesNetwork(rule.destination, destination),
    // What is sent from here comes in by the loopback, as far as these rules are concerned.
    rule.in === undefined || matchesInterface(rule.in, into || 'lo'),
    // Only who asks for a link has one here.
    rule.out === undefined || (matchesInterface(rule.out, out) ?? false),
    rule.protocol === undefined || matchesField(rule.protocol, protocol),
    rule.sourcePort === undefined || (ported && matchesPorts(rule.sourcePort, ports.sourcePort)),
    rule.destinationPort === undefined || (ported && matchesPorts(rule.destinationPort, ports.destinationPort)),
    // Of packets that come in by a link of a VRF (`l3mdev`) alone; of other conditions nothing is known.
    ...rule.further.map((one) => (isOfVrf(one) && !isInVrf(links, into) ? false : undefined)),
  ]
  const all = met.includes(false) ? false : met.includes(undefined) ? undefined : true
  return rule.not && all !== undefined ? !all : all
}

function isOfVrf(condition: string): boolean {
  return condition.startsWith('l3mdev')
}

function isInVrf(links: Link[], into: string | undefined): boolean {
  const master = links.find(({ name }) => name === into)?.master
  return master !== undefined && links.some(({ name, kind }) => name === master && kind === 'vrf')
}

const prefixOf = ({ destination }: Route) => (destination === 'default' ? 0 : Number(destination.split('/')[1] ?? 32))

function lookUp(
  routes: Route[],
  { table, suppressedPrefix = -1 }: RoutingRule,
  address: string,
): FoundRoute | undefined {
  const family = address.includes(':') ? 6 : 4
  const fitting = routes.filter(
    (route) =>
      route.family === family &&
      route.table === table &&
      (route.destination === 'default' || holds(route.destination, address)),
  )
  const [best] = fitting.toSorted((a, b) => prefixOf(b) - prefixOf(a) || (a.metric ?? 0) - (b.metric ?? 0))
  if (!best || prefixOf(best) <= suppressedPrefix) return undefined
  if (best.oneOf === undefined) return best
  const among = fitting.filter(
    ({ oneOf, destination, metric }) =>
      oneOf !== undefined && destination === best.destination && metric === best.metric,
  )
  return { family, destination: best.destination, table: '', type: 'undecided', among }
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

/** Whether one of several routes is taken, and which one is not known. */
export function isUndecided(route: FoundRoute | undefined): boolean {
  return route?.type === 'undecided'
}

/** Whether it is known that no route leads on: there is none, or one that says so. */
export function leadsNowhere(route: FoundRoute | undefined): boolean {
  return !leadsOn(route) && !isUndecided(route)
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
  // Of several ways back each one counts, and which there are is not known.
  if (isUndecided(back)) return true
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
