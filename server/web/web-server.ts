import { createServer, type Server as HttpServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { type Socket, Server as SocketServer } from 'socket.io'
import type { Classroom } from '../classroom/classroom.js'
import type { SecurityLog } from '../error/security-log.js'
import { largestRoster } from '../learner/roster.js'
import type { Who } from '../learner/who.js'
import { belowBase } from '../protocol/lab-address.js'
import type { Events } from '../protocol/protocol.js'
import type { Requests } from '../protocol/requests.js'
import type { Sessions } from '../session/sessions.js'
import type { People } from '../store/people.js'
import { Access, type AccessOptions } from './access.js'
import { webApp } from './app.js'
import type { Asset, PageName } from './client-assets.js'
import { Gate, type Guest } from './gate.js'
import { serveLearner } from './learner-socket.js'
import { clientPatience } from './listen-on.js'
import type { Metrics } from './metrics.js'
import { noteRefusal } from './note-refusal.js'
import type { Preview } from './preview.js'
import { Previews, type PreviewsOptions } from './previews.js'
import type { Provider } from './provider.js'
import type { Tls } from './web-options.js'
import { Windows } from './windows.js'

/** Sockets of one learner, and of all together. */
const mostSockets = { ofLearner: 64, inAll: 768 }
/** Connections, requests and browsers' idle ones included. */
const mostConnections = 1024
/** Of one message over a socket. Who leads a class sends its list: `largestRoster` characters, each of three bytes at the most, and some marks more. */
const largestMessageBytes = { ofLead: 4 * largestRoster, ofOthers: 64 * 1024 }
const closeGraceMs = 1000

export interface WebServerOptions {
  access: AccessOptions
  /** Where refusals are noted. */
  log: SecurityLog
  sessions: Sessions
  /** Who may come in besides. */
  people: People
  provider?: Provider | undefined
  classroom: Classroom
  metrics?: Metrics | undefined
  /** In whose name the owner of the server learns. */
  learner: string
  assets: ReadonlyMap<string, Asset>
  /** `loadPreloads` */
  preloads: Readonly<Record<PageName, string>>
  /** What all addresses begin with, such as `/labs`; none unless said. Previews have origins of their own, and no path. */
  basePath?: string
  previewPorts: PreviewsOptions['ports']
  /** The lab that its author looks at; missing where learners do. */
  preview?: Preview | undefined
  tls?: Tls | undefined
  perMinute?: { known: number; unknown: number; searches?: number }
  mostFailures?: number
}

/** An http server, or https with a certificate, whose handlers come later: what is asked before waits. */
export function listenLater(tls?: Tls): { server: HttpServer; handle: (listener: RequestListener) => void } {
  let handle: (listener: RequestListener) => void = () => {}
  const listener = new Promise<RequestListener>((resolve) => {
    handle = resolve
  })
  const options = {
    ...clientPatience,
    requestTimeout: 20_000,
    keepAliveTimeout: 10_000,
    // A key that is pressed is sent at once.
    noDelay: true,
  }
  const first: RequestListener = async (request, response) => (await listener)(request, response)
  const server = tls
    ? createTlsServer({ ...options, ...tls, handshakeTimeout: 10_000 }, first)
    : createServer(options, first)
  server.maxConnections = mostConnections
  return { server, handle }
}

/** The app, the sockets and the previews, on an http server. */
export class WebServer {
  private constructor(
    private readonly server: HttpServer,
    private readonly ios: readonly SocketServer<Requests, Events>[],
    private readonly previews: Previews,
  ) {}

  static serve({ server, handle }: ReturnType<typeof listenLater>, options: WebServerOptions): WebServer {
    const access = new Access(options.access)
    const { sessions, people, classroom, metrics, learner, log, basePath = '' } = options
    const gate = new Gate(access, people, learner, (known) => classroom.known(known))
    classroom.onRights(() => gate.renew())
    const { host, publicNames } = options.access
    const previews = new Previews({ host, publicNames, ports: options.previewPorts, tls: options.tls })
    // socket.io has a server of its own that listens nowhere: only upgrades that are let in are handed to it, and nothing
    // that is asked over plain http gets past the app.
    const upgradesFor = (maxHttpBufferSize: number) => {
      const upgrades = createServer()
      const io = new SocketServer<Requests, Events>(upgrades, {
        path: `${basePath}/socket.io/`,
        transports: ['websocket'],
        serveClient: false,
        perMessageDeflate: false,
        httpCompression: false,
        maxHttpBufferSize,
        pingInterval: 10_000,
        pingTimeout: 10_000,
        connectTimeout: 5_000,
      })
      io.on('connection', onConnection)
      return { io, upgrades }
    }
    const windows = new Windows()
    const guests = new WeakMap<IncomingMessage, Guest>()
    const onConnection = (socket: Socket<Requests, Events>) => {
      let guest = guests.get(socket.request)!
      let renew = () => {}
      const { login } = guest
      const endWatch =
        login === undefined
          ? undefined
          : gate.watch(login, (now) => {
              if (!now) return socket.disconnect(true)
              guest = now
              renew()
            })
      socket.on('disconnect', () => endWatch?.())
      renew = serveLearner(socket, {
        ...{ classroom, metrics, sessions, previews, windows, preview: options.preview },
        guest: () => guest,
      })
    }
    const ofLead = upgradesFor(largestMessageBytes.ofLead)
    const ofOthers = upgradesFor(largestMessageBytes.ofOthers)
    const sockets = new Map<string, number>()
    let inAll = 0
    server.on('upgrade', async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      // Until socket.io takes over.
      socket.on('error', () => socket.destroy())
      const refuse = (refusal: string) => {
        noteRefusal(log, access, request, Number.parseInt(refusal, 10))
        socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy())
      }
      const refusal = refusalOf(request, access, basePath)
      if (refusal !== undefined) return refuse(refusal)
      let guest: Guest | undefined
      try {
        guest = await gate.guest(request)
      } catch {
        return refuse('503 Service Unavailable')
      }
      if (!guest) return refuse('401 Unauthorized')
      const { person } = guest
      const own = sockets.get(person) ?? 0
      if (own >= mostSockets.ofLearner || inAll >= mostSockets.inAll) return refuse('429 Too Many Requests')
      if (socket.destroyed) return
      inAll++
      if (metrics) metrics.sockets = inAll
      sockets.set(person, own + 1)
      socket.once('close', () => {
        inAll--
        if (metrics) metrics.sockets = inAll
        const left = sockets.get(person)! - 1
        if (left === 0) sockets.delete(person)
        else sockets.set(person, left)
      })
      guests.set(request, guest)
      const { upgrades } = leadsAny(guest) ? ofLead : ofOthers
      upgrades.emit('upgrade', request, socket, head)
    })
    const { assets, preloads, perMinute, tls } = options
    handle(
      webApp({
        ...{ access, log, assets, preloads, sessions, gate, people, classroom, metrics, basePath, perMinute },
        provider: options.provider,
        isSecure: tls !== undefined,
        mostFailures: options.mostFailures,
      }),
    )
    return new WebServer(server, [ofLead.io, ofOthers.io], previews)
  }

  /** Ends all connections. Sessions go on. */
  async close(): Promise<void> {
    this.previews.close()
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()))
    // Without a farewell: browsers then come back by themselves.
    await Promise.all(this.ios.map((io) => io.close().catch(() => {})))
    this.server.closeIdleConnections()
    const timer = setTimeout(() => this.server.closeAllConnections(), closeGraceMs)
    await closed
    clearTimeout(timer)
  }
}

/** Whether there may be a class that they lead; of which one, `may` says with each request. */
function leadsAny({ roles }: Who): boolean {
  return roles.some(({ role }) => role === 'owner' || role === 'teacher')
}

/** Refused before anything is kept of it. */
function refusalOf(request: IncomingMessage, access: Access, basePath: string): string | undefined {
  if (!access.isAddressed(request)) return '421 Misdirected Request'
  if (!belowBase(request.url ?? '', basePath)?.startsWith('/socket.io/?')) return '404 Not Found'
  // A browser always says where the page is from; programs that don't must have the cookie, as all.
  if (!access.isOwnOrigin(request) || access.isForeignFetch(request)) return '403 Forbidden'
  return undefined
}
