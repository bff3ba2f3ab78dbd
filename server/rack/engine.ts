import { setMaxListeners } from 'node:events'
import { closeSync } from 'node:fs'
import { Agent, type AgentOptions, type IncomingMessage, request } from 'node:http'
import type { Duplex } from 'node:stream'
import { VethlabError } from '../error/vethlab-error.js'
import { openWithoutLinks, peerProcess } from '../kernel/system-calls.js'
import { oneLine } from '../wording/one-line.js'
import { EngineConnection } from './engine-connection.js'
import type { EngineIdentity } from './host/engine-identity.js'

/** The Engine's API version that golden's Engine speaks, and every one since 25.0. */
const apiVersion = 'v1.44'
/** A learner's Engine may answer anything: this much and no more is read. */
const maxAnswerBytes = 6 * 1024 * 1024
/** The Engine answers side by side, but the machine's processors are few. */
const connectionsAtOnce = 3

/** Several questions over the same connections. */
export interface EngineSession {
  /** As `EngineClient.get`. */
  get(path: string, timeoutMs?: number): Promise<unknown>
  /** What the Engine says of itself in the headers of `/_ping`: all but free, where `/version` and `/info` start programs. */
  ping(): Promise<{ version: string; swarm: string }>
}

/**
 * Reads one host's Engine through its unix socket, entered from outside. Reading only: what learners see change, they
 * changed. Answers come from golden's own Engine, which `identity` proves for every connection; what it was told to do,
 * and the names it gives, are the learner's.
 */
export class EngineClient {
  /**
   * @param root the host's root directory as the machine sees it, /proc/PID/root
   * @param identity how to know the Engine; without one, only `ping` may be asked
   */
  constructor(
    private readonly host: string,
    private readonly root: () => string,
    private readonly identity?: EngineIdentity,
  ) {}

  /** Whether anything answers as an Engine would, not who. Never throws. */
  async ping(timeoutMs = 1000): Promise<boolean> {
    const connections = new Connections(this.root)
    try {
      const answer = await this.send(connections, '/_ping', { timeoutMs })
      answer.resume()
      return answer.statusCode === 200
    } catch {
      return false
    } finally {
      connections.destroy()
    }
  }

  /** The process that answers, proved to be the Engine. @throws VethlabError host.unreachable, host.unverified */
  process(): number {
    const connections = new Connections(this.root, this.identity)
    try {
      return connections.prove()
    } catch (cause) {
      throw cause instanceof VethlabError ? cause : this.unreachable('', cause)
    } finally {
      connections.destroy()
    }
  }

  /**
   * GET of a path below the API's version, such as `/networks` or `/containers/json?all=1`.
   * @returns the parsed JSON, and undefined where the Engine says 404
   * @throws VethlabError host.unreachable, host.unverified
   */
  async get(path: string, { timeoutMs = 10_000 } = {}): Promise<unknown> {
    return this.session(AbortSignal.timeout(timeoutMs), {}, ({ get }) => get(path))
  }

  /**
   * Asks several questions over the same few connections.
   * @param maxBytes of all answers together
   * @throws VethlabError host.unreachable, host.unverified
   */
  async session<T>(
    signal: AbortSignal,
    { maxBytes = maxAnswerBytes },
    use: (session: EngineSession) => Promise<T>,
  ): Promise<T> {
    const connections = new Connections(this.root, this.identity)
    // One for each question on its way.
    setMaxListeners(0, signal)
    let left = maxBytes
    const spend = (bytes: number) => {
      left -= bytes
      if (left < 0) throw new Error(`the answers are larger than ${maxBytes} bytes`)
    }
    try {
      return await use({
        get: async (path, timeoutMs = 10_000) => {
          const answer = await this.send(connections, `/${apiVersion}${path}`, { timeoutMs, signal })
          try {
            return await readAnswer(answer, spend)
          } catch (cause) {
            throw this.unreachable(path, cause)
          }
        },
        ping: async () => {
          const answer = await this.send(connections, '/_ping', { timeoutMs: 10_000, signal })
          answer.resume()
          const { server, swarm } = answer.headers
          return { version: /^Docker\/(\S+)/.exec(String(server))?.[1] ?? '', swarm: String(swarm ?? '') }
        },
      })
    } finally {
      connections.destroy()
    }
  }

  /** The Engine's events from now on, one parsed object at a time, until `signal` or the Engine ends it. */
  async *events(signal: AbortSignal): AsyncGenerator<unknown> {
    const connections = new Connections(this.root, this.identity)
    let rest = ''
    try {
      const answer = await this.send(connections, `/${apiVersion}/events`, { timeoutMs: 10_000, signal })
      for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) {
        rest += chunk
        const lines = rest.split('\n')
        rest = lines.pop()!
        if (rest.length > 1024 * 1024) throw this.unreachable('/events', new Error('an event is larger than 1 MiB'))
        for (const line of lines) if (line.trim() !== '') yield JSON.parse(line)
      }
    } catch (cause) {
      if (!signal.aborted) throw cause instanceof VethlabError ? cause : this.unreachable('/events', cause)
    } finally {
      connections.destroy()
    }
  }

  private send(
    agent: Connections,
    path: string,
    { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown) => reject(cause instanceof VethlabError ? cause : this.unreachable(path, cause))
      const headers = { host: 'docker' }
      const sent = request(
        { method: 'GET', path, headers, timeout: timeoutMs, agent, ...(signal ? { signal } : {}) },
        resolve,
      )
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)))
      sent.on('error', fail)
      sent.end()
    })
  }

  private unreachable(path: string, cause: unknown): VethlabError {
    return new VethlabError('host.unreachable', `the Engine gives no answer: ${(cause as Error).message}`, {
      place: `${this.host} ${oneLine(path, 100)}`,
      cure: 'Start it again with `systemctl restart docker` in the host, or reset the host.',
      cause,
    })
  }
}

async function readAnswer(answer: IncomingMessage, spend: (bytes: number) => void): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    spend(chunk.length)
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  if (answer.statusCode === 404) return undefined
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}: ${oneLine(text, 200)}`)
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('its answer is no whole JSON')
  }
}

/** Connections to one Engine, each proved before anything is asked over it; on each only the proved process is listened to. */
class Connections extends Agent {
  private readonly processes = new Set<number>()

  constructor(
    private readonly root: () => string,
    private readonly identity?: EngineIdentity,
  ) {
    super({ keepAlive: true, maxSockets: connectionsAtOnce } satisfies AgentOptions)
  }

  override createConnection(_options: object, created?: (error: Error | null, stream: Duplex) => void): undefined {
    let connection: EngineConnection | undefined
    try {
      connection = this.connect()
      created?.(null, connection)
    } catch (error) {
      connection?.destroy()
      created?.(error as Error, connection!)
    }
  }

  /** The process at the other end. */
  prove(): number {
    const connection = this.connect()
    try {
      return peerProcess(connection.descriptor)
    } finally {
      connection.destroy()
    }
  }

  private connect(): EngineConnection {
    // A symbolic link that a learner puts in the socket's place must not lead to one of the machine's sockets.
    const socket = openWithoutLinks(this.root(), 'run/docker.sock')
    try {
      const foreign = () => this.identity?.foreign() ?? new Error('another process answers')
      const connection = new EngineConnection(`/proc/self/fd/${socket}`, foreign)
      try {
        const pid = this.identity?.verify(connection.descriptor, this.processes)
        if (pid !== undefined) this.processes.add(pid)
        connection.listenTo(pid ?? peerProcess(connection.descriptor))
        return connection
      } catch (error) {
        connection.destroy()
        throw error
      }
    } finally {
      closeSync(socket)
    }
  }
}
