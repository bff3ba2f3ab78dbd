import { holds } from '../network/addresses.js'
import type { NetworkState } from '../network/state.js'
import { managerKnown } from '../place/swarm-manager.js'
import { code, codes } from '../wording/wording.js'
import type { Attempt } from './attempt.js'
import { define } from './cause.js'
import type { Trail } from './trail.js'
import type { Unresolved } from './unresolved.js'

/** A node that the swarm no longer counts on, and the services that had a task there. */
interface GoneNode {
  hostname: string
  shown: string
  services: string[]
}

interface Found {
  names: string[]
  shown: string[]
}

function nodesGone(state: NetworkState, home: string): GoneNode[] {
  const manager = managerKnown(state, home)
  if (!manager) return []
  const { swarm } = manager
  return swarm.nodes.flatMap((node): GoneNode[] => {
    const host = state.hosts.find(({ name }) => name === node.hostname)
    // The host itself knows at once that it left; its managers only after some seconds without its heartbeat.
    const left = host?.engine !== undefined && host.engine.swarm.state !== 'active'
    const again = swarm.nodes.some(({ hostname, state: is }) => hostname === node.hostname && is === 'ready')
    if ((node.state === 'ready' || again) && !left) return []
    const services = swarm.services
      .filter(({ tasks }) => tasks.some((task) => task.node === node.id || task.node === node.hostname))
      .map(({ name }) => name)
    const own = left ? `, and ${node.hostname} itself says: swarm ${host!.engine!.swarm.state}` : ''
    return [
      {
        hostname: node.hostname,
        services,
        shown: `${manager.host.name}: node ${node.hostname} is ${node.state}${own}`,
      },
    ]
  })
}

function found(nodes: GoneNode[]): Found {
  return {
    names: [...new Set(nodes.map(({ hostname }) => hostname))],
    shown: [...new Set(nodes.map(({ shown }) => shown))],
  }
}

function find(trail: Trail): Found | undefined {
  const { state, home, meant, from, destination } = trail
  const gone = nodesGone(state, home)
  if (gone.length === 0) return undefined
  const concerned = gone.filter(({ hostname }) => hostname === meant?.host.name || hostname === from.host.name)
  if (concerned.length > 0 && isOverlay(trail)) return found(concerned)
  // Whoever had the address went with the node.
  const stays = meant?.namespace !== undefined && meant.host.name === from.host.name
  return onOverlay(state, destination) && !stays ? found(gone) : undefined
}

function findName({ state, home, name, meant }: Unresolved): Found | undefined {
  const gone = nodesGone(state, home).filter(
    ({ services, hostname }) => services.includes(name) || meant?.host.name === hostname,
  )
  return gone.length > 0 ? found(gone) : undefined
}

function onOverlay({ hosts }: NetworkState, address: string): boolean {
  return hosts.some(({ engine }) =>
    engine?.networks.some(
      ({ driver, subnets }) => driver === 'overlay' && subnets.some(({ subnet }) => holds(subnet, address)),
    ),
  )
}

/** Whether the way to the one that is meant leads through an overlay. */
function isOverlay({ meant, state, address }: Attempt): boolean {
  const legs = meant?.container?.endpoints ?? []
  const drivers = legs.map(({ networkId }) => meant!.host.engine?.networks.find(({ id }) => id === networkId)?.driver)
  return drivers.includes('overlay') || drivers.includes(undefined) || onOverlay(state, address)
}

export const nodeGone = define<Found>({
  code: 'node-gone',
  byState: find,
  bySight: find,
  byName: findName,
  say: ({ names, shown }) => {
    const who = codes(names)
    const [list, join] = [code('docker node ls'), code('docker swarm join')]
    return {
      what: {
        en: `${who.en} ${names.length > 1 ? 'are' : 'is'} no longer part of the swarm, so the overlay does not reach there: its tunnels and names are kept among nodes that are ready`,
        zh: `${who.zh} 已经不在集群中了，overlay 网络到不了那里：隧道和名字只在就绪的节点之间维护`,
      },
      evidence: shown,
      tries: [
        {
          en: `look at ${list} on a manager; if the node left, let it join again with ${join}; if its Engine stopped, start it`,
          zh: `在管理节点上查看 ${list}；节点若已离开，就用 ${join} 重新加入；若是引擎停了，就启动它`,
        },
      ],
    }
  },
  hidden: {
    netdiag: 'an Engine lists the containers of its own host alone, so that nobody across the tunnel is asked',
  },
  broken: '`docker swarm leave --force` on the node of a container',
  asked: '`m1` to `m2:80`, tcp',
  example: { names: ['node2'], shown: ['node1: node node2 is …, and node2 itself says: swarm inactive'] },
})
