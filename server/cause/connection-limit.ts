import { iptablesOf } from '../network/tables.js'
import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { type Dropped, dropOf, plain, verb } from './dropped.js'
import { commandIn } from './place-command.js'
import type { Trail } from './trail.js'

interface Found extends Dropped {
  most: number
  /** Of each source alone, as iptables counts unless told otherwise, or of all together. */
  each: boolean
  port?: number
  look: string
  raise: string
}

/** A rule for connections beyond so many (iptables-extensions(8), connlimit). */
function find(trail: Trail): Found | undefined {
  const drop = dropOf(trail)
  const { rule, place } = drop ?? {}
  const [, above] = /--connlimit-above (\d+)/.exec(rule?.text ?? '') ?? []
  if (!drop || !rule || !place || above === undefined || !rule.text.startsWith('-A ')) return undefined
  const most = Number(above)
  // That lets none in, and limits nothing.
  if (most === 0) return undefined
  const port = trail.destinationPort
  const raised = rule.text.replace(/^-A \S+ /, '').replace(/--connlimit-above \d+/, `--connlimit-above ${2 * most + 1}`)
  const tool = iptablesOf(rule.family, place.namespace) ?? 'iptables'
  return {
    ...plain(drop, trail),
    ...{ most, each: !/--connlimit-mask 0\b/.test(rule.text) },
    ...(port === undefined ? {} : { port }),
    look: commandIn(place, `ss -tn 'sport = :${port ?? 0}'`),
    raise: commandIn(place, `${tool} -t ${rule.table} -R ${rule.chain} ${rule.position} ${raised}`),
  }
}

export const connectionLimit = define<Found>({
  code: 'connection-limit',
  bySight: find,
  say: (drop) => {
    const { where, chain, most, each, shown, look, raise } = drop
    const whose = each ? { en: 'from one sender at a time', zh: '每个来源' } : { en: 'at a time', zh: '总共' }
    return {
      what: {
        en: `a rule of chain ${code(chain)} on ${code(where)} lets in no more than ${most} connections ${whose.en}, and ${verb(drop).en} what would be one more`,
        zh: `${code(where)} 上 ${code(chain)} 链的一条规则${whose.zh}最多同时允许 ${most} 个连接，多出来的就${verb(drop).zh}`,
      },
      evidence: [shown],
      tries: [
        {
          en: `see who holds the connections that there are, on ${code(drop.host)}: ${code(look, 300)}`,
          zh: `在 ${code(drop.host)} 上看看现有的连接是谁的：${code(look, 300)}`,
        },
        {
          en: `if that many are intended, raise the limit: ${code(raise, 400)}`,
          zh: `如果确实需要这么多连接，就提高上限：${code(raise, 400)}`,
        },
      ],
    }
  },
  broken:
    '`iptables -A INPUT -p tcp --syn --dport 80 -m connlimit --connlimit-above 2 -j DROP` in a container to which three connections are open',
  hidden: {
    state: 'how many connections there are is not captured: that a limit is reached is seen by a packet',
    check: 'a check sends its packets unwatched',
    diagnose: 'its own questions are not watched: it tells it where a trace that it sends runs into the limit',
  },
  example: {
    ...{ host: 'node1', where: 'node1/web', family: 'ip', table: 'filter', chain: 'INPUT', position: 1 },
    ...{ rejects: false, role: 'request', seen: true, command: '', most: 2, each: true, port: 80 },
    shown: 'node1/web: filter: -A INPUT -p tcp --dport 80 -m connlimit --connlimit-above 2 -j DROP',
    look: "nsenter -t $(docker inspect -f '{{.State.Pid}}' web) -n ss -tn 'sport = :80'",
    raise: 'iptables -t filter -R INPUT 1 -p tcp --dport 80 -m connlimit --connlimit-above 5 -j DROP',
  },
})
