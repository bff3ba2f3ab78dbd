import { closeSync, constants } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import net from 'node:net'
import { oneLine, VethlabError } from '../errors.js'
import { openInRoot } from './kernel.js'

/** The Engine's API version that golden's Engine speaks, and every one since 25.0. */
const apiVersion = 'v1.44'
/** A learner's Engine may answer anything: this much and no more is read. */
const maxAnswerBytes = 6 * 1024 * 1024

/**
 * Reads one host's Engine through its unix socket, entered from outside. Reading only: what learners see change, they
 * changed. Answers come from a machine whose root is the learner; they are data, not truth.
 */
export class EngineClient {
  /** @param root the host's root directory as the machine sees it, /proc/PID/root */
  constructor(
    private readonly host: string,
    private readonly root: () => string,
  ) {}

  /** Whether the Engine answers. Never throws. */
  async ping(timeoutMs = 1000): Promise<boolean> {
    try {
      const answer = await this.send('/_ping', timeoutMs)
      answer.resume()
      return answer.statusCode === 200
    } catch {
      return false
    }
  }

  /**
   * GET of a path below the API's version, such as `/networks` or `/containers/json?all=1`.
   * @returns the parsed JSON, and undefined where the Engine says 404
   * @throws VethlabError host.unreachable
   */
  async get(path: string, { timeoutMs = 10_000 } = {}): Promise<unknown> {
    const answer = await this.send(`/${apiVersion}${path}`, timeoutMs)
    let size = 0
    const chunks: Buffer[] = []
    try {
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        size += chunk.length
        if (size > maxAnswerBytes) throw new Error('the answer is larger than 6 MiB')
        chunks.push(chunk)
      }
      const text = Buffer.concat(chunks).toString('utf8')
      if (answer.statusCode === 404) return undefined
      if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}: ${oneLine(text, 200)}`)
      return JSON.parse(text)
    } catch (cause) {
      throw this.unreachable(path, cause)
    }
  }

  /** The Engine's events from now on, one parsed object at a time, until `signal` or the Engine ends it. */
  async *events(signal: AbortSignal): AsyncGenerator<unknown> {
    const answer = await this.send(`/${apiVersion}/events`, 10_000, signal)
    answer.setTimeout(0)
    let rest = ''
    try {
      for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) {
        rest += chunk
        const lines = rest.split('\n')
        rest = lines.pop()!
        if (rest.length > 1024 * 1024) throw this.unreachable('/events', new Error('an event is larger than 1 MiB'))
        for (const line of lines) if (line.trim() !== '') yield JSON.parse(line)
      }
    } catch (cause) {
      if (!signal.aborted) throw cause instanceof VethlabError ? cause : this.unreachable('/events', cause)
    }
  }

  private send(path: string, timeoutMs: number, signal?: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown) => reject(this.unreachable(path, cause))
      let socket: number
      try {
        // A symbolic link that a learner puts in the socket's place must not lead to one of the machine's sockets.
        socket = openInRoot(this.root(), 'run/docker.sock', 0o10000000 | constants.O_NOFOLLOW)
      } catch (cause) {
        fail(cause)
        return
      }
      const sent = request(
        {
          method: 'GET',
          path,
          headers: { host: 'docker' },
          timeout: timeoutMs,
          createConnection: () => {
            const connection = net.connect({ path: `/proc/self/fd/${socket}` })
            connection.once('close', () => closeSync(socket))
            return connection
          },
          ...(signal ? { signal } : {}),
        },
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
