import { judge } from '../network/filter.js'
import { hostPlace, isLive, type LivePlace } from '../place/place.js'
import { calledBeside } from '../place/target.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import type { Unresolved } from './unresolved.js'

/** Nodes of a swarm tell each other by it which name has which address (SWIM by memberlist; TCP and UDP). */
const gossipPort = 7946

interface Found {
  name: string
  /** Whose rules they are, and who has the name. */
  host: string
  there: string
  /** Whom it is to let through. */
  peer: string
  rules: string[]
  shown: string[]
}

/** A running container of that name on another host, on an overlay that both hosts have. */
function across({ from, name, state }: Unresolved): LivePlace | undefined {
  return calledBeside(from, name, state)
    .map(({ place }) => place)
    .filter(isLive)
    .find(({ host }) => host.name !== from.host.name)
}

function find(unresolved: Unresolved): Found | undefined {
  const there = across(unresolved)
  const { from, name } = unresolved
  if (!there) return undefined
  const ends = [
    [from, there],
    [there, from],
  ] as const
  for (const [at, peer] of ends) {
    const place = hostPlace(at.host)
    const source = peer.host.engine?.swarm.nodeAddress
    const destination = at.host.engine?.swarm.nodeAddress
    if (!place || source === undefined || destination === undefined) continue
    const into = place.namespace.links.find(({ lan }) => lan !== undefined)?.name ?? ''
    const shown = (['tcp', 'udp'] as const).flatMap((protocol) => {
      const judgement = judge(place.namespace, 'input', {
        ...{ source, destination, protocol, destinationPort: gossipPort, state: 'new', in: into, out: '' },
      })
      if (judgement?.outcome !== 'drop') return []
      const { rule, chain } = judgement
      return [`${at.host.name}: ${rule?.text ?? `-P ${chain?.name} DROP`}`]
    })
    if (shown.length === 0) continue
    return {
      ...{ name, host: at.host.name, there: there.label, peer: source },
      rules: (['tcp', 'udp'] as const).map(
        (protocol) => `iptables -I INPUT -s ${source} -p ${protocol} --dport ${gossipPort} -j ACCEPT`,
      ),
      shown: [...new Set(shown), `${there.host.name}: ${name} is ${there.label}`],
    }
  }
  return undefined
}

export const gossipBlocked = define<Found>({
  code: 'gossip-blocked',
  byName: find,
  say: ({ name, host, there, peer, rules, shown }) => {
    const [what, where, who] = [code(name), code(host), code(there)]
    return {
      what: {
        en: `${what} is ${who} on another node: nodes tell each other the names of an overlay by TCP and UDP port ${gossipPort}, and ${where} drops what comes there from ${code(peer)}`,
        zh: `${what} 是另一个节点上的 ${who}：节点之间通过 TCP 和 UDP 端口 ${gossipPort} 互相告知 overlay 网络里的名字，而 ${where} 丢弃了来自 ${code(peer)} 的这类数据`,
      },
      evidence: shown,
      tries: [
        {
          en: `let it through on ${where}: ${rules.map((rule) => code(rule)).join(', ')}; the names come back within some minutes`,
          zh: `在 ${where} 上放行：${rules.map((rule) => code(rule)).join('、')}；名字会在几分钟内恢复`,
        },
      ],
    }
  },
  broken:
    '`iptables -I INPUT -p tcp --dport 7946 -j DROP` and the same of UDP on one node, before a container is made on the other',
  hidden: {
    sight: 'a name that does not resolve sends no packet: a trace tells it by the name',
    netdiag: 'an Engine lists the containers of its own host alone, so that it does not know of the other one',
  },
  example: {
    ...{ name: 'm2', host: 'node1', there: 'node2/m2', peer: '192.168.1.12' },
    rules: ['tcp', 'udp'].map((one) => `iptables -I INPUT -s 192.168.1.12 -p ${one} --dport 7946 -j ACCEPT`),
    shown: [
      'node1: -A INPUT -p tcp -m tcp --dport 7946 -j DROP',
      'node1: -A INPUT -p udp -m udp --dport 7946 -j DROP',
      'node2: m2 is node2/m2',
    ],
  },
})
