import type { ProbeAnswer } from '../network/question.js'
import type { Link, Rule } from '../network/state.js'

/** Lines that show a finding, as the tools that a learner knows would write them. */

/** As ip-address(8): flags, MTU, addresses. */
export function linkLine(link: Link): string {
  const flags = [link.up ? 'UP' : 'DOWN', ...(link.carrier ? ['LOWER_UP'] : link.up ? ['NO-CARRIER'] : [])]
  const addresses = link.addresses.filter(({ scope }) => scope !== 'link').map((one) => `${one.address}/${one.prefix}`)
  return `${link.name}: <${flags.join(',')}> mtu ${link.mtu} ${link.mac} ${addresses.join(' ') || '(no address)'}`
}

/** As iptables-save(8), with the table. */
export function ruleLine({ table, text }: Pick<Rule, 'table' | 'text'>): string {
  return `${table}: ${text}`
}

/** What was asked from where, and what came of it in the tool's words. */
export function probeLine(from: string, what: string, { detail, outcome }: ProbeAnswer): string {
  return `${from}$ ${what} → ${detail || outcome}`
}
