import { sameAddress } from '../network/addresses.js'
import { ownsAddress } from '../network/own-address.js'
import type { SwarmService } from '../network/state.js'
import { type Manager, servicesOf } from '../place/swarm-manager.js'
import type { Trail } from './trail.js'

/** What the causes by services of a swarm have in common. */

export interface AskedService {
  manager: Manager
  service: SwarmService
  /** `vip`: its virtual address; `port`: its published port, at an address of a node. */
  how: 'vip' | 'port'
  /** How the port is published: by the routing mesh (`ingress`), or on the nodes that have a task (`host`). */
  mode?: string
}

/** The service that somebody asks for, where it is one. */
export function askedService({
  state,
  home,
  destination,
  destinationPort,
  last,
  address,
}: Trail): AskedService | undefined {
  for (const { manager, service } of servicesOf(state, home)) {
    const isVip = service.virtualAddresses.some(({ address: own }) =>
      [destination, address].some((one) => sameAddress(own.split('/')[0], one)),
    )
    if (isVip) return { manager, service, how: 'vip' }
    const published = service.ports.find(({ publishedPort }) => publishedPort === destinationPort)
    if (published && last.host.engine?.swarm.state === 'active' && ownsAddress(last.host.namespaces[0]!, address))
      return { manager, service, how: 'port', mode: published.mode }
  }
  return undefined
}
