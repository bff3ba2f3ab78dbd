import ipaddr from 'ipaddr.js'

/** Addresses and networks, compared by what they mean and not by how they are written. */

/** What was read last, since a question about one state reads the same networks and addresses again and again. */
const ranges = new Map<string, [ipaddr.IPv4 | ipaddr.IPv6, number] | undefined>()
const addresses = new Map<string, ipaddr.IPv4 | ipaddr.IPv6 | undefined>()
const canonical = new Map<string, string | undefined>()
const mostParsed = 2000

function parsed<T>(known: Map<string, T>, text: string, parse: (text: string) => T): T {
  if (known.has(text)) return known.get(text)!
  const value = parse(text)
  if (known.size >= mostParsed) known.clear()
  known.set(text, value)
  return value
}

/** `ipv4` or `ipv6`; of what is no address, `ipv4`. */
export type IpFamily = 'ipv4' | 'ipv6'

export function ipFamilyOf(address: string): IpFamily {
  return address.includes(':') ? 'ipv6' : 'ipv4'
}

export function isAddress(text: string): boolean {
  // A zone, as in fe80::1%eth0, means something on one machine only.
  if (text.includes('%')) return false
  return ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(':') && ipaddr.IPv6.isValid(text))
}

export function isCidr(text: string): boolean {
  const [address, prefix, ...rest] = text.split('/')
  return rest.length === 0 && prefix !== undefined && isAddress(address!) && ipaddr.isValidCIDR(text)
}

/** `::ffff:10.0.0.1` is `10.0.0.1`, and `FD00:0::1` is `fd00::1`. Undefined for what is no address. */
export function canonicalAddress(text: string): string | undefined {
  return parsed(canonical, text, () => (isAddress(text) ? ipaddr.process(text).toString() : undefined))
}

/** The network with its host bits cleared; an address alone is a network of one. */
export function canonicalNetwork(text: string): string | undefined {
  if (isAddress(text)) return `${canonicalAddress(text)}/${ipaddr.process(text).kind() === 'ipv4' ? 32 : 128}`
  if (!isCidr(text)) return undefined
  const [address, prefix] = ipaddr.parseCIDR(text)
  const network =
    address.kind() === 'ipv4' ? ipaddr.IPv4.networkAddressFromCIDR(text) : ipaddr.IPv6.networkAddressFromCIDR(text)
  return `${network.toString()}/${prefix}`
}

export function sameAddress(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return false
  // IPv4 has one way to be written.
  if (a !== b && !a.includes(':') && !b.includes(':')) return false
  const left = canonicalAddress(a)
  return left !== undefined && left === canonicalAddress(b)
}

export function sameNetwork(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return false
  const left = canonicalNetwork(a)
  return left !== undefined && left === canonicalNetwork(b)
}

/** Whether a network holds an address. */
export function holds(cidr: string, address: string): boolean {
  const range = parsed(ranges, cidr, (text) => (isCidr(text) ? ipaddr.parseCIDR(text) : undefined))
  const inside = range && parsed(addresses, address, (text) => (isAddress(text) ? ipaddr.process(text) : undefined))
  if (!range || !inside) return false
  const [network, prefix] = range
  if (inside.kind() !== network.kind()) return false
  return (inside as ipaddr.IPv4).match(network as ipaddr.IPv4, prefix)
}

/** The host addresses of an IPv4 network, from the last one down, at most so many; none of an IPv6 network. */
export function lastHosts(cidr: string, most: number): string[] {
  if (!isCidr(cidr) || ipaddr.parseCIDR(cidr)[0].kind() !== 'ipv4') return []
  const [network, end] = [ipaddr.IPv4.networkAddressFromCIDR(cidr), ipaddr.IPv4.broadcastAddressFromCIDR(cidr)]
  const number = (address: ipaddr.IPv4) => Buffer.from(address.toByteArray()).readUInt32BE()
  const count = Math.min(most, number(end) - number(network) - 1)
  return Array.from({ length: Math.max(0, count) }, (_, n) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(number(end) - 1 - n)
    return new ipaddr.IPv4([...bytes]).toString()
  })
}

/** `::ffff:127.0.0.1` as well (RFC 4291, 2.5.5.2): it is the same address for an IPv6 socket. */
export function isLoopback(address: string): boolean {
  const canonical = canonicalAddress(address)
  return canonical !== undefined && (canonical === '::1' || holds('127.0.0.0/8', canonical))
}

/** Of a socket or a published port: all addresses there are. `*` is both families, nothing is what the Engine leaves out. */
export function isAny(address: string): boolean {
  return address === '*' || address === '' || ['0.0.0.0', '::'].includes(canonicalAddress(address) ?? address)
}

/** Whether a socket takes what comes for an address: `*` is all of both families, `0.0.0.0` and `::` those of their own. */
export function takes(socket: string, address: string): boolean {
  if (socket === '*') return true
  if (isAny(socket)) return socket.includes(':') === (canonicalAddress(address) ?? address).includes(':')
  return sameAddress(socket, address)
}
