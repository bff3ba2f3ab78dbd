import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { type Dropped, deleteTry, dropOf, plain, subject, verb } from './dropped.js'
import type { Trail } from './trail.js'

interface Found extends Dropped {
  policy: boolean
  forward: boolean
}

function find(trail: Trail): Found | undefined {
  const drop = dropOf(trail)
  if (!drop) return undefined
  return { ...plain(drop, trail.seen !== undefined), policy: drop.policy, forward: drop.hook === 'forward' }
}

/** Any other rule, or the policy of a chain. */
export const ruleDrop = define<Found>({
  code: 'rule-drop',
  byState: find,
  bySight: find,
  say: (drop) => {
    const { chain, host, table, position, policy, forward, shown } = drop
    const what = subject(drop)
    if (policy) {
      return {
        what: {
          en: `no rule of chain ${code(chain)} on ${code(host)} wanted ${what.en}, and its policy is to drop${forward ? ': Docker lets through only what it has a rule for, such as published ports and answers' : ''}`,
          zh: `${code(host)} 的 ${code(chain)} 链中没有规则放行${what.zh}，默认策略是丢弃${forward ? '：Docker 只放行有规则的流量，例如已发布的端口和应答' : ''}`,
        },
        evidence: [shown],
        tries: [
          forward
            ? {
                en: `publish the port with ${code('-p')}, or allow it in ${code('DOCKER-USER')}`,
                zh: `用 ${code('-p')} 发布端口，或者在 ${code('DOCKER-USER')} 中放行`,
              }
            : {
                en: `add a rule that accepts it, before the end of ${code(chain)}`,
                zh: `在 ${code(chain)} 中添加一条放行它的规则`,
              },
        ],
      }
    }
    const number =
      position === undefined
        ? { en: 'a rule', zh: '一条规则' }
        : { en: `rule ${position}`, zh: `第 ${position} 条规则` }
    return {
      what: {
        en: `${number.en} of chain ${code(chain)} in table ${code(table)} on ${code(host)} ${verb(drop).en} ${what.en}`,
        zh: `${code(host)} 上 ${code(table)} 表 ${code(chain)} 链的${number.zh}${verb(drop).zh}了${what.zh}`,
      },
      evidence: [shown],
      tries: [deleteTry(drop)],
    }
  },
  broken: 'any other rule drops or rejects it, or the policy of FORWARD does',
  example: {
    ...{ host: 'node1', family: 'ip', table: 'filter', chain: 'INPUT', position: 1, rejects: false, role: 'request' },
    ...{ seen: true, policy: false, forward: false },
    text: '-A INPUT -s 172.25.0.0/24 -j DROP',
    shown: 'node1: filter: -A INPUT -s 172.25.0.0/24 -j DROP',
  },
})
