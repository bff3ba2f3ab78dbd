import type { Protocol } from '../network/flow.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { type Dropped, dropOf, plain, subject } from './dropped.js'
import type { Trail } from './trail.js'

interface Found extends Dropped {
  protocol: Protocol
  port?: number
}

function find(trail: Trail): Found | undefined {
  const drop = dropOf(trail)
  if (!drop?.policy || drop.hook !== 'input') return undefined
  const { protocol, destinationPort: port } = trail
  return { ...plain(drop, trail.seen !== undefined), protocol, ...(port === undefined ? {} : { port }) }
}

export const inputPolicy = define<Found>({
  code: 'input-policy',
  byState: find,
  bySight: find,
  say: (drop) => {
    const { chain, host, protocol, port, shown } = drop
    const what = subject(drop)
    const ports = port === undefined ? '' : ` --dport ${port}`
    const allow = `iptables -I ${chain} -p ${protocol}${ports} -j ACCEPT`
    return {
      what: {
        en: `no rule of chain ${code(chain)} on ${code(host)} wanted ${what.en}, and the chain's policy is ${code('DROP')}: what is for the host itself has to be let in by a rule`,
        zh: `${code(host)} 的 ${code(chain)} 链中没有规则放行${what.zh}，而这条链的默认策略是 ${code('DROP')}：发给主机自身的数据包必须由规则放行`,
      },
      evidence: [shown],
      tries: [
        {
          en: `let it in, ${code(allow)}, or let in what no rule is about: ${code(`iptables -P ${chain} ACCEPT`)}`,
          zh: `放行它：${code(allow)}；或者默认放行：${code(`iptables -P ${chain} ACCEPT`)}`,
        },
      ],
    }
  },
  broken: '`iptables -P INPUT DROP` on the host whose own port is asked for',
  asked: '`laptop` to `node2:80`, tcp',
  example: {
    ...{ host: 'node2', family: 'ip', table: 'filter', chain: 'INPUT', rejects: false, role: 'request', seen: true },
    ...{ protocol: 'tcp', port: 80, shown: 'node2: filter: -P INPUT DROP' },
  },
})
