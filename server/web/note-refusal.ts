import type { IncomingMessage } from 'node:http'
import type { SecurityEvent, SecurityLog } from '../error/security-log.js'
import { type Access, cookiesNamed } from './access.js'
import { tokenIn } from './token-in-url.js'

const events: Partial<Record<number, SecurityEvent>> = {
  401: 'login.refused',
  403: 'origin.foreign',
  421: 'name.foreign',
  429: 'requests.limited',
}

/** What is worth to be known of a request that was refused; never what it came with. */
export function noteRefusal(log: SecurityLog, access: Access, request: IncomingMessage, status: number): void {
  const event = events[status]
  const { headers, url = '' } = request
  const by =
    tokenIn(url) !== undefined
      ? 'token'
      : cookiesNamed(headers.cookie, access.cookieName).length > 0
        ? 'cookie'
        : undefined
  // Whoever comes with neither has only not come in yet.
  if (event === undefined || (status === 401 && by === undefined)) return
  log.note(event, {
    from: access.addressOf(request),
    ...(status === 401 ? { by } : {}),
    ...(status === 403 ? { origin: headers.origin ?? headers['sec-fetch-site']?.toString() } : {}),
    ...(status === 421 ? { name: headers.host } : {}),
  })
}
