import { judge } from '../network/filter.js'
import type { Flow } from '../network/flow.js'
import { hostPlace, type LivePlace } from '../place/place.js'
import { segmentOf } from '../place/segment.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { writeStep } from './packet-text.js'
import type { Trail } from './trail.js'
import { iptablesFor } from './words.js'

/** IANA's port of VXLAN, and Docker's unless the swarm was made with another (`--data-path-port`). */
const vxlanPort = 4789

interface Found {
  host: string
  port: number
  /** At the receiver's end of the tunnel; else it never left the sender's. */
  arrived: boolean
  seen: boolean
  /** The other end of the tunnel, where it is known. */
  peer?: string
  /** The rule or policy that does it. */
  rule: string
  shown: string[]
}

/** What the rules of a host make of the tunnel's packets; as evidence, where they drop them. */
function blockedAt(place: LivePlace, hook: 'input' | 'output', flow: Flow): string | undefined {
  const judgement = judge(place.namespace, hook, flow)
  if (judgement?.outcome !== 'drop') return undefined
  const { rule, chain } = judgement
  return `${place.host.name}: ${rule ? rule.text : `-P ${chain?.name} DROP`}`
}

/** A host's address by which the swarm's other nodes know it. */
function tunnelEnd({ host }: LivePlace): string | undefined {
  return (
    host.engine?.swarm.nodeAddress ??
    host.namespaces[0]?.links.find(({ lan }) => lan !== undefined)?.addresses.find(({ scope }) => scope === 'global')
      ?.address
  )
}

function byState({ way, from, goal }: Trail): Found | undefined {
  if (!goal || goal.host.name === from.host.name || from.host.engine?.swarm.state !== 'active') return undefined
  const sending = way?.stops.at(0)
  const link = sending?.place.namespace.links.find(({ name }) => name === sending.out)
  if (!link || !sending) return undefined
  const segment = segmentOf(sending.place.host, sending.place.namespace, link)
  if (!/^(overlay|vxlan) /.test(segment)) return undefined
  const [here, there] = [from, goal].map(({ host }) => hostPlace(host))
  const [source, destination] = [here, there].map((place) => place && tunnelEnd(place))
  if (!here || !there || source === undefined || destination === undefined) return undefined
  const port =
    from.host.namespaces.flatMap(({ links }) => links).find(({ vxlan }) => vxlan !== undefined)?.vxlan?.port ??
    vxlanPort
  const lanOf = ({ namespace }: LivePlace) => namespace.links.find(({ lan }) => lan !== undefined)?.name ?? ''
  const flow: Flow = { source, destination, protocol: 'udp', destinationPort: port, state: 'new' }
  const out = blockedAt(here, 'output', { ...flow, in: '', out: lanOf(here) })
  if (out) return { host: here.host.name, port, arrived: false, peer: destination, seen: false, rule: out, shown: [] }
  const into = blockedAt(there, 'input', { ...flow, in: lanOf(there), out: '' })
  if (into) return { host: there.host.name, port, arrived: true, peer: source, seen: false, rule: into, shown: [] }
  // Answers come through the same tunnel.
  const reverse = { ...flow, source: destination, destination: source }
  const back = blockedAt(here, 'input', { ...reverse, in: lanOf(here), out: '' })
  return back
    ? { host: here.host.name, port, arrived: true, peer: destination, seen: false, rule: back, shown: [] }
    : undefined
}

export const vxlanBlocked = define<Found>({
  code: 'vxlan-blocked',
  byState,
  bySight: ({ seen, drop }) => {
    const entry = seen.out.find(({ link, sighting }) => link?.kind === 'vxlan' && sighting.direction === 'out')
    const outer = seen.out.filter(({ tunnel }) => tunnel !== undefined)
    const last = outer.at(-1)
    // It came out at the other end.
    if (seen.out.some(({ link, sighting }) => link?.kind === 'vxlan' && sighting.direction === 'in')) return undefined
    if (!last && !entry) return undefined
    const port = last?.sighting.frame.ip?.destinationPort ?? entry?.link?.vxlan?.port ?? vxlanPort
    const arrived = outer.findLast(({ place, sighting }) => place && sighting.direction === 'in')
    const side = arrived?.place ?? (entry ?? last)?.place
    if (!side || (arrived === undefined && outer.some(({ place }) => place !== undefined))) return undefined
    const own = hostPlace(side.host)
    const hit =
      drop?.host === side.host.name && (arrived !== undefined || drop.shown.includes(`${port}`)) ? drop : undefined
    const [source, destination] = [last?.sighting.frame.ip?.source, last?.sighting.frame.ip?.destination]
    const rule =
      hit?.shown ??
      (own &&
        blockedAt(own, arrived ? 'input' : 'output', {
          destination: destination ?? tunnelEnd(own) ?? '0.0.0.0',
          ...(source === undefined ? {} : { source }),
          protocol: 'udp',
          destinationPort: port,
          state: 'new',
          ...(arrived ? { in: arrived.sighting.link, out: '' } : { in: '' }),
        }))
    // Silence alone has many reasons: only a rule or policy that is there is named.
    if (rule === undefined) return undefined
    const shown = last ?? entry
    const peer = arrived ? source : destination
    return {
      ...{ host: side.host.name, port, arrived: arrived !== undefined, seen: true },
      ...(peer === undefined ? {} : { peer }),
      rule,
      shown: shown ? [writeStep(shown)] : [],
    }
  },
  say: ({ host, port, arrived, peer, seen, rule, shown }) => {
    const where = code(host)
    const by = { en: 'a rule drops that port', zh: '那里的规则丢弃了这个端口' }
    const came = seen
      ? {
          en: `the packet came to ${where} within VXLAN, on UDP port ${port}, and was never unpacked there`,
          zh: `数据包封装在 VXLAN 里（UDP 端口 ${port}）到了 ${where}，却没有被解封`,
        }
      : {
          en: `packets come to ${where} within VXLAN, on UDP port ${port}, and are not unpacked there`,
          zh: `数据包封装在 VXLAN 里（UDP 端口 ${port}）到达 ${where} 后不会被解封`,
        }
    const left = seen
      ? {
          en: `the packet was to leave ${where} within VXLAN, on UDP port ${port}, and never did`,
          zh: `数据包本应封装在 VXLAN 里（UDP 端口 ${port}）离开 ${where}，却没有出去`,
        }
      : {
          en: `packets would leave ${where} within VXLAN, on UDP port ${port}, and do not`,
          zh: `数据包本应封装在 VXLAN 里（UDP 端口 ${port}）离开 ${where}，却出不去`,
        }
    const whom = peer === undefined ? '' : arrived ? ` -s ${peer}` : ` -d ${peer}`
    const allow = code(
      `${iptablesFor(peer ?? '')} -I ${arrived ? 'INPUT' : 'OUTPUT'}${whom} -p udp --dport ${port} -j ACCEPT`,
    )
    return {
      what: arrived
        ? {
            en: `${came.en}: ${by.en}, so the overlay ends at each host`,
            zh: `${came.zh}：${by.zh}，overlay 网络因此无法跨主机`,
          }
        : { en: `${left.en}: ${by.en}`, zh: `${left.zh}：${by.zh}` },
      evidence: [rule, ...shown],
      tries: [
        {
          en: `let UDP ${port} through between all nodes, and from nobody else; on ${where}: ${allow}`,
          zh: `只让各节点之间的 UDP ${port} 通过，在 ${where} 上：${allow}`,
        },
      ],
    }
  },
  hidden: {
    netdiag: 'an Engine lists the containers of its own host alone, so that nobody across the tunnel is asked',
  },
  broken: '`iptables -I INPUT -p udp --dport 4789 -j DROP` on one node of a swarm',
  asked: '`m1` to `m2:80`, tcp',
  example: {
    ...{ host: 'node2', port: 4789, arrived: true, peer: '192.168.1.11', seen: true },
    rule: 'node2: filter: -A INPUT -p udp -m udp --dport 4789 -j DROP',
    shown: [
      'node2 eth0 in: VXLAN 4097 192.168.1.11 > 192.168.1.12: 10.10.0.10:… > 10.10.0.20:80 tcp [S], 60 bytes, ttl 64',
    ],
  },
})
