import { type IncomingMessage, request, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Text } from '../wording/text.js'
import { requestHeaders, responseHeaders } from './preview-headers.js'
import { smallPage } from './small-page.js'

/** A published port of a rack's host. */
export interface PreviewTarget {
  host: string
  port: number
  connect(): Promise<Duplex>
}

/** Until the container's first byte of an answer: labs may wait on purpose, but not for ever. */
const answerTimeoutMs = 60_000

/** Passes a request on to the container, and its answer back. */
export function proxyRequest(target: PreviewTarget, from: IncomingMessage, to: ServerResponse): void {
  const fail = (why: 'dead' | 'late') => {
    if (to.headersSent || to.destroyed) {
      to.destroy()
      return
    }
    const body = smallPage(why === 'dead' ? 502 : 504, says(target, why))
    to.writeHead(why === 'dead' ? 502 : 504, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      Connection: 'close',
    })
    to.end(body)
  }
  void ask(target, from, {
    onFail: fail,
    gone: to,
    onAnswer: (answer) => {
      to.writeHead(answer.statusCode!, responseHeaders(answer.headers))
      answer.pipe(to)
      answer.once('error', () => to.destroy())
      answer.once('aborted', () => to.destroy())
    },
    onUpgrade: (_answer, socket) => {
      socket.destroy()
      fail('dead')
    },
  })
}

/** Passes a WebSocket's handshake on, and then bytes both ways. */
export function proxyUpgrade(target: PreviewTarget, from: IncomingMessage, browser: Duplex, head: Buffer): void {
  browser.on('error', () => browser.destroy())
  void ask(target, from, {
    upgrade: true,
    gone: browser,
    onFail: () => browser.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'),
    onAnswer: (answer) => {
      // It doesn't want to: its answer, without the body that nobody could see.
      browser.end(headOf(answer, { connection: 'close', 'content-length': '0' }))
      answer.destroy()
    },
    onUpgrade: (answer, socket, first) => {
      const upgrade = answer.headers.upgrade ?? 'websocket'
      browser.write(headOf(answer, { connection: 'Upgrade', upgrade }))
      if (first.length > 0) browser.write(first)
      if (head.length > 0) socket.write(head)
      socket.on('error', () => browser.destroy())
      socket.once('close', () => browser.destroy())
      browser.once('close', () => socket.destroy())
      browser.pipe(socket).pipe(browser)
    },
  })
}

interface Asking {
  upgrade?: boolean
  /** The browser's end: when it closes, nobody waits for the answer any more. */
  gone: { once(event: 'close', listener: () => void): unknown; destroyed: boolean }
  onFail(why: 'dead' | 'late'): void
  onAnswer(answer: IncomingMessage): void
  onUpgrade(answer: IncomingMessage, socket: Duplex, head: Buffer): void
}

async function ask(target: PreviewTarget, from: IncomingMessage, asking: Asking): Promise<void> {
  let connected: Duplex
  try {
    connected = await target.connect()
  } catch {
    asking.onFail('dead')
    return
  }
  if (asking.gone.destroyed) {
    connected.destroy()
    return
  }
  try {
    send(target, from, asking, connected)
  } catch {
    // A request that can't be made of what the browser sent.
    asking.onFail('dead')
    connected.destroy()
  }
}

function send(target: PreviewTarget, from: IncomingMessage, asking: Asking, connected: Duplex): void {
  const headers = requestHeaders(from.headers, `${target.host}:${target.port}`)
  // The body's form is this connection's own matter, that there is one is not.
  if (from.headers['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked'
  if (asking.upgrade) Object.assign(headers, { connection: 'Upgrade', upgrade: from.headers.upgrade ?? 'websocket' })
  else headers.connection = 'close'
  const outgoing = request({
    createConnection: () => connected,
    method: from.method!,
    path: from.url!,
    headers,
    setHost: false,
  })
  let settled = false
  const settle = (): boolean => {
    clearTimeout(timer)
    const first = !settled
    settled = true
    return first
  }
  const fail = (why: 'dead' | 'late') => {
    if (settle()) asking.onFail(why)
    outgoing.destroy()
    connected.destroy()
  }
  const timer = setTimeout(() => fail('late'), answerTimeoutMs)
  /** What Node's parser takes is not always what Node would send: such an answer is none, and no reason to end. */
  const pass = (answer: IncomingMessage, on: () => void) => {
    try {
      if (!(answer.statusCode! >= 200) && answer.statusCode !== 101) throw new Error('no status')
      on()
    } catch {
      asking.onFail('dead')
      outgoing.destroy()
      connected.destroy()
    }
  }
  outgoing.on('error', () => fail('dead'))
  outgoing.once('response', (answer) => {
    if (settle()) pass(answer, () => asking.onAnswer(answer))
  })
  outgoing.once('upgrade', (answer, socket, head) => {
    if (settle()) pass(answer, () => asking.onUpgrade(answer, socket, head))
    else socket.destroy()
  })
  asking.gone.once('close', () => {
    settle()
    outgoing.destroy()
    connected.destroy()
  })
  if (asking.upgrade) outgoing.end()
  else from.pipe(outgoing)
}

function headOf(answer: IncomingMessage, own: Record<string, string>): string {
  const headers = Object.entries({ ...responseHeaders(answer.headers), ...own })
  const lines = headers.flatMap(([name, value]) => [value].flat().map((each) => `${name}: ${each}`))
  return `HTTP/1.1 ${answer.statusCode} ${STATUS_CODES[answer.statusCode!] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n`
}

function says({ host, port }: PreviewTarget, why: 'dead' | 'late'): Text {
  return why === 'dead'
    ? {
        en: `Nothing answers on port ${port} of ${host}. Is its container running? Then load this page again.`,
        zh: `${host} 的 ${port} 端口没有响应。请确认容器正在运行，然后重新加载本页。`,
      }
    : {
        en: `Port ${port} of ${host} took the request, and gave no answer within a minute.`,
        zh: `${host} 的 ${port} 端口接受了请求，但一分钟内没有应答。`,
      }
}
