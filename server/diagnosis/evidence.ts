import type { ProbeAnswer } from '../network/question.js'
import type { Link, ListeningSocket, Route, Rule } from '../network/state.js'

/** Lines that show a finding, as the tools that a learner knows would write them. */

/** As ip-address(8): flags, MTU, addresses. */
export function linkLine(link: Link): string {
  const flags = [link.up ? 'UP' : 'DOWN', ...(link.carrier ? ['LOWER_UP'] : link.up ? ['NO-CARRIER'] : [])]
  const addresses = link.addresses.filter(({ scope }) => scope !== 'link').map((one) => `${one.address}/${one.prefix}`)
  return `${link.name}: <${flags.join(',')}> mtu ${link.mtu} ${link.mac} ${addresses.join(' ') || '(no address)'}`
}

/** As ip-route(8). */
export function routeLine({ destination, gateway, device, type }: Route): string {
  const kind = type === 'unicast' ? '' : `${type} `
  return `${kind}${destination}${gateway ? ` via ${gateway}` : ''}${device ? ` dev ${device}` : ''}`
}

/** As iptables-save(8), with the table. */
export function ruleLine({ table, text }: Pick<Rule, 'table' | 'text'>): string {
  return `${table}: ${text}`
}

/** As ss(8). */
export function socketLine({ protocol, address, port }: ListeningSocket): string {
  return `${protocol} LISTEN ${address.includes(':') ? `[${address}]` : address}:${port}`
}

/** What was asked from where, and what came of it in the tool's words. */
export function probeLine(from: string, what: string, { detail, outcome }: ProbeAnswer): string {
  return `${from}$ ${what} → ${detail || outcome}`
}
