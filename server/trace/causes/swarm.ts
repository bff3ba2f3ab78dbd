import { holds } from '../../network/addresses.js'
import type { HostState, NetworkState, Rule } from '../../network/state.js'
import { ownNamespace } from '../../place/reference.js'
import { managers } from '../../place/swarm-manager.js'
import { code, codes } from '../../wording/wording.js'
import { type Case, destinationOf } from '../case.js'
import { writeStep } from '../packet-text.js'
import { writeHit } from '../rule-text.js'
import type { Cause } from '../story.js'
import type { CauseFinder } from './cause-finder.js'

/** Overlays: the tunnel between hosts, and the hosts that have to be in the swarm. */

/** IANA's port of VXLAN, and Docker's unless the swarm was made with another (`--data-path-port`). */
const vxlanPort = 4789

export const vxlanBlocked: CauseFinder = (one) => {
  const { seen, state } = one
  const entry = seen.out.find(({ link, sighting }) => link?.kind === 'vxlan' && sighting.direction === 'out')
  const outer = seen.out.filter(({ tunnel }) => tunnel !== undefined)
  const last = outer.at(-1)
  // It came out at the other end.
  if (seen.out.some(({ link, sighting }) => link?.kind === 'vxlan' && sighting.direction === 'in')) return undefined
  if (!last && !entry) return undefined
  const port = last?.sighting.frame.ip?.destinationPort ?? entry?.link?.vxlan?.port ?? vxlanPort
  const arrived = outer.findLast(({ spot, sighting }) => spot && sighting.direction === 'in')
  const [side, hook]: [HostState | undefined, string] = arrived?.spot
    ? [arrived.spot.host, 'input']
    : [(entry ?? last)?.spot?.host, 'output']
  if (!side || (arrived === undefined && outer.some(({ spot }) => spot !== undefined))) return undefined
  const hit =
    seen.drop?.host === side.name && (arrived !== undefined || seen.drop.rule?.includes(`${port}`))
      ? seen.drop
      : undefined
  const rule = hit ? undefined : blockingRule(side, hook, port)
  const evidence = hit ? [writeHit(hit, state)] : rule ? [`${side.name}: ${rule}`] : []
  if (evidence.length === 0 && (!seen.whole || side.engine?.swarm.state !== 'active')) return undefined
  const where = code(side.name)
  return {
    code: 'vxlan-blocked',
    what: arrived
      ? {
          en: `the packet came to ${where} within VXLAN, on UDP port ${port}, and was never unpacked there: ${evidence.length > 0 ? 'a rule drops that port' : 'something there drops that port'}, so the overlay ends at each host`,
          zh: `数据包封装在 VXLAN 里（UDP 端口 ${port}）到了 ${where}，却没有被解封：${evidence.length > 0 ? '那里的规则丢弃了这个端口' : '那里有什么东西丢弃了这个端口'}，overlay 网络因此无法跨主机`,
        }
      : {
          en: `the packet was to leave ${where} within VXLAN, on UDP port ${port}, and never did: ${evidence.length > 0 ? 'a rule drops that port' : 'something there drops that port'}`,
          zh: `数据包本应封装在 VXLAN 里（UDP 端口 ${port}）离开 ${where}，却没有出去：${evidence.length > 0 ? '那里的规则丢弃了这个端口' : '那里有什么东西丢弃了这个端口'}`,
        },
    evidence: [...evidence, ...(last ? [writeStep(last)] : entry ? [writeStep(entry)] : [])],
    tries: [
      {
        en: `let UDP ${port} through between all nodes, on ${where}: ${code(`iptables -I ${hook.toUpperCase()} -p udp --dport ${port} -j ACCEPT`)}`,
        zh: `让所有节点之间的 UDP ${port} 通过，在 ${where} 上：${code(`iptables -I ${hook.toUpperCase()} -p udp --dport ${port} -j ACCEPT`)}`,
      },
    ],
  }
}

/** In words of the state, where no hit of the rule was seen. */
function blockingRule(host: HostState, hook: string, port: number): string | undefined {
  const { rules, chains } = ownNamespace(host)
  const base = chains.filter((chain) => chain.hook === hook)
  const isFor = (rule: Rule) =>
    rule.protocol === 'udp' && (rule.destinationPort === `${port}` || rule.text.includes(`${port}`))
  const dropping = rules.find((rule) => /^(DROP|REJECT)$/.test(rule.target) && isFor(rule))
  if (dropping) return dropping.text
  const strict = base.find(({ policy }) => policy === 'DROP')
  const allowed = rules.some((rule) => rule.target === 'ACCEPT' && isFor(rule))
  return strict && !allowed ? `-P ${strict.name} DROP` : undefined
}

/** A node that the swarm no longer counts on, and the services that had a task there. */
export interface GoneNode {
  hostname: string
  evidence: string
  services: string[]
}

export function nodesGone(state: NetworkState, home: string): GoneNode[] {
  let known: ReturnType<typeof managers>
  try {
    known = managers(state, home)
  } catch {
    return []
  }
  const [manager] = known
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
        evidence: `${manager.host.name}: node ${node.hostname} is ${node.state}${own}`,
      },
    ]
  })
}

export function goneCause(nodes: GoneNode[]): Cause {
  const names = [...new Set(nodes.map(({ hostname }) => hostname))]
  const who = codes(names)
  return {
    code: 'node-gone',
    what: {
      en: `${who.en} ${names.length > 1 ? 'are' : 'is'} no longer part of the swarm, so the overlay does not reach there: its tunnels and names are kept among nodes that are ready`,
      zh: `${who.zh} 已经不在 swarm 中了，overlay 网络到不了那里：隧道和名字只在就绪的节点之间维护`,
    },
    evidence: [...new Set(nodes.map(({ evidence }) => evidence))],
    tries: [
      {
        en: `look at ${code('docker node ls')} on a manager; if the node left, let it join again with ${code('docker swarm join')}; if its Engine stopped, start it`,
        zh: `在管理节点上查看 ${code('docker node ls')}；节点若已离开，就用 ${code('docker swarm join')} 重新加入；若是引擎停了，就启动它`,
      },
    ],
  }
}

export function nodeGone(home: string): CauseFinder {
  return (one) => {
    const gone = nodesGone(one.state, home)
    if (gone.length === 0) return undefined
    const concerned = gone.filter(
      ({ hostname }) => hostname === one.meant?.host.name || hostname === one.from.host.name,
    )
    if (concerned.length > 0 && isOverlay(one)) return goneCause(concerned)
    // Whoever had the address went with the node.
    const { address } = destinationOf(one)
    const stays = one.meant?.namespace !== undefined && one.meant.host.name === one.from.host.name
    return onOverlay(one, address) && !stays ? goneCause(gone) : undefined
  }
}

function onOverlay({ state }: Pick<Case, 'state'>, address: string): boolean {
  return state.hosts.some(({ engine }) =>
    engine?.networks.some(
      ({ driver, subnets }) => driver === 'overlay' && subnets.some(({ subnet }) => holds(subnet, address)),
    ),
  )
}

/** Whether the way to the one that is meant leads through an overlay. */
function isOverlay(one: Case): boolean {
  const legs = one.meant?.container?.endpoints ?? []
  const drivers = legs.map(
    ({ networkId }) => one.meant!.host.engine?.networks.find(({ id }) => id === networkId)?.driver,
  )
  return drivers.includes('overlay') || drivers.includes(undefined) || onOverlay(one, one.address)
}
