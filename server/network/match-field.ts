import { holds, isAddress, isCidr, sameAddress } from './addresses.js'

/** One condition of a rule, and what a packet has there. Undefined: can't say, since either is not known. */

/** Takes the `!` away that negates a field of a rule. */
export function negatable(field: string): { negated: boolean; value: string } {
  return field.startsWith('!') ? { negated: true, value: field.slice(1).trim() } : { negated: false, value: field }
}

function negate(matched: boolean | undefined, negated: boolean): boolean | undefined {
  return matched === undefined ? undefined : matched !== negated
}

/** @param field a CIDR or an address; anything else is no network that a packet is known to be of */
export function matchesNetwork(field: string, address: string | undefined): boolean | undefined {
  const { negated, value } = negatable(field)
  if (address === undefined) return value === '0.0.0.0/0' || value === '::/0' ? !negated : undefined
  if (isAddress(value)) return negate(sameAddress(value, address), negated)
  return isCidr(value) ? negate(holds(value, address), negated) : undefined
}

/** @param name empty where a packet has no such link; a trailing `+` (iptables) or `*` (nft) in the field is any ending */
export function matchesInterface(field: string, name: string | undefined): boolean | undefined {
  const { negated, value } = negatable(field)
  if (name === undefined) return undefined
  const wildcard = /^(.*)[+*]$/.exec(value)
  const matched = wildcard ? name !== '' && name.startsWith(wildcard[1]!) : name === value
  return negate(matched, negated)
}

const protocolNames: Record<string, string> = {
  '1': 'icmp',
  '6': 'tcp',
  '17': 'udp',
  '58': 'icmp',
  icmpv6: 'icmp',
  'ipv6-icmp': 'icmp',
}

/** A protocol, by name or number (RFC 1700). */
export function matchesField(field: string, protocol: string | undefined): boolean | undefined {
  const { negated, value } = negatable(field)
  if (value === 'all' || value === '0') return !negated
  return protocol === undefined ? undefined : negate((protocolNames[value] ?? value) === protocol, negated)
}

/** @param field numbers and ranges (`a:b`, `:b`, `a:`), with commas between them */
export function matchesPorts(field: string, port: number | undefined): boolean | undefined {
  const { negated, value } = negatable(field)
  if (port === undefined) return undefined
  const ranges = value.split(',').map((one) => /^(\d*)([:-]?)(\d*)$/.exec(one.trim()))
  if (ranges.some((range) => range === null || (range[1] === '' && range[3] === ''))) return undefined
  const matched = ranges.some((range) => {
    const [, from, between, to] = range!
    if (between === '') return Number(from) === port
    return port >= Number(from || 0) && port <= Number(to || 65_535)
  })
  return negate(matched, negated)
}
