import { sameAddress } from '../network/addresses.js'
import { endOf } from '../network/filter.js'
import { iptablesOf, isOfIptables, tableName } from '../network/tables.js'
import type { LivePlace } from '../place/place.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'
import { commandIn } from './place-command.js'

/** A rule of NAT that leads to an address that nobody has. */
export interface LeftoverRule {
  /** As iptables-save(8) writes it. */
  text: string
  /** The command that removes it, as it can be run on the place's host; or one that shows its handle, by which nft(8) removes it. */
  remove: string
  byHandle: boolean
}

export function leftoverRule(place: LivePlace, destination: string): LeftoverRule | undefined {
  const rule = place.namespace.rules.find(
    (one) => one.target === 'DNAT' && sameAddress(endOf(one).address, destination),
  )
  if (!rule) return undefined
  if (!isOfIptables(rule)) {
    const list = `nft -a list chain ${rule.family} ${rule.table} ${rule.chain}`
    return { text: `${tableName(rule)}: ${rule.text}`, remove: commandIn(place, list), byHandle: true }
  }
  const tool = iptablesOf(rule.family, place.namespace)
  const remove = `${tool} -t ${rule.table} ${rule.text.replace(/^-A /, '-D ')}`
  return { text: `${tableName(rule)}: ${rule.text}`, remove: commandIn(place, remove), byHandle: false }
}

export function removeTry({ remove, byHandle }: LeftoverRule): Text {
  if (byHandle) {
    return {
      en: `if that rule is a leftover, remove it by its handle, ${code('nft delete rule … handle N')}, which this shows: ${code(remove, 300)}`,
      zh: `如果那条规则是遗留下来的，就按它的 handle 删除（${code('nft delete rule … handle N')}），handle 可以这样看到：${code(remove, 300)}`,
    }
  }
  return {
    en: `if that rule is a leftover, remove it: ${code(remove, 300)}`,
    zh: `如果那条规则是遗留下来的，就删除它：${code(remove, 300)}`,
  }
}
