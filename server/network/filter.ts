import type { Flow } from './flow.js'
import { matches } from './rule-match.js'
import type { Chain, NamespaceState, Rule } from './state.js'
import { familiesFor, isLegacy } from './tables.js'

/** What the chains of a namespace make of a packet (iptables(8), nft(8)). */

export type Hook = 'ingress' | 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting'

export interface Judgement {
  outcome: 'accept' | 'drop'
  /** What decided: a rule, or else the policy of the chain. */
  chain?: Pick<Chain, 'family' | 'table' | 'name'> & Partial<Chain>
  rule?: Rule
}

/**
 * What the filters at a hook decide: `drop` as soon as one of its base chains drops or rejects, `accept` where all let it
 * pass. Undefined: can't say, since a rule before the end has conditions of which that can't be said, or rules could not be read.
 */
export function judge(namespace: NamespaceState, hook: Hook, flow: Flow): Judgement | undefined {
  const verdicts = basesAt(namespace, hook, flow, (table) => table !== 'nat').map((base) =>
    decide(namespace, base, flow),
  )
  const drop = verdicts.find((verdict) => verdict?.outcome === 'drop')
  if (drop) return drop
  return verdicts.includes(undefined) || !hasAllRules(namespace) ? undefined : { outcome: 'accept' }
}

/** What could not be read may have any rule. */
function hasAllRules({ faults }: NamespaceState): boolean {
  return !faults.some((fault) => /^(?:rules|ip6?tablesLegacy):/.test(fault))
}

/** Whether what goes from one port of a bridge to another meets the rules of IP there (br_netfilter; sysctl net.bridge.bridge-nf-call-*). */
export function filtersBridged({ bridgedMeetsRules }: NamespaceState, address: string): boolean {
  return bridgedMeetsRules?.[address.includes(':') ? 'ip6' : 'ip4'] ?? false
}

/** The rule that changes a packet's source or destination at a hook; null where none does, undefined: can't say. */
export function translationAt(namespace: NamespaceState, hook: Hook, flow: Flow): Rule | null | undefined {
  let known = hasAllRules(namespace)
  const ends: Rule[] = []
  for (const base of basesAt(namespace, hook, flow, (table) => table === 'nat')) {
    const end = walk(namespace, base, flow, /^(DNAT|SNAT|MASQUERADE|REDIRECT|NETMAP)$/)
    if (end === undefined) known = false
    else if (end !== 'through' && end !== 'return' && end.target !== 'ACCEPT') ends.push(end)
  }
  const [first] = ends
  if (!first) return known ? null : undefined
  // Which kind of tables comes first is a matter of which was there first (nf_nat_register_fn), and is not told.
  return ends.some((end) => isLegacy(end.family) !== isLegacy(first.family)) ? undefined : first
}

/** The rule that ends the look for a translation without one, before all others that there may be: an ACCEPT of a base chain of nat. */
export function untranslatedBy(namespace: NamespaceState, hook: Hook, flow: Flow): Rule | undefined {
  for (const base of basesAt(namespace, hook, flow, (table) => table === 'nat')) {
    const end = walk(namespace, base, flow, /^(DNAT|SNAT|MASQUERADE|REDIRECT|NETMAP)$/)
    if (end !== undefined && end !== 'through' && end !== 'return' && end.target === 'ACCEPT') return end
  }
  return undefined
}

type Base = Pick<Chain, 'family' | 'table' | 'name'> & Partial<Chain>

/** Base chains are known by their hook, or where nft said nothing of them by iptables' names for them. */
function basesAt(
  { chains, rules }: NamespaceState,
  hook: Hook,
  flow: Flow,
  isMeant: (table: string) => boolean,
): Base[] {
  const families = hook === 'ingress' ? ['netdev', 'inet'] : familiesFor(flow.destination.includes(':') ? 6 : 4)
  const called = hook.toUpperCase()
  const listed: Base[] = chains.filter(
    (chain) => chain.hook === hook || (chain.hook === undefined && chain.name === called),
  )
  const mentioned = rules.flatMap(({ family, table, chain }): Base[] =>
    chain === called ? [{ family, table, name: chain }] : [],
  )
  const bases = [...listed, ...mentioned].filter(({ family, table }) => families.includes(family) && isMeant(table))
  return bases.filter(
    (base, at) =>
      bases.findIndex(
        ({ family, table, name }) => family === base.family && table === base.table && name === base.name,
      ) === at,
  )
}

function decide(namespace: NamespaceState, base: Base, flow: Flow): Judgement | undefined {
  const end = walk(namespace, base, flow, /^(DROP|REJECT)$/)
  if (end === undefined) return undefined
  if (end === 'through' || end === 'return') {
    return base.policy === 'DROP' ? { outcome: 'drop', chain: base } : { outcome: 'accept', chain: base }
  }
  if (end.target === 'ACCEPT') return { outcome: 'accept', rule: end }
  return { outcome: 'drop', rule: end, chain: { family: end.family, table: end.table, name: end.chain } }
}

/** Learners can make chains that lead to each other without end. */
const deepest = 16

/** How it leaves a chain: by the rule that ended it, at a RETURN, or at the end. Undefined: can't say. */
function walk(
  namespace: NamespaceState,
  { family, table, name }: Pick<Chain, 'family' | 'table' | 'name'>,
  flow: Flow,
  ends: RegExp,
  depth = 0,
): Rule | 'return' | 'through' | undefined {
  if (depth > deepest) return undefined
  const rules = namespace.rules
    .filter((rule) => rule.family === family && rule.table === table && rule.chain === name)
    .toSorted((a, b) => a.position - b.position)
  const isChain = (target: string) =>
    namespace.rules.some((rule) => rule.family === family && rule.table === table && rule.chain === target) ||
    namespace.chains.some((chain) => chain.family === family && chain.table === table && chain.name === target)
  for (const rule of rules) {
    const { target } = rule
    const final = target === 'ACCEPT' || target === 'RETURN' || ends.test(target)
    // What a rule does besides, such as counting or marking, decides nothing.
    if (!final && !isChain(target)) continue
    const matched = matches(rule, flow, namespace)
    if (matched === false) continue
    if (final) {
      if (matched === undefined) return undefined
      return target === 'RETURN' ? 'return' : rule
    }
    const end = walk(namespace, { family, table, name: target }, flow, ends, depth + 1)
    if (end === 'through' || end === 'return') {
      if (/ -g /.test(rule.text) && matched) return end
      continue
    }
    if (end === undefined || matched === undefined) return undefined
    return end
  }
  return 'through'
}

/** Of DNAT and SNAT: `address:port`, `address` or `:port`, with IPv6 in brackets. */
export function endOf({ to = '' }: Rule): { address?: string; port?: number } {
  const [, bracketed, plain = '', port] = /^(?:\[([0-9a-f:.]+)\]|([0-9.]*|[0-9a-f:]+))(?::(\d+))?$/i.exec(to) ?? []
  const address = bracketed ?? plain
  return { ...(address === '' ? {} : { address }), ...(port === undefined ? {} : { port: Number(port) }) }
}
