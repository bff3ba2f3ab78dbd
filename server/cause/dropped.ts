import type { Text } from '../wording/text.js'
import { bare, code } from '../wording/wording.js'
import type { Drop } from './drop.js'
import type { Trail } from './trail.js'

/** What the causes by rules have in common. */

/** What a rule or a policy did, as plain data. */
export interface Dropped {
  host: string
  family: string
  table: string
  chain: string
  /** Place of the rule in its chain. */
  position?: number
  text?: string
  rejects: boolean
  role: 'request' | 'reply'
  seen: boolean
  shown: string
}

export function dropOf({ stage, drop, replyDrop }: Trail): Drop | undefined {
  return stage === 'no-return' ? replyDrop : (drop ?? replyDrop)
}

export function plain({ rule, ...drop }: Drop, seen: boolean): Dropped {
  const { host, family, table, chain, rejects, role, shown } = drop
  return {
    ...{ host, family, table, chain, rejects, role, shown, seen },
    ...(rule ? { position: rule.position, text: rule.text } : {}),
  }
}

/** What was dropped: the packet, or its answer. */
export function subject({ role }: Dropped): Text {
  return role === 'reply' ? { en: 'the answer', zh: '应答' } : { en: 'the packet', zh: '数据包' }
}

export function verb({ rejects }: Dropped): Text {
  return rejects ? { en: 'rejects', zh: '拒绝' } : { en: 'drops', zh: '丢弃' }
}

export function deleteTry({ family, table, chain, host, text }: Dropped): Text {
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
