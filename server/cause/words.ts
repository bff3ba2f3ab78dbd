import { type FoundRoute, writeRoute, writeRoutingRule } from '../network/routing.js'
import type { ListeningSocket } from '../network/state.js'
import { endpointsOf, type LivePlace, type Place } from '../place/place.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'

/** Words that several causes have in common. */

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

/** The routes that lead on from a place, as its own tools show them. */
export function routeLines({ label, namespace }: LivePlace, most = 5): string[] {
  return namespace.routes
    .filter(({ table, type }) => table === 'main' && type === 'unicast')
    .slice(0, most)
    .map((route) => `${label}: ${writeRoute(route)}`)
}

/** A route, and the rule that led to it where that is not the kernel's own. */
export function foundLines(label: string, route: FoundRoute): string[] {
  return [
    ...(route.by ? [`${label}: ip rule: ${writeRoutingRule(route.by)}`] : []),
    ...(route.table === '' ? [] : [`${label}: ${writeRoute(route)}`]),
  ]
}

/** As ss(8). */
export function writeSocket({ protocol, address, port }: ListeningSocket): string {
  return `${protocol} LISTEN ${address.includes(':') ? `[${address}]` : address}:${port}`
}
