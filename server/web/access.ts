import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import proxyaddr from 'proxy-addr'

export interface AccessOptions {
  /** Who has it gets in; undefined: everybody who reaches the port. */
  token: string | undefined
  /** As listened on. */
  host: string
  port: number
  /** What a proxy in front sends as Host, with its port unless that is the default one. */
  publicNames: readonly string[]
  /** Addresses and subnets of proxies that are believed when they say who asks; nobody is unless said. */
  trustedProxies?: readonly string[] | undefined
}

/** So many cookies of one name are looked at: who sends more is no browser of ours. */
const mostCookies = 32

/**
 * Who may ask. Three things are looked at: the Host header, since a foreign name may be made to resolve to this address
 * (DNS rebinding); where a browser says that the request comes from; and the cookie that the token was changed for.
 */
export class Access {
  /** Ports share cookies, so the port is in the name. */
  readonly cookieName: string
  readonly #hosts: ReadonlySet<string>
  readonly #token: string | undefined
  readonly #cookie: string | undefined
  readonly #trust: ReturnType<typeof proxyaddr.compile>

  constructor({ token, host, port, publicNames, trustedProxies = [] }: AccessOptions) {
    this.cookieName = `vethlab-${port}`
    this.#hosts = knownHosts(host, port, publicNames)
    this.#token = token
    this.#cookie = token === undefined ? undefined : derive(token, this.cookieName)
    this.#trust = proxyaddr.compile(trustedProxies)
  }

  /** Where a request comes from: by X-Forwarded-For where a trusted proxy sends it, else by the connection. */
  addressOf(request: IncomingMessage): string | undefined {
    const { remoteAddress } = request.socket
    // The connection has ended.
    if (remoteAddress === undefined) return undefined
    const address = proxyaddr(request, this.#trust)
    return isIP(address) === 0 ? remoteAddress : address
  }

  /** The Host header names this server. */
  isAddressed({ headers }: IncomingMessage): boolean {
    return headers.host !== undefined && this.#hosts.has(headers.host.toLowerCase())
  }

  /** A page of ours, or no page at all, makes this request. */
  isOwnOrigin({ headers }: IncomingMessage): boolean {
    const { origin } = headers
    if (origin === undefined) return true
    const [, host] = /^https?:\/\/([^/?#@]+)$/i.exec(origin) ?? []
    return host !== undefined && this.#hosts.has(host.toLowerCase())
  }

  /**
   * By the browser's own word (Fetch Metadata), where it gives one: other sites may lead here with a link, and no more. What
   * containers serve is on the same site as we are, hence `same-site` counts as foreign.
   */
  isForeignFetch({ method, headers }: IncomingMessage): boolean {
    const site = headers['sec-fetch-site']
    if (site === undefined || site === 'same-origin' || site === 'none') return false
    return !(method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document')
  }

  /** It carries our cookie. Any of that name counts: a page on another port can add ones of its own. */
  isKnown({ headers }: IncomingMessage): boolean {
    const cookie = this.#cookie
    if (cookie === undefined) return true
    return cookiesNamed(headers.cookie, this.cookieName).some((value) => same(value, cookie))
  }

  /** The value for the cookie, if that is the token. */
  exchange(token: string): string | undefined {
    return this.#token !== undefined && same(token, this.#token) ? this.#cookie : undefined
  }
}

/** Values of the cookies of a name, as they came. */
export function cookiesNamed(header: string | undefined, name: string): string[] {
  const values: string[] = []
  for (const pair of (header ?? '').split(';')) {
    const equals = pair.indexOf('=')
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue
    values.push(pair.slice(equals + 1).trim())
    if (values.length === mostCookies) break
  }
  return values
}

/** Whether that is an address or a subnet, as `trustedProxies` has them. */
export function isProxyAddress(text: string): boolean {
  try {
    proxyaddr.compile([text])
    return true
  } catch {
    return false
  }
}

/** Takes the same time whatever the two have in common. */
export function same(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash('sha256').update(text).digest())
  return timingSafeEqual(a!, b!)
}

/** What Host may be, in lower case. */
export function knownHosts(host: string, port: number, publicNames: readonly string[]): Set<string> {
  const own = ['127.0.0.1', 'localhost', '[::1]', bracketed(host.toLowerCase())]
  return new Set([
    ...own.map((name) => `${name}:${port}`),
    // Browsers leave out the default port.
    ...(port === 80 ? own : []),
    ...publicNames.flatMap((name) => [name.toLowerCase(), `${name.toLowerCase()}:${port}`]),
  ])
}

/** Whether only this machine reaches it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

/** As in an address: IPv6 in brackets. */
export function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}

/** What the browser keeps opens nothing but this port, and says nothing of the token. */
function derive(token: string, cookieName: string): string {
  return createHmac('sha256', token).update(`cookie ${cookieName}`).digest('base64url')
}
