import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server, type Socket } from 'socket.io'
import { io } from 'socket.io-client'
import type { ServerSocket } from '../../client/state/request.js'
import type { Screen } from '../../client/terminal/terminal-connection.js'
import type { Answered, Events } from '../../server/protocol/protocol.js'
import type { Requests } from '../../server/protocol/requests.js'
import { Terminal } from '../../server/terminal/terminal.js'
import type { Viewer } from '../../server/terminal/viewer.js'

const id = '0123456789abcdef0123456789abcdef'

/** A real terminal, its record and flow control, behind a real socket.io server, without all else that a session is. */
export class TerminalServer {
  readonly terminal: Terminal
  readonly url: string
  /** Offsets that clients asked to attach from, and acknowledged. */
  readonly attachedFrom: number[] = []
  readonly acknowledged: number[] = []
  readonly written: Uint8Array[] = []
  writesInFlight = 0
  mostWritesInFlight = 0
  /** Looks at each message of output; gives false for one that is lost. */
  passes: (offset: number, bytes: Uint8Array, socket: Socket<Requests, Events>) => boolean = () => true
  /** Where replays end, if not where the record does. */
  replayTo: number | undefined
  /** How long an answer to `terminal.write` takes, in milliseconds. */
  writeMs = 0
  readonly #io: Server<Requests, Events>
  readonly #clients: ServerSocket[] = []

  private constructor(terminal: Terminal, server: Server<Requests, Events>, url: string) {
    this.terminal = terminal
    this.#io = server
    this.url = url
    server.on('connection', (socket) => this.#serve(socket))
  }

  static async start(argv: string[], options: { recorderBytes?: number } = {}): Promise<TerminalServer> {
    const env = { PATH: process.env.PATH ?? '', TERM: 'xterm-256color' }
    const terminal = new Terminal({ id, host: 'node1', argv, env, cwd: '/', cols: 80, rows: 24, ...options })
    const http = createServer()
    const server = new Server<Requests, Events>(http, { maxHttpBufferSize: 128 * 1024, transports: ['websocket'] })
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    return new TerminalServer(terminal, server, `http://127.0.0.1:${(http.address() as AddressInfo).port}`)
  }

  connect(): ServerSocket {
    const socket: ServerSocket = io(this.url, {
      transports: ['websocket'],
      forceNew: true,
      reconnectionDelay: 20,
      reconnectionDelayMax: 50,
    })
    this.#clients.push(socket)
    return socket
  }

  /** What a connection to it needs. */
  ask(socket: ServerSocket, screen: Screen) {
    return { socket, screen, session: 'session', terminal: id }
  }

  /** Cuts all connections, as a network does. */
  cut(): void {
    for (const socket of this.#io.sockets.sockets.values()) {
      ;(socket.conn.transport as unknown as { socket: { terminate(): void } }).socket.terminate()
    }
  }

  /** The server's side of the attachments is gone. */
  lose(): void {
    for (const socket of this.#io.sockets.sockets.values()) {
      socket.data.detach?.()
      socket.emit('terminal.lost', id)
    }
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect()
    await this.terminal.close()
    await this.#io.close()
  }

  #serve(socket: Socket<Requests, Events>): void {
    let viewer: Viewer | undefined
    const detach = () => {
      if (viewer !== undefined) this.terminal.detach(viewer)
      viewer = undefined
    }
    socket.data.detach = detach
    socket.on('disconnect', detach)
    socket.on('terminal.attach', ({ fromOffset }, answer) => {
      detach()
      this.attachedFrom.push(fromOffset ?? -1)
      const { endOffset, cols, rows } = this.terminal.info
      viewer = this.terminal.attach(
        {
          onData: (bytes, offset) => {
            if (this.passes(offset, bytes, socket)) socket.emit('terminal.data', id, offset, bytes)
          },
          onGap: (from, to) => socket.emit('terminal.gap', id, from, to),
          onResize: (cols, rows) => socket.emit('terminal.resized', id, cols, rows),
          onExit: ({ exitCode, signal }) => socket.emit('terminal.exit', id, exitCode, signal),
        },
        fromOffset,
      )
      answer({ ok: true, value: { replayTo: this.replayTo ?? endOffset, cols, rows } })
    })
    const done: Answered<null> = { ok: true, value: null }
    socket.on('terminal.detach', (_ask, answer) => {
      detach()
      answer(done)
    })
    socket.on('terminal.write', (ask, answer) => {
      const bytes = 'text' in ask ? Buffer.from(ask.text) : ask.bytes
      this.mostWritesInFlight = Math.max(this.mostWritesInFlight, ++this.writesInFlight)
      // A message owns its bytes only until the next one.
      this.written.push(Uint8Array.from(bytes))
      this.terminal.write(Uint8Array.from(bytes))
      setTimeout(() => {
        this.writesInFlight--
        answer(done)
      }, this.writeMs)
    })
    socket.on('terminal.resize', ({ cols, rows }, answer) => {
      this.terminal.resize(cols, rows)
      answer(done)
    })
    socket.on('terminal.acknowledge', (_terminal, offset) => {
      this.acknowledged.push(offset)
      if (viewer !== undefined) this.terminal.acknowledge(viewer, offset)
    })
  }
}

/** Keeps what it is shown. It deals with it in a later turn, as an emulator does, or when told to. */
export class KeptScreen implements Screen {
  readonly chunks: Uint8Array[] = []
  readonly gaps: number[] = []
  size = ''
  /** Keeps what it is shown undealt with while set. */
  holds = false
  readonly #held: (() => void)[] = []

  get text(): string {
    return Buffer.concat(this.chunks).toString()
  }

  get length(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  }

  write(bytes: Uint8Array, done: () => void): void {
    this.chunks.push(Uint8Array.from(bytes))
    this.#later(done)
  }

  gap(count: number, done: () => void): void {
    this.gaps.push(count)
    this.#later(done)
  }

  resize(cols: number, rows: number): void {
    this.size = `${cols}x${rows}`
  }

  /** Deals with the first `count` of what it holds. */
  deal(count = this.#held.length): void {
    for (const done of this.#held.splice(0, count)) done()
  }

  #later(done: () => void): void {
    this.#held.push(done)
    if (!this.holds) setImmediate(() => this.holds || this.deal())
  }
}
