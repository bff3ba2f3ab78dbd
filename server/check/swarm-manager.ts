import type { HostState, NetworkState, SwarmState } from '../network/state.js'
import { engineOf } from './reference.js'

export interface Manager {
  host: HostState
  swarm: SwarmState
}

/** Managers of the rack's swarms, the home host first: only they know nodes and services. @throws CheckError engine.* */
export function managers(state: NetworkState, home: string): Manager[] {
  return state.hosts
    .filter(({ kind }) => kind === 'docker')
    .toSorted((a, b) => Number(b.name === home) - Number(a.name === home))
    .map((host) => ({ host, swarm: engineOf(host).swarm }))
    .filter(({ swarm }) => swarm.state === 'active' && swarm.manager)
}
