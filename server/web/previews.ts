import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createConnectionServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { TroubleError } from '../error/trouble.js'
import type { SessionView } from '../protocol/protocol.js'
import type { Session } from '../session/session.js'
import { bracketed, cookiesNamed, isLoopback, knownHosts, same } from './access.js'
import { clientPatience, listenOn } from './listen-on.js'
import { type PreviewTarget, proxyRequest, proxyUpgrade } from './preview-proxy.js'
import { says, smallPage } from './small-page.js'
import { troubles } from './troubles.js'
import type { Tls } from './web-options.js'

const most = { inAll: 64, ofSession: 16 }
const unusedMs = 30 * 60_000
const sweepMs = 60_000
const parameter = 'vethlab-preview'

export interface PreviewsOptions {
  host: string
  ports: { from: number; to: number }
  publicNames: readonly string[]
  tls?: Tls | undefined
}

/**
 * Published ports of racks, each on an origin of its own: another port of this server, opened by a token of the rack. So what a
 * container serves runs in no page of the app, and has none of its cookies.
 */
export class Previews {
  readonly #open = new Map<string, Preview>()
  /** One a rack: gone with it. */
  readonly #tokens = new Map<string, string>()
  readonly #timer: NodeJS.Timeout

  constructor(private readonly options: PreviewsOptions) {
    this.#timer = setInterval(() => this.#sweep(), sweepMs)
    this.#timer.unref()
  }

  /**
   * An address for that port, with the token.
   * @param seenAs the Host header by which the browser reaches the app
   * @throws TroubleError
   */
  async open(session: Session, host: string, port: number, seenAs: string): Promise<string> {
    const view = session.view()
    if (view.phase.name !== 'open') throw new TroubleError(troubles.notOpen)
    if (!view.ports.some((published) => published.host === host && published.port === port)) {
      // Has the right words for it.
      ;(await session.connectPort(host, port)).destroy()
    }
    const key = JSON.stringify([session.id, host, port])
    let preview = this.#open.get(key)
    if (!preview) {
      const ofSession = [...this.#open.values()].filter((other) => other.session === session)
      if (this.#open.size >= most.inAll || ofSession.length >= most.ofSession) {
        throw new TroubleError(troubles.tooManyPreviews)
      }
      const token = this.#tokens.get(session.id) ?? randomBytes(24).toString('base64url')
      this.#tokens.set(session.id, token)
      preview = new Preview(
        session,
        { host, port, connect: () => session.connectPort(host, port) },
        token,
        this.options.tls,
      )
      // Entered before it listens: otherwise two at once would be two.
      this.#open.set(key, preview)
      preview.listening = this.#listen(preview)
      preview.listening.catch(() => this.#open.delete(key))
    }
    await preview.listening
    preview.usedAt = Date.now()
    const scheme = this.options.tls ? 'https' : 'http'
    return `${scheme}://${this.#nameFor(seenAs)}:${preview.port}/?${parameter}=${preview.token}`
  }

  /**
   * Ports share cookies, names don't: on loopback a preview is on the other of its two names. Then what a container serves can
   * neither be sent the app's cookies nor fill the browser with its own for the app. Elsewhere there is but one name.
   */
  #nameFor(seenAs: string): string {
    const name = seenAs.replace(/:\d+$/, '') || bracketed(this.options.host)
    // Also where all addresses are listened on, as in a container whose ports are published on loopback.
    if (!isLoopback(this.options.host) && !['localhost', '127.0.0.1'].includes(name.toLowerCase())) return name
    return name.toLowerCase() === 'localhost' ? '127.0.0.1' : 'localhost'
  }

  /** Closes what belongs to a rack that is no more. */
  onView({ id, phase }: SessionView): void {
    if (phase.name === 'open' || !this.#tokens.has(id)) return
    this.#tokens.delete(id)
    this.#closeWhere((preview) => preview.session.id === id)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#closeWhere(() => true)
  }

  #sweep(): void {
    const now = Date.now()
    this.#closeWhere((preview) => {
      const gone = preview.session.view().phase.name !== 'open'
      if (gone) this.#tokens.delete(preview.session.id)
      return gone || (preview.connections === 0 && now - preview.usedAt > unusedMs)
    })
  }

  #closeWhere(condition: (preview: Preview) => boolean): void {
    for (const [key, preview] of this.#open) {
      if (!condition(preview)) continue
      this.#open.delete(key)
      preview.close()
    }
  }

  async #listen(preview: Preview): Promise<void> {
    const { host, publicNames } = this.options
    const { from, to } = this.options.ports
    const taken = new Set([...this.#open.values()].map((other) => other.port))
    for (let port = from; port <= to; port++) {
      if (taken.has(port)) continue
      if (await preview.listen(host, port, publicNames)) return
    }
    throw new TroubleError(troubles.noPreviewPort)
  }
}

/** One port of a rack on one port of this server. */
class Preview {
  listening: Promise<void> = Promise.resolve()
  port = 0
  usedAt = Date.now()
  readonly #server: Server
  /** The same on ::1. */
  readonly #beside = createConnectionServer((socket) => this.#server.emit('connection', socket))
  readonly #upgraded = new Set<Duplex>()
  #hosts: ReadonlySet<string> = new Set()
  #closed = false

  constructor(
    readonly session: Session,
    target: PreviewTarget,
    readonly token: string,
    private readonly tls: Tls | undefined,
  ) {
    const onRequest: RequestListener = (request, response) => {
      request.on('error', () => {})
      response.on('error', () => {})
      // Such a worker would go on to answer for whatever is looked at on this port later.
      const refusal = request.headers['service-worker'] === undefined ? this.#refusal(request) : 403
      if (refusal !== undefined) {
        const body = smallPage(refusal, refusal === 421 ? says.misdirected : says.previewUnknown)
        // What else it was about to send is not waited for.
        const headers = { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store', Connection: 'close' }
        response.writeHead(refusal, headers)
        response.end(body)
        return
      }
      const redirect = this.#withoutToken(request.url ?? '/')
      if (redirect !== undefined && request.method === 'GET') {
        response.writeHead(303, {
          Location: redirect,
          'Set-Cookie': `${this.#cookieName}=${this.token}; Path=/; HttpOnly; SameSite=Lax${tls ? '; Secure' : ''}`,
          'Cache-Control': 'no-store',
          'Referrer-Policy': 'no-referrer',
          // What another container left behind on this port.
          'Clear-Site-Data': '"cache", "storage"',
        })
        response.end()
        return
      }
      proxyRequest(target, request, response)
    }
    // Learners may send files to what they serve.
    const options = { ...clientPatience, requestTimeout: 120_000, keepAliveTimeout: 5_000 }
    this.#server = tls
      ? createTlsServer({ ...options, ...tls, handshakeTimeout: 10_000 }, onRequest)
      : createServer(options, onRequest)
    this.#server.maxConnections = 128
    this.#beside.maxConnections = 128
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (this.#refusal(request) !== undefined || !this.#isOwnOrigin(request)) {
        socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
        return
      }
      this.#upgraded.add(socket)
      socket.once('close', () => this.#upgraded.delete(socket))
      proxyUpgrade(target, request, socket, head)
    })
  }

  get connections(): number {
    return this.#upgraded.size
  }

  /** False where that port is taken. */
  async listen(host: string, port: number, publicNames: readonly string[]): Promise<boolean> {
    if (await listenOn(this.#server, port, host)) return false
    this.#server.on('error', () => {})
    this.port = (this.#server.address() as AddressInfo).port
    // Browsers may take `localhost` for ::1, where another user's program could be waiting for the token.
    const error = isLoopback(host) && host !== '::1' ? await listenOn(this.#beside, this.port, '::1') : undefined
    if (error?.code === 'EADDRINUSE') {
      this.#server.close()
      return false
    }
    this.#beside.on('error', () => {})
    // Names of a proxy come with the app's port; here it is this one.
    const names = publicNames.map((name) => name.replace(/:\d+$/, ''))
    this.#hosts = knownHosts(host, this.port, names)
    if (this.#closed) this.close()
    return true
  }

  close(): void {
    this.#closed = true
    this.#beside.close()
    this.#server.close()
    this.#server.closeAllConnections()
    for (const socket of this.#upgraded) socket.destroy()
  }

  get #cookieName(): string {
    return `${parameter}-${this.port}`
  }

  /** The status of a refusal, undefined for who may come in. */
  #refusal({ headers, url }: IncomingMessage): 403 | 421 | undefined {
    if (!this.#hosts.has(headers.host?.toLowerCase() ?? '')) return 421
    if (this.session.view().phase.name !== 'open') return 403
    const offered = [tokenIn(url ?? '/'), ...cookiesNamed(headers.cookie, this.#cookieName)]
    if (!offered.some((value) => value !== undefined && same(value, this.token))) return 403
    this.usedAt = Date.now()
    return undefined
  }

  #isOwnOrigin({ headers }: IncomingMessage): boolean {
    const { origin, host } = headers
    const scheme = this.tls ? 'https' : 'http'
    return origin === undefined || origin.toLowerCase() === `${scheme}://${host?.toLowerCase()}`
  }

  /** The address without our parameter, where it has it; all else stays as it came. */
  #withoutToken(url: string): string | undefined {
    if (tokenIn(url) === undefined) return undefined
    const [path = '/', query = ''] = split(url)
    const rest = query.split('&').filter((pair) => !pair.startsWith(`${parameter}=`))
    // Two slashes, or what browsers take for them, would name another server.
    return `/${path.replace(/^[^/]*[/\\]+/, '')}${rest.length > 0 ? `?${rest.join('&')}` : ''}`
  }
}

function tokenIn(url: string): string | undefined {
  const [, query = ''] = split(url)
  return query
    .split('&')
    .find((pair) => pair.startsWith(`${parameter}=`))
    ?.slice(parameter.length + 1)
}

function split(url: string): [path: string, query: string | undefined] {
  const mark = url.indexOf('?')
  return mark < 0 ? [url, undefined] : [url.slice(0, mark), url.slice(mark + 1)]
}
