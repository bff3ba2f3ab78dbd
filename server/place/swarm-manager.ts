import type { HostState, NetworkState, SwarmService, SwarmState } from '../network/state.js'
import { engineOf } from './reference.js'
import { Unanswerable } from './unanswerable.js'

export interface Manager {
  host: HostState
  swarm: SwarmState
}

/**
 * Managers of the rack's swarms, the home host first: only they know nodes and services. A host whose Engine does not answer
 * may be what a lab is about, so it matters only when no manager is left to ask.
 * @throws Unanswerable engine.*
 */
export function managers(state: NetworkState, home: string): Manager[] {
  const hosts = state.hosts
    .filter(({ kind }) => kind === 'docker')
    .toSorted((a, b) => Number(b.name === home) - Number(a.name === home))
  const found = hosts.flatMap((host) => {
    const swarm = host.engine?.swarm
    return swarm?.state === 'active' && swarm.manager ? [{ host, swarm }] : []
  })
  if (found.length === 0) for (const host of hosts) engineOf(host)
  return found
}

/** The first manager that there is; undefined also where no Engine could be asked whether it is one. */
export function managerKnown(state: NetworkState, home: string): Manager | undefined {
  try {
    return managers(state, home)[0]
  } catch (error) {
    if (error instanceof Unanswerable) return undefined
    throw error
  }
}

/** The services that it knows; none where there is no such manager. */
export function servicesOf(state: NetworkState, home: string): { manager: Manager; service: SwarmService }[] {
  const manager = managerKnown(state, home)
  return manager ? manager.swarm.services.map((service) => ({ manager, service })) : []
}
