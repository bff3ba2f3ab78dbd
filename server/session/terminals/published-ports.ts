import type { NetworkState } from '../../network/state.js'
import type { SessionView } from '../../protocol/protocol.js'
import { oneLine } from '../../wording/one-line.js'

export type PublishedPort = SessionView['ports'][number]

/** A learner can publish thousands: nobody looks at more than these. */
const mostPorts = 64

/** TCP ports that running containers publish, each once a host. Pure. */
export function publishedPorts(state: NetworkState): PublishedPort[] {
  const found = new Map<string, PublishedPort>()
  for (const { name: host, engine } of state.hosts) {
    for (const { name: container, state: runs, ports } of engine?.containers ?? []) {
      if (runs !== 'running') continue
      for (const { protocol, hostPort: port } of ports) {
        if (protocol !== 'tcp' || port < 1 || port > 65535) continue
        const key = `${host}:${port}`
        if (!found.has(key)) found.set(key, { host, port, container: oneLine(container, 100) })
      }
    }
  }
  const hosts = state.hosts.map(({ name }) => name)
  return [...found.values()]
    .toSorted((a, b) => hosts.indexOf(a.host) - hosts.indexOf(b.host) || a.port - b.port)
    .slice(0, mostPorts)
}
