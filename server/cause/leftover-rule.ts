import { sameAddress } from '../network/addresses.js'
import { endOf } from '../network/filter.js'
import { iptablesOf } from '../network/tables.js'
import type { LivePlace } from '../place/place.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'
import { commandIn } from './place-command.js'
import { iptablesFor } from './words.js'

/** A rule of NAT that leads to an address that nobody has. */
export interface LeftoverRule {
  /** As iptables-save(8) writes it. */
  text: string
  /** The command that removes it, as it can be run on the place's host. */
  remove: string
}

export function leftoverRule(place: LivePlace, destination: string): LeftoverRule | undefined {
  const rule = place.namespace.rules.find(
    (one) => one.target === 'DNAT' && sameAddress(endOf(one).address, destination),
  )
  if (!rule) return undefined
  const tool = iptablesOf(rule.family, place.namespace) ?? iptablesFor(destination)
  return { text: rule.text, remove: commandIn(place, `${tool} -t ${rule.table} ${rule.text.replace(/^-A /, '-D ')}`) }
}

export function removeTry({ remove }: LeftoverRule): Text {
  return {
    en: `if that rule is a leftover, remove it: ${code(remove, 300)}`,
    zh: `如果那条规则是遗留下来的，就删除它：${code(remove, 300)}`,
  }
}
