import type { RuleHit } from '../../network/observation.js'
import { bare, code } from '../../wording/wording.js'
import { type Case, destinationOf, stageOf } from '../case.js'
import { chainOf, ruleOf, writeHit } from '../rule-text.js'
import type { Cause } from '../story.js'
import type { CauseFinder } from './cause-finder.js'

/** What a rule of netfilter ended. */

function dropOf(one: Case): RuleHit | undefined {
  return stageOf(one) === 'no-return' ? one.seen.replyDrop : (one.seen.drop ?? one.seen.replyDrop)
}

/** What was dropped: the packet, or its answer. */
function subject({ role }: RuleHit): [en: string, zh: string] {
  return role === 'reply' ? ['the answer', '应答'] : ['the packet', '数据包']
}

export const dockerUserDrop: CauseFinder = (one) => {
  const drop = dropOf(one)
  if (drop?.chain !== 'DOCKER-USER') return undefined
  const rule = ruleOf(drop, one.state)
  const [en, zh] = subject(drop)
  return {
    code: 'docker-user-drop',
    what: {
      en: `a rule in chain ${code('DOCKER-USER')} on ${code(drop.host)} ${verb(drop).en} ${en}: that chain is the administrator's own, and is read before all rules of Docker`,
      zh: `${code(drop.host)} 上 ${code('DOCKER-USER')} 链中的规则${verb(drop).zh}了${zh}：这条链归管理员所有，先于 Docker 的所有规则执行`,
    },
    evidence: [writeHit(drop, one.state)],
    tries: [deleteTry(drop, rule?.text)],
  }
}

export const inputPolicy: CauseFinder = (one) => {
  const drop = dropOf(one)
  if (!drop?.policy || chainOf(drop, one.state)?.hook !== 'input') return undefined
  const { port } = destinationOf(one)
  const [en, zh] = subject(drop)
  const allow =
    port === undefined
      ? `iptables -I ${drop.chain} -p ${one.protocol} -j ACCEPT`
      : `iptables -I ${drop.chain} -p ${one.protocol} --dport ${port} -j ACCEPT`
  return {
    code: 'input-policy',
    what: {
      en: `no rule of chain ${code(drop.chain)} on ${code(drop.host)} wanted ${en}, and the chain's policy is ${code('DROP')}: what is for the host itself has to be let in by a rule`,
      zh: `${code(drop.host)} 的 ${code(drop.chain)} 链中没有规则放行${zh}，而这条链的默认策略是 ${code('DROP')}：发给主机自身的数据包必须由规则放行`,
    },
    evidence: [writeHit(drop, one.state)],
    tries: [
      {
        en: `let it in, ${code(allow)}, or let in what no rule is about: ${code(`iptables -P ${drop.chain} ACCEPT`)}`,
        zh: `放行它：${code(allow)}；或者默认放行：${code(`iptables -P ${drop.chain} ACCEPT`)}`,
      },
    ],
  }
}

export const ruleDrop: CauseFinder = (one) => {
  const drop = dropOf(one)
  if (!drop) return undefined
  const rule = ruleOf(drop, one.state)
  const [en, zh] = subject(drop)
  const { en: does, zh: doesZh } = verb(drop)
  if (drop.policy) {
    const forward = chainOf(drop, one.state)?.hook === 'forward'
    return {
      code: 'rule-drop',
      what: {
        en: `no rule of chain ${code(drop.chain)} on ${code(drop.host)} wanted ${en}, and its policy is to drop${forward ? ': Docker lets through only what it has a rule for, such as published ports and answers' : ''}`,
        zh: `${code(drop.host)} 的 ${code(drop.chain)} 链中没有规则放行${zh}，默认策略是丢弃${forward ? '：Docker 只放行有规则的流量，例如已发布的端口和应答' : ''}`,
      },
      evidence: [writeHit(drop, one.state)],
      tries: [
        forward
          ? {
              en: `publish the port with ${code('-p')}, or allow it in ${code('DOCKER-USER')}`,
              zh: `用 ${code('-p')} 发布端口，或者在 ${code('DOCKER-USER')} 中放行`,
            }
          : {
              en: `add a rule that accepts it, before the end of ${code(drop.chain)}`,
              zh: `在 ${code(drop.chain)} 中添加一条放行它的规则`,
            },
      ],
    }
  }
  const number = rule
    ? { en: `rule ${rule.position}`, zh: `第 ${rule.position} 条规则` }
    : { en: 'a rule', zh: '一条规则' }
  return {
    code: 'rule-drop',
    what: {
      en: `${number.en} of chain ${code(drop.chain)} in table ${code(drop.table)} on ${code(drop.host)} ${does} ${en}`,
      zh: `${code(drop.host)} 上 ${code(drop.table)} 表 ${code(drop.chain)} 链的${number.zh}${doesZh}了${zh}`,
    },
    evidence: [writeHit(drop, one.state)],
    tries: [deleteTry(drop, rule?.text)],
  }
}

function verb({ verdict, rule }: RuleHit): { en: string; zh: string } {
  return /reject/i.test(`${verdict} ${rule ?? ''}`) ? { en: 'rejects', zh: '拒绝' } : { en: 'drops', zh: '丢弃' }
}

function deleteTry({ family, table, chain, host }: RuleHit, text: string | undefined): Cause['tries'][number] {
  const tool = family === 'ip6' ? 'ip6tables' : 'iptables'
  const command =
    (family === 'ip' || family === 'ip6') && text?.startsWith('-A ')
      ? `${tool}${table === 'filter' ? '' : ` -t ${table}`} ${text.replace(/^-A /, '-D ')}`
      : `nft -a list chain ${family} ${table} ${chain}`
  return {
    en: `if it is not meant so, take the rule away on ${code(host)}: ${code(bare(command, 200), 200)}`,
    zh: `如果不是有意为之，就在 ${code(host)} 上删除这条规则：${code(bare(command, 200), 200)}`,
  }
}
