import type { NamespaceState, Rule } from './state.js'

/**
 * The families of tables (nft(8)), and two of our own: what iptables-legacy and ip6tables-legacy write is kept by another
 * part of the kernel (ip_tables, ip6_tables), which nft does not list, and which decides besides nft's tables.
 */
const iptablesByFamily: Readonly<Record<string, { version: 4 | 6; tool: string }>> = {
  ip: { version: 4, tool: 'iptables' },
  ip6: { version: 6, tool: 'ip6tables' },
  'iptables-legacy': { version: 4, tool: 'iptables-legacy' },
  'ip6tables-legacy': { version: 6, tool: 'ip6tables-legacy' },
}

/**
 * The tool of iptables(8) that writes tables of a family; undefined where only nft does. Where both keep rules, `iptables` may
 * be either (update-alternatives(1)), so that the one is named that it has to be.
 */
export function iptablesOf(family: string, namespace?: Pick<NamespaceState, 'chains'>): string | undefined {
  const tool = iptablesByFamily[family]?.tool
  const both = namespace !== undefined && keepsLegacy(namespace)
  return tool !== undefined && both && !isLegacy(family) ? `${tool}-nft` : tool
}

/** Whether iptables(8) writes and reads it: of its own tables, and not of those that nft made of its own. */
export function isOfIptables({ family, table, text }: Pick<Rule, 'family' | 'table' | 'text'>): boolean {
  return iptablesOf(family) !== undefined && /^(filter|nat|mangle|raw|security)$/.test(table) && text.startsWith('-A ')
}

export function isLegacy(family: string): boolean {
  return family.endsWith('-legacy')
}

/** Whether iptables-legacy or ip6tables-legacy keeps anything there, if only chains without rules. */
export function keepsLegacy({ chains }: Pick<NamespaceState, 'chains'>): boolean {
  return chains.some(({ family }) => isLegacy(family))
}

/** The version of IP that a family is for alone; undefined for those that are for both, or for neither. */
export function ipVersionOf(family: string): 4 | 6 | undefined {
  return iptablesByFamily[family]?.version
}

/** The families whose tables decide about packets of one version of IP from prerouting to postrouting. */
export function familiesFor(version: 4 | 6): readonly string[] {
  return version === 6 ? ['ip6', 'ip6tables-legacy', 'inet'] : ['ip', 'iptables-legacy', 'inet']
}

/** A table as learners know it: `filter`, `ip6 nat`, `iptables-legacy filter`. */
export function tableName({ family, table }: Pick<Rule, 'family' | 'table'>): string {
  return family === 'ip' ? table : `${family} ${table}`
}
