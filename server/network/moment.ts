import type { NetworkState } from './state.js'

/**
 * What changes by itself, and by being asked: times, neighbours and learnt MAC addresses, sockets of whoever asks, what health checks
 * say, and how far a swarm's managers have got with what they were told.
 */
const fleeting = new Set(['takenAt', 'durationMs', 'neighbours', 'forwarding', 'sockets', 'faults', 'health', 'swarm'])

/** Whether two captures show the same network: the same links, routes, rules, networks and containers. */
export function sameMoment(one: NetworkState, other: NetworkState): boolean {
  return lasting(one) === lasting(other)
}

function lasting(state: NetworkState): string {
  return JSON.stringify(state, (key, value: unknown) => (fleeting.has(key) ? undefined : value))
}
