import type { IncomingHttpHeaders } from 'node:http'

/** Of one connection, not of the message (RFC 9110, 7.6.1); `Connection` may name more. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * What a container could do to the app, with which its page shares the browser's cookies: empty them (Clear-Site-Data), and move
 * the whole name elsewhere (Alt-Svc, Strict-Transport-Security).
 */
const neverFromContainers = new Set(['clear-site-data', 'alt-svc', 'strict-transport-security'])

/** Cookies ignore ports: ours come along to every port of the machine, and are for no container. */
const ours = /^[\s=]*vethlab/i

/** Headers of a browser's request, for the container. @param host what the learner would see there */
export function requestHeaders(headers: IncomingHttpHeaders, host: string): Record<string, string | string[]> {
  const kept = withoutHops(headers)
  kept.host = host
  const cookie = withoutOurs(headers.cookie)
  if (cookie === '') delete kept.cookie
  else kept.cookie = cookie
  return kept
}

/** Headers of a container's answer, for the browser. */
export function responseHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const kept = withoutHops(headers)
  for (const name of neverFromContainers) delete kept[name]
  const cookies = (headers['set-cookie'] ?? []).filter((cookie) => !ours.test(cookie))
  if (cookies.length === 0) delete kept['set-cookie']
  else kept['set-cookie'] = cookies
  return kept
}

/** The Cookie header without those of this program; empty where none is left. */
export function withoutOurs(cookie: string | undefined): string {
  return (cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '' && !ours.test(pair))
    .join('; ')
}

function withoutHops(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase())
  const kept: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !hopByHop.has(name) && !named.includes(name)) kept[name] = value
  }
  return kept
}
