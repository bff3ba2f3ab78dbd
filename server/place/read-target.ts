import { safeParse } from '../error/safe-parse.js'
import { VethlabError } from '../error/vethlab-error.js'
import { isAddress } from '../network/addresses.js'
import { HttpPath } from '../network/conversation.js'
import type { Protocol } from '../network/flow.js'
import { oneLine } from '../wording/one-line.js'

const place = 'TO'
const cure = 'Write web, web:80, node1:8080, 10.0.0.5:80 or [fd00::5]:80.'

/**
 * Reads `TO[:PORT]`, with IPv6 in brackets where a port follows, and the protocol that goes with it.
 * @throws VethlabError argument.invalid
 */
export function readTarget(text: string, protocol?: Protocol): { to: string; port?: number; protocol?: Protocol } {
  const target = split(text)
  if (protocol === 'icmp' && target.port !== undefined) {
    throw new VethlabError('argument.invalid', 'icmp has no ports', {
      place: '--protocol',
      cure: 'Leave out the port, or say tcp or udp.',
    })
  }
  if (protocol !== undefined && protocol !== 'icmp' && target.port === undefined) {
    throw new VethlabError('argument.invalid', `${protocol} needs a port`, {
      place: '--protocol',
      cure: 'Write it behind TO, such as web:80.',
    })
  }
  return { ...target, ...(protocol === undefined ? {} : { protocol }) }
}

/** `http://` and `https://` before TO: what is said to the program once it is reached. */
export interface SpokenTarget {
  to: string
  port?: number
  protocol?: Protocol
  speaks?: { as: 'http' | 'tls'; path?: string }
}

/**
 * Reads the same, or a URL of HTTP; `http` says that a target which is no URL is to be asked in HTTP as well.
 * @throws VethlabError argument.invalid
 */
export function readSpokenTarget(text: string, protocol: Protocol | undefined, http: boolean): SpokenTarget {
  const [, scheme, rest = '', path] = /^(https?):\/\/([^/?#]*)([/?].*)?$/s.exec(text) ?? []
  if (scheme === undefined && !http) return readTarget(text, protocol)
  if (protocol !== undefined && protocol !== 'tcp') {
    throw new VethlabError('argument.invalid', 'HTTP goes by tcp', { place: '--protocol', cure: 'Leave it out.' })
  }
  const whole = path === undefined || path.startsWith('/') ? path : `/${path}`
  if (whole !== undefined && !safeParse(HttpPath, whole).success) {
    throw new VethlabError('argument.invalid', `"${oneLine(whole, 60)}" is no path`, {
      place,
      cure: 'Write /, or /a/b?c=d.',
    })
  }
  const { to, port = scheme === 'https' ? 443 : 80 } = readTarget(scheme === undefined ? text : rest)
  const as = scheme === 'https' ? 'tls' : 'http'
  return { to, port, protocol: 'tcp', speaks: { as, ...(whole === undefined ? {} : { path: whole }) } }
}

/** Names of hosts and containers, with a slash between the two, names of DNS, and addresses of IPv4. */
export function isNameLike(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]{0,252})?$/.test(text)
}

function split(text: string): { to: string; port?: number } {
  if (isAddress(text)) return { to: text }
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/s.exec(text) ?? []
  const to = bracketed ?? plain ?? ''
  const shown = `"${oneLine(text, 60)}"`
  if (bracketed !== undefined && !(isAddress(bracketed) && bracketed.includes(':'))) {
    throw new VethlabError('argument.invalid', `${shown} has no IPv6 address in its brackets`, { place, cure })
  }
  if (bracketed === undefined && !isNameLike(to)) {
    throw new VethlabError('argument.invalid', `${shown} is neither a reference, a name nor an address`, {
      place,
      cure,
    })
  }
  if (digits === undefined) return { to }
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0
  if (port < 1 || port > 65_535) {
    throw new VethlabError('argument.invalid', `${shown} ends in no port from 1 to 65535`, { place, cure })
  }
  return { to, port }
}
