import { oneLine } from '../wording/one-line.js'

/** What the first bytes of an answer are written in. */
export interface Speech {
  /** `tls-alert`: TLS, but it refuses what it was told. `other`: nothing that is known. */
  kind: 'http' | 'tls' | 'tls-alert' | 'ssh' | 'mysql' | 'redis' | 'mail' | 'other'
  /** The first line, or as much of it as can be shown. */
  line: string
  /** http */
  status?: number
  /** http: the Server header. */
  server?: string
}

const longestLine = 120

/** @param said bytes, one a character; whoever serves wrote them */
export function readSpeech(said: string): Speech {
  const first = said.split(/\r?\n/, 1)[0]!
  const line = printable(first)
  const http = /^HTTP\/\d(?:\.\d)? (\d{3})\b/.exec(first)
  if (http) {
    const [head = ''] = said.split(/\r?\n\r?\n/, 1)
    const server = /^server: *(.+?) *$/im.exec(head)?.[1]
    return {
      ...{ kind: 'http', line, status: Number(http[1]) },
      ...(server === undefined ? {} : { server: printable(server) }),
    }
  }
  // Content type, and the version's major number (RFC 8446, section 5.1).
  if (/^[\x16]\x03/.test(said)) return { kind: 'tls', line: 'TLS handshake' }
  if (/^[\x15]\x03/.test(said)) return { kind: 'tls-alert', line: `TLS alert ${said.charCodeAt(6) || '?'}` }
  if (first.startsWith('SSH-')) return { kind: 'ssh', line }
  // Length in three bytes, number 0, and the protocol's version or an error (MySQL documentation, "Protocol::Handshake").
  if (/^[\s\S]{2}\0\0[\x0a\xff]/.test(said)) return { kind: 'mysql', line: printable(said.slice(5).split('\0', 1)[0]!) }
  if (/^(\+PONG|-(ERR|DENIED|NOAUTH)\b)/.test(first)) return { kind: 'redis', line }
  if (/^220[ -]/.test(first) || first.startsWith('+OK') || first.startsWith('* OK')) return { kind: 'mail', line }
  return { kind: 'other', line }
}

function printable(text: string): string {
  return oneLine(text.slice(0, 400).replace(/[^\x20-\x7e]+/g, ' '), longestLine)
}
