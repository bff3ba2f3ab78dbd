import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type IncomingHttpHeaders, request } from 'node:http'
import { request as tlsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { io, type Socket } from 'socket.io-client'
import { Classroom } from '../../server/classroom/classroom.js'
import { SecurityLog } from '../../server/error/security-log.js'
import { loadLab } from '../../server/lab/read-lab.js'
import type { Shelf } from '../../server/lab/shelf.js'
import { fromPackage } from '../../server/package-root.js'
import type { Answered, Events } from '../../server/protocol/protocol.js'
import type { Requests } from '../../server/protocol/requests.js'
import type { Racks } from '../../server/racks/racks.js'
import { Sessions } from '../../server/session/sessions.js'
import type { Records } from '../../server/store/records.js'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { Access } from '../../server/web/access.js'
import { loadAssets, loadPreloads } from '../../server/web/client-assets.js'
import type { Provider } from '../../server/web/provider.js'
import { listenLater, WebServer, type WebServerOptions } from '../../server/web/web-server.js'

export const token = 'the-token-of-a-test-which-is-long-enough-123'

/** For localhost, 127.0.0.1 and labs.example.org; made for the tests alone. */
export const tls = {
  cert: readFileSync(new URL('tls/cert.pem', import.meta.url), 'utf8'),
  key: readFileSync(new URL('tls/key.pem', import.meta.url), 'utf8'),
}

export interface Got {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

/** As Vite writes it, of a client with one page. */
const manifest = {
  'index.html': { file: 'assets/app-1a2b.js', css: ['assets/app-1a2b.css'] },
  'lab/lab-page.tsx': { file: 'assets/lab-3c.js', imports: ['index.html', '_menu.js'], css: ['assets/lab-3c.css'] },
  'teach/teach-page.tsx': { file: 'assets/teach-7f.js', imports: ['index.html'] },
  '_menu.js': { file: 'assets/menu-5e.js' },
}

/** The web on a free port of loopback, with one lab and no racks. */
export class House {
  readonly #sockets = new Set<Socket>()

  private constructor(
    readonly port: number,
    readonly folder: string,
    private readonly web: WebServer,
    private readonly sessions: Sessions,
    private readonly classroom: Classroom,
    readonly records: Records,
    private readonly isSecure: boolean,
    private readonly basePath: string,
  ) {}

  static async start(
    options: Partial<Pick<WebServerOptions, 'perMinute' | 'tls' | 'basePath' | 'mostFailures'>> & {
      open?: boolean
      /** A login service, for a server on that port. */
      provider?: (port: number) => Provider
      records?: Records
      /** In the place of the one lab. */
      shelf?: Pick<Shelf, 'labs' | 'paths'>
      /** What `npm run build` made, in the place of a client with one page. */
      built?: boolean
      racks?: Racks
      trustedProxies?: readonly string[]
    } = {},
  ): Promise<House> {
    const folder = await mkdtemp(join(tmpdir(), 'vethlab-web-'))
    const made = join(folder, 'client')
    const client = options.built ? fromPackage('dist/client') : made
    await mkdir(join(made, 'assets'), { recursive: true })
    await mkdir(join(made, '.vite'))
    await writeFile(
      join(made, 'index.html'),
      '<!doctype html><html lang="en"><title>the app</title><script src="./assets/app-1a2b.js"></script>',
    )
    await writeFile(join(made, 'assets/app-1a2b.js'), 'export const app = 1\n'.repeat(100))
    await writeFile(join(made, '.vite/manifest.json'), JSON.stringify(manifest))
    await writeFile(join(folder, 'secret.html'), 'a secret')
    const records = options.records ?? SqliteRecords.open(join(folder, 'records.sqlite'))
    const { labs, paths } = options.shelf ?? { labs: [await loadLab(fromPackage('labs', 'default-bridge'))], paths: [] }
    const { racks = noRacks, basePath = '' } = options
    const sessions = await Sessions.start(racks, labs, records, { basePath, paths })
    const later = listenLater(options.tls)
    await new Promise<void>((resolve) => later.server.listen(0, '127.0.0.1', resolve))
    const { port } = later.server.address() as AddressInfo
    const log = new SecurityLog(join(folder, 'security.log'))
    const classroom = new Classroom(sessions, records)
    const web = WebServer.serve(later, {
      log,
      access: {
        token: options.open ? undefined : token,
        host: '127.0.0.1',
        port,
        publicNames: ['labs.example.org'],
        trustedProxies: options.trustedProxies,
      },
      sessions,
      people: records.people,
      provider: options.provider?.(port),
      classroom,
      learner: await records.localLearner(),
      assets: await loadAssets(client, options.basePath),
      preloads: await loadPreloads(client, options.basePath),
      previewPorts: { from: 20_000, to: 20_100 },
      ...(options.perMinute ? { perMinute: options.perMinute } : {}),
      tls: options.tls,
      ...(options.mostFailures === undefined ? {} : { mostFailures: options.mostFailures }),
      ...(options.basePath === undefined ? {} : { basePath: options.basePath }),
    })
    return new House(port, folder, web, sessions, classroom, records, options.tls !== undefined, options.basePath ?? '')
  }

  get origin(): string {
    return `${this.isSecure ? 'https' : 'http'}://127.0.0.1:${this.port}`
  }

  /** What a browser that has come with the token sends. */
  get cookie(): string {
    const access = new Access({ token, host: '127.0.0.1', port: this.port, publicNames: [] })
    return `${access.cookieName}=${access.exchange(token)}`
  }

  /** Asks for exactly that path, which nobody puts in order first. */
  get(path: string, { method = 'GET', ...headers }: Record<string, string> = {}, body?: string): Promise<Got> {
    return new Promise((resolve, reject) => {
      const ask = this.isSecure ? tlsRequest : request
      const to = { host: '127.0.0.1', port: this.port, path, method, headers, agent: false, ca: tls.cert }
      const asking = ask(to, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.once('end', () =>
          resolve({ status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(chunks) }),
        )
      })
      asking.once('error', reject)
      asking.end(body)
    })
  }

  /** Sends a form, as a page of ours does. */
  post(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Got> {
    const type = 'application/x-www-form-urlencoded'
    const form = new URLSearchParams(fields).toString()
    return this.get(path, { method: 'POST', origin: this.origin, 'content-type': type, ...headers }, form)
  }

  /** The same, as one who is let in. */
  known(path: string, headers: Record<string, string> = {}): Promise<Got> {
    return this.get(path, { cookie: this.cookie, ...headers })
  }

  /** Connects, or gives why it was refused. */
  async connect(
    headers: Record<string, string> = {},
    path = `${this.basePath}/socket.io/`,
  ): Promise<Socket<Events, Requests> | string> {
    const socket = io(this.origin, {
      path,
      transports: ['websocket'],
      ca: tls.cert,
      extraHeaders: { cookie: this.cookie, origin: this.origin, ...headers },
      reconnection: false,
      forceNew: true,
    })
    this.#sockets.add(socket)
    socket.once('disconnect', () => this.#sockets.delete(socket))
    return new Promise((resolve) => {
      socket.once('connect', () => resolve(socket))
      socket.once('connect_error', (error) =>
        resolve(String((error as { description?: { message?: string } }).description?.message ?? error.message)),
      )
    })
  }

  async socket(): Promise<Socket<Events, Requests>> {
    const socket = await this.connect()
    if (typeof socket === 'string') throw new Error(socket)
    return socket
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.disconnect()
    await this.web.close()
    this.classroom.close()
    await this.sessions.stop()
    await this.records.close()
    await rm(this.folder, { recursive: true, force: true })
  }
}

const noRacks = {
  list: () => Promise.resolve([]),
} as unknown as Racks

/** Any event, also one that no client of ours would send; undefined where nobody answers. */
export async function ask(socket: Socket, name: string, ...values: unknown[]): Promise<Answered<unknown> | undefined> {
  return (await socket
    .timeout(2000)
    .emitWithAck(name, ...values)
    .catch(() => undefined)) as Answered<unknown> | undefined
}
