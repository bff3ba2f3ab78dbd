import type { RuleHit } from '../network/observation.js'
import type { Chain, NetworkState, Rule } from '../network/state.js'
import { placeAt } from '../place/place.js'

/** The rule that a packet met, as the capture has it: in iptables' words, with its place in the chain. */
export function ruleOf(hit: RuleHit, state: NetworkState): Rule | undefined {
  if (hit.policy) return undefined
  const place = placeAt(state, hit.host, hit.namespace)
  const target = hit.verdict.replace(/^(jump|goto) /, '')
  const same = (place?.namespace.rules ?? []).filter(
    (rule) =>
      rule.family === hit.family &&
      rule.table === hit.table &&
      rule.chain === hit.chain &&
      (rule.target.toLowerCase() === target.toLowerCase() || hit.rule?.includes(rule.target)),
  )
  if (same.length < 2) return same[0]
  // The words of the two tools differ, but links, addresses and ports are the same in both.
  const words = new Set((hit.rule ?? '').replaceAll('"', ' ').split(/\s+/))
  const score = ({ source, destination, in: into, out, destinationPort }: Rule) =>
    [source, destination, into, out, destinationPort].reduce((sum, field) => {
      if (field === undefined) return sum
      return sum + (words.has(field.replace(/^!/, '')) ? 1 : -1)
    }, 0)
  const ranked = same.toSorted((a, b) => score(b) - score(a))
  const alike = ranked.filter((rule) => score(rule) === score(ranked[0]!))
  // Rules may differ by what is not compared, such as `-m statistic`; then their place in the chain tells them apart.
  return alike.length === 1 ? alike[0] : alike.find(({ position }) => position === hit.position)
}

export function chainOf(hit: RuleHit, state: NetworkState): Chain | undefined {
  return placeAt(state, hit.host, hit.namespace)?.namespace.chains.find(
    ({ family, table, name }) => family === hit.family && table === hit.table && name === hit.chain,
  )
}

/** A line of evidence. */
export function writeHit(hit: RuleHit, state: NetworkState): string {
  const where = `${hit.host}: ${hit.table}`
  if (hit.policy) return `${where}: -P ${hit.chain} ${hit.verdict.toUpperCase()}`
  return `${where}: ${ruleOf(hit, state)?.text ?? `${hit.chain} ${hit.rule ?? hit.verdict}`}`
}

/** Which end of the packet a rule changes. */
export function translation(hit: RuleHit, state: NetworkState): 'destination' | 'source' | undefined {
  if (hit.policy) return undefined
  const words = `${hit.verdict} ${hit.rule ?? ''} ${ruleOf(hit, state)?.target ?? ''}`
  if (/\b(dnat|redirect)\b/i.test(words)) return 'destination'
  return /\b(masquerade|snat)\b/i.test(words) ? 'source' : undefined
}
