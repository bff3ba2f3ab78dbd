import type { Flow } from './flow.js'
import { matches } from './rule-match.js'
import type { NamespaceState, Rule } from './state.js'
import { ipVersionOf } from './tables.js'

/** What marks a packet before its way is looked for: rules of mangle (iptables-extensions(8), MARK), here and nowhere else. */
const sets = /--set-xmark (0x[0-9a-f]+)\/(0x[0-9a-f]+)/i
const setsByNft = /\bmeta mark set\b|"mangle":\{"key":\{"meta":\{"key":"mark"/

/**
 * The mark of a packet when its route is chosen: 0 where no rule sets one. Undefined: can't say, since a rule may or may not have
 * marked it.
 */
export function markOf(namespace: NamespaceState, flow: Flow): number | undefined {
  const marking = namespace.rules.filter(isMarking)
  if (marking.length === 0) return 0
  const version = flow.destination.includes(':') ? 6 : 4
  if (marking.some(({ text }) => !sets.test(text))) return undefined
  const chain = flow.in === undefined || flow.in === '' ? 'OUTPUT' : 'PREROUTING'
  const asked: Flow = { ...flow, in: flow.in ?? '', out: '' }
  let mark = 0
  const rules = namespace.rules
    .filter((rule) => rule.table === 'mangle' && rule.chain === chain && ipVersionOf(rule.family) === version)
    .toSorted((a, b) => a.position - b.position)
  for (const rule of rules) {
    // Another chain, which may mark it as well.
    const leads = marking.some((one) => one.chain === rule.target && one.table === 'mangle')
    const ends = /^(ACCEPT|RETURN|DROP)$/.test(rule.target)
    const [, value = '', mask = ''] = sets.exec(rule.text) ?? []
    if (!leads && !ends && value === '') continue
    const matched = matches(rule, asked, namespace)
    if (matched === false) continue
    if (matched === undefined || leads) return undefined
    if (ends) return mark
    mark = ((mark & ~Number(mask)) ^ Number(value)) >>> 0
  }
  return mark
}

function isMarking({ target, text }: Rule): boolean {
  return target === 'MARK' || target === 'CONNMARK' || setsByNft.test(text)
}
