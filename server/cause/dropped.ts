import { isLegacy, keepsLegacy } from '../network/tables.js'
import { isInHostNamespace } from '../place/place.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'
import type { Drop } from './drop.js'
import { passCommand } from './pass-command.js'
import type { Trail } from './trail.js'
import { trailForeseen } from './trail-foreseen.js'

/** What the causes by rules have in common. */

/** What a rule or a policy did, as plain data. */
export interface Dropped {
  host: string
  /** The host, or a container whose own rules they are. */
  where: string
  family: string
  table: string
  chain: string
  /** Place of the rule in its chain. */
  position?: number
  rejects: boolean
  queued?: true
  role: 'request' | 'reply'
  seen: boolean
  shown: string
  /** What lets this kind of packet pass, and no other. */
  command: string
}

export function dropOf(trail: Trail): Drop | undefined {
  const { stage, drop, replyDrop } = trail
  const seen = stage === 'no-return' ? replyDrop : (drop ?? replyDrop)
  return seen ?? untold(trail)
}

/** The kernel tells of no rule of iptables-legacy which packet it met: it is one that would end it, where it was seen last. */
function untold(trail: Trail): Drop | undefined {
  const { seen, stage, last } = trail
  const at = stage === 'no-return' ? seen?.back.findLast(({ place }) => place !== undefined)?.place : last
  // Most keep nothing there, and need not be gone through rule by rule for each cause that asks.
  if (!seen || !at || !keepsLegacy(at.namespace)) return undefined
  const { drop, replyDrop } = trailForeseen(trail)
  const one = stage === 'no-return' ? replyDrop : drop
  return one?.place && isLegacy(one.family) && one.place.namespace.id === at.namespace.id ? one : undefined
}

export function plain({ rule, place, ...drop }: Drop, trail: Trail): Dropped {
  const { host, family, table, chain, rejects, queued, role, shown } = drop
  const inside = place !== undefined && !isInHostNamespace(place)
  return {
    ...{ host, family, table, chain, rejects, role, seen: trail.seen !== undefined },
    where: inside ? place.label : host,
    shown: inside ? shown.replace(`${host}: `, `${place.label}: `) : shown,
    ...(queued ? { queued } : {}),
    ...(rule ? { position: rule.position } : {}),
    command: passCommand({ ...drop, ...(rule ? { rule } : {}), ...(place ? { place } : {}) }, trail),
  }
}

/** What was dropped: the packet, or its answer. */
export function subject({ role }: Pick<Dropped, 'role'>): Text {
  return role === 'reply' ? { en: 'the answer', zh: '应答' } : { en: 'the packet', zh: '数据包' }
}

/** What a rule does to it: `drops the packet`. */
export function deed(drop: Pick<Dropped, 'rejects' | 'role' | 'queued'>): Text {
  const [does, what] = [verb(drop), subject(drop)]
  if (!drop.queued) return { en: `${does.en} ${what.en}`, zh: `${does.zh}了${what.zh}` }
  return {
    en: `hands ${what.en} to a program by a queue (${code('NFQUEUE')}), and it did not come back from there (the kernel drops what comes into a queue that no program reads)`,
    zh: `把${what.zh}交给了某个程序的队列（${code('NFQUEUE')}），之后没有再回来（没有程序读取队列时，内核会丢弃进入队列的数据包）`,
  }
}

export function verb({ rejects }: Pick<Dropped, 'rejects'>): Text {
  return rejects ? { en: 'rejects', zh: '拒绝' } : { en: 'drops', zh: '丢弃' }
}
