import { type FoundRoute, writeRoute, writeRoutingRule } from '../network/routing.js'
import type { ListeningSocket, Route } from '../network/state.js'
import { endpointsOf, isInHostNamespace, type LivePlace, type Place } from '../place/place.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'
import { commandIn } from './place-command.js'

/** Words that several causes have in common. */

/** ip(8), for the family of an address or a network. */
export function ipFor(address: string): 'ip' | 'ip -6' {
  return address.includes(':') ? 'ip -6' : 'ip'
}

/** iptables(8), likewise. */
export function iptablesFor(address: string): 'iptables' | 'ip6tables' {
  return address.includes(':') ? 'ip6tables' : 'iptables'
}

/** By what the MAC address of a neighbour is asked for (RFC 826; RFC 4861); in Chinese with the spaces that it needs. */
export function askingFor(address: string): Text {
  return address.includes(':') ? { en: 'neighbour discovery', zh: '邻居发现（ND）' } : { en: 'ARP', zh: ' ARP ' }
}

/** As the Engine calls it. */
export function called({ container, label }: Place): string {
  return container?.name ?? label
}

export function networksOf(place: Place): string[] {
  const names = [...new Set((place.container?.endpoints ?? []).map(({ network }) => network))]
  return place.container ? [`${place.label}: networks ${names.join(', ') || 'none'}`] : []
}

/** Names of the networks that it is on, also by the container whose namespace it shares. */
export function networkNames(place: Place): string[] {
  return [...new Set(endpointsOf(place).map(({ network }) => network))]
}

/** A network of the one that the other could be connected to. */
export function networkToShare({ container }: Place): string {
  return container?.endpoints.find(({ network }) => !['bridge', 'host', 'none'].includes(network))?.network ?? 'NETWORK'
}

export function connectTry(network: string, who: string): Text {
  const command = code(`docker network connect ${network} ${who}`)
  return { en: `let both be on one network: ${command}`, zh: `让双方接入同一个网络：${command}` }
}

/** The routes of a place that lead on and are of the family of an address: those that its own tools show. */
export function routesLike({ namespace }: LivePlace, address: string): Route[] {
  const family = address.includes(':') ? 6 : 4
  return namespace.routes.filter((one) => one.table === 'main' && one.type === 'unicast' && one.family === family)
}

export function routeLines(place: LivePlace, address: string, most = 5): string[] {
  const { label } = place
  return routesLike(place, address)
    .slice(0, most)
    .map((route) => `${label}: ${writeRoute(route)}`)
}

/** A route, and the rule that led to it where that is not the kernel's own; all of those that it may be. */
export function foundLines(label: string, route: FoundRoute): string[] {
  if (route.among) return route.among.slice(0, 5).flatMap((one) => foundLines(label, one))
  return [
    ...(route.by ? [`${label}: ${route.family === 6 ? 'ip -6' : 'ip'} rule: ${writeRoutingRule(route.by)}`] : []),
    ...(route.table === '' ? [] : [`${label}: ${writeRoute(route)}`]),
  ]
}

/** What gives a container its default route back; undefined where it has one, or none was planned (internal networks, hosts). */
export function defaultRouteOf(place: LivePlace, address: string): string | undefined {
  if (!place.container || isInHostNamespace(place)) return undefined
  if (routesLike(place, address).some(({ destination }) => destination === 'default')) return undefined
  const gateway = endpointsOf(place)
    .filter(({ networkId }) => place.host.engine?.networks.some(({ id, internal }) => id === networkId && !internal))
    .map((leg) => leg.gateway)
    .find((one) => one !== undefined && one !== '' && one.includes(':') === address.includes(':'))
  return gateway === undefined ? undefined : commandIn(place, `${ipFor(address)} route add default via ${gateway}`)
}

export function defaultRouteTry(where: string, command: string): Text {
  const [who, what] = [code(where), code(command, 200)]
  return {
    en: `give ${who} back the default route that the Engine gave it: ${what}`,
    zh: `把引擎给 ${who} 的默认路由加回来：${what}`,
  }
}

/** As ss(8). */
export function writeSocket({ protocol, address, port }: ListeningSocket): string {
  return `${protocol} LISTEN ${address.includes(':') ? `[${address}]` : address}:${port}`
}
