import { randomBytes } from 'node:crypto'
import { ipFamilyOf } from '../../network/addresses.js'
import type { ProbeAnswer } from '../../network/question.js'
import { ask } from '../../place/ask.js'
import type { LivePlace } from '../../place/place.js'
import { find } from '../../place/reference.js'
import { addressesTowards, addressOn, ownAddresses } from '../../place/target.js'
import type { Text } from '../../wording/text.js'
import { bare, code } from '../../wording/wording.js'
import type { CheckContext } from '../family.js'
import { kindOf, oneFamily, portOf, type Spec, shown } from './spec.js'

/** One question of a `reach`, put to one address, and what came of it. */

/** As long as an answer is waited for that should come. */
export const longestPatienceMs = 2000
/** Where silence is expected it is waited for no longer than need be: so many times what the control took, and this. */
const patienceFactor = 10
const leastPatienceMs = 200
/** A target has few addresses; a learner can make many. */
export const mostAddresses = 6

/** Who or what is to be reached. */
export interface Target {
  label: string
  /** Places that may answer; several where a name is shared, none where nobody is known. */
  places: LivePlace[]
  /** Whether an address that its name resolves to has to be one of theirs. */
  exact: boolean
  literal?: string
  /** With `by: name`. */
  name?: string
}

export type Attempt =
  | { ok: true; durationMs: number }
  | {
      ok: false
      reason: 'refused' | 'silent' | 'unroutable' | 'status' | 'body'
      address: string
      said: string
      /** Of an HTTP answer. */
      status?: number
      /** The text that it does not contain, as it was asked for this time. */
      missing?: string
    }

/** A machine that is busy now is given more time in the same measure. */
export function patience(controlMs: number): number {
  return Math.round(Math.min(longestPatienceMs, Math.max(leastPatienceMs, patienceFactor * controlMs)))
}

/** By which addresses the target is tried; all of them where none may answer. */
export function addressesOfTarget(spec: Spec, from: LivePlace, target: Target, all = false): string[] {
  if (target.literal !== undefined) return [target.literal]
  const place = target.places[0]!
  if (spec.network !== undefined) {
    const address = addressOn(place, spec.network, oneFamily(spec))
    return address === undefined ? [] : [address]
  }
  const family = oneFamily(spec)
  const towards = addressesTowards(from, place, family)
  // A host is tried where it stands on a LAN; its bridges' addresses are its side of its containers' networks.
  if (!all || !place.container) return towards
  const own = ownAddresses(place).filter((address) => family === undefined || ipFamilyOf(address) === family)
  return [...new Set([...towards, ...own])]
}

export async function tryAt(
  from: LivePlace,
  address: string,
  spec: Spec,
  context: CheckContext,
  patienceMs = longestPatienceMs,
): Promise<Attempt> {
  const limits = { address, timeoutMs: patienceMs }
  const kind = kindOf(spec)
  const at = portOf(spec)
  if (kind === 'icmp') return attemptOf(address, await ask(from, { kind: 'ping', ...limits }, context))
  if (kind !== 'http') return attemptOf(address, await ask(from, { kind, ...limits, port: at! }, context))
  const called = spec.by === 'name' ? spec.to.split('/').at(-1)! : undefined
  const nonce = randomBytes(6).toString('hex')
  const text = spec.body === undefined ? undefined : filledBody(spec.body, nonce, context)
  const answer = await ask(
    from,
    {
      kind,
      ...limits,
      port: at!,
      path: (spec.path ?? '/').replaceAll('{{nonce}}', nonce),
      ...(called === undefined ? {} : { host: at === 80 ? called : `${called}:${at}` }),
    },
    context,
  )
  const attempt = attemptOf(address, answer)
  if (!attempt.ok) return attempt
  const { status, body } = answer.http ?? { status: 0, body: '' }
  if (spec.status !== undefined && spec.status !== status) {
    return { ok: false, reason: 'status', address, said: `status ${status}`, status }
  }
  if (text !== undefined && !body.includes(text)) {
    const words = body.replace(/<[^>]{0,200}>/g, ' ').replace(/\s+/g, ' ')
    return { ok: false, reason: 'body', address, said: words, status, missing: text }
  }
  return attempt
}

/** @throws Unanswerable reference.*, engine.* */
function filledBody(body: string, nonce: string, { state, home }: CheckContext): string {
  return body.replace(placeholder, (whole, word: string) => {
    if (word === 'nonce') return nonce
    // Who is not there has no id, and nothing that answers says so.
    return find(word, state, home)?.container?.id.slice(0, 12) ?? whole
  })
}

const placeholder = /\{\{([A-Za-z0-9_./-]{1,160})\}\}/g

function attemptOf(address: string, { outcome, cause, detail, durationMs }: ProbeAnswer): Attempt {
  if (outcome === 'yes') return { ok: true, durationMs }
  // Without a cause somebody answered, but not as was asked for, such as no HTTP.
  return { ok: false, reason: cause ?? 'status', address, said: detail }
}

export function said(attempt: Extract<Attempt, { ok: false }>, spec: Spec): Text {
  const way = code(shown(attempt.address, spec))
  const words = bare(attempt.said, 120)
  switch (attempt.reason) {
    case 'refused':
      return { en: `${way} refuses`, zh: `${way} 拒绝连接` }
    case 'silent':
      return { en: `${way} does not answer`, zh: `${way} 没有应答` }
    case 'unroutable':
      return { en: `no way leads to ${way}`, zh: `没有到 ${way} 的路` }
    case 'status':
      return { en: `${way} answers: ${words}`, zh: `${way} 的应答：${words.replace(/^status /, '状态码 ')}` }
    case 'body':
      return { en: `${way} answers with another text: ${words}`, zh: `${way} 返回了别的内容：${words}` }
  }
}
