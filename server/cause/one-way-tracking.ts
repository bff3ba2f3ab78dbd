import type { Rule } from '../network/state.js'
import { iptablesOf } from '../network/tables.js'
import { code } from '../wording/wording.js'
import { type Cause, define } from './cause.js'

interface Found {
  /** The machine on the way, and its rule. */
  host: string
  rule: Pick<Rule, 'family' | 'table' | 'chain' | 'position' | 'text'>
  source: string
  destination: string
  port: number
  shown: string[]
}

/** Packets that fit no connection it knows are INVALID to connection tracking (iptables-extensions(8), conntrack). */
export const oneWayTracking = define<Found>({
  code: 'one-way-tracking',
  say: ({ host, rule, source, destination, port, shown }) => {
    const [where, ends] = [code(host), code(`${source} > ${destination}:${port}`)]
    const tool = rule.text.startsWith('-A ') ? iptablesOf(rule.family) : undefined
    const pass = `${tool} -t ${rule.table} -I ${rule.chain} ${rule.position} -s ${source} -d ${destination} -p tcp --dport ${port} -m conntrack --ctstate INVALID -j ACCEPT`
    return {
      what: {
        en: `${where} sees only one direction of ${ends}: the answers take another way, so that its connection tracking takes all that follows the first packet for ${code('INVALID')}, and a rule there drops that; the connection is made, but no data gets through`,
        zh: `${where} 只看得到 ${ends} 的一个方向：应答走了另一条路，因此它的连接跟踪把首个数据包之后的一切都当作 ${code('INVALID')}，而那里有规则把它们丢弃；于是连接能建立，数据却过不去`,
      },
      evidence: [`${host}: ${rule.table}: ${rule.text}`, ...shown],
      tries: [
        ...(tool
          ? [
              {
                en: `let these packets pass, and no more than them, on ${where}: ${code(pass, 300)}`,
                zh: `在 ${where} 上只放行这些数据包：${code(pass, 300)}`,
              },
            ]
          : []),
        {
          en: 'or let both directions take one way: compare the routes of both ends',
          zh: '或者让两个方向走同一条路：比较两端的路由',
        },
      ],
    }
  },
  broken:
    '`iptables -I FORWARD -m conntrack --ctstate INVALID -j DROP` on a router by which the requests come, and the answers do not; asked with `--http`',
  hidden: {
    state: 'which way answers take is seen only when there are some',
    sight:
      'the first packet and its answer pass: what follows them is sent only where a program is spoken to, with `--http`',
    check: 'a check with `http` says that nothing came back, and does not look where it was lost',
    diagnose: 'a diagnosis asks whether a connection comes about, which it does',
    netdiag: 'it asks whether a connection comes about, which it does',
  },
  example: {
    ...{ host: 'node2', source: '192.168.1.50', destination: '172.20.0.2', port: 80 },
    rule: {
      ...{ family: 'ip', table: 'filter', chain: 'FORWARD', position: 1 },
      text: '-A FORWARD -m conntrack --ctstate INVALID -j DROP',
    },
    shown: [],
  },
})

export function oneWayTrackingCause(found: Found): Cause {
  return oneWayTracking.tell(found)
}
