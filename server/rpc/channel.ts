import { createServer, type Socket } from 'node:net'
import {
  CancellationTokenSource,
  createMessageConnection,
  ErrorCodes,
  Message,
  type MessageConnection,
  type MessageReader,
  NullLogger,
  ResponseError,
  type ResponseMessage,
} from 'vscode-jsonrpc/node'
import type { z } from 'zod'
import { safeParse } from '../error/safe-parse.js'
import { VethlabError } from '../error/vethlab-error.js'
import { FRAME_MS, SocketReader, SocketWriter } from './message-stream.js'
import { fromResponseError, parseParams, toResponseError } from './rpc-error.js'
import { bindSocket, checkSocketPath, connectSocket, type SocketAccess } from './socket-file.js'

/** How long a request may take unless it says otherwise, in milliseconds. */
const REQUEST_TIMEOUT_MS = 60_000

/** How long `close` waits for the peer to take the last messages, in milliseconds. */
const CLOSE_GRACE_MS = 1_000

/** Messages received but not yet handled: reading stops above, goes on below, so that a flood stays in the kernel. */
const BACKLOG_HIGH = 256
const BACKLOG_LOW = 64

/** Connections a server has at a time: the web process and some commands. */
const MAX_CONNECTIONS = 64

const CANCEL = '$/cancelRequest'

export interface RequestOptions {
  /** Milliseconds until the request is given up. */
  timeoutMs?: number
  signal?: AbortSignal
}

export interface HandlerContext {
  /** Aborts when the caller gives up or its connection is gone. */
  signal: AbortSignal
}

export interface ListenOptions extends SocketAccess {
  /** Connections at a time, 64 unless it says otherwise: each may hold an unfinished message of 8 MiB for a while. */
  maxConnections?: number
  /** How long a message may take from its first byte to its last, in milliseconds. */
  frameMs?: number
  /** Called for every connection, in time to add handlers before its first message. */
  onChannel(channel: Channel): void
}

export interface Listener {
  readonly path: string
  /** Stops listening, ends all channels and removes the socket file. */
  close(): Promise<void>
}

type RequestHandler = (params: unknown, context: HandlerContext) => Promise<unknown>

interface AtOnceHandler {
  handle(params: unknown): void
  answerAfterMs: number
}

/** A request past the queue whose answer is to come. */
interface Asked {
  resolve(): void
  reject(reason: unknown): void
}

/** One end of a connection: requests, with answers, and notifications, without, in both directions and in order. */
export class Channel {
  readonly #socket: Socket
  readonly #place: string
  readonly #connection: MessageConnection
  readonly #writer: SocketWriter
  readonly #requestHandlers = new Map<string, RequestHandler>()
  readonly #atOnce = new Map<string, AtOnceHandler>()
  readonly #asked = new Map<string, Asked>()
  readonly #notificationHandlers = new Map<string, (params: unknown) => void>()
  readonly #closeListeners = new Set<() => void>()
  readonly #running = new Set<AbortController>()
  #requests = 0
  #backlog = 0
  #closing = false
  #disconnected = false
  /** The peer has ended it; the socket says so a moment later. */
  #ended = false
  #finished = false

  /** `place` names the peer in errors. `frameMs`: see FRAME_MS. */
  constructor(socket: Socket, place: string, { frameMs = FRAME_MS }: { frameMs?: number } = {}) {
    this.#socket = socket
    this.#place = place
    const reader = new SocketReader(socket, frameMs)
    this.#writer = new SocketWriter(socket)
    const queued: MessageReader = {
      onError: reader.onError,
      onClose: reader.onClose,
      onPartialMessage: reader.onPartialMessage,
      dispose: () => reader.dispose(),
      listen: (callback) =>
        reader.listen((message) => {
          if (this.#handleAtOnce(message) || this.#takeAnswer(message)) return
          // Cancellations may be dealt with before the queue, so they don't count.
          if (!isCancellation(message)) this.#onQueued()
          callback(message)
        }),
    }
    this.#connection = createMessageConnection(queued, this.#writer, NullLogger, {
      messageStrategy: {
        handleMessage: (message, next) => {
          if (!isCancellation(message)) this.#onHandled()
          return next(message)
        },
      },
    })
    this.#connection.onRequest((method, params, token) => {
      const running = new AbortController()
      // A token that was cancelled before its request began never tells.
      if (token.isCancellationRequested) running.abort()
      else token.onCancellationRequested(() => running.abort())
      return this.#answer(method, params, running)
    })
    this.#connection.onNotification((method, params) => this.#notificationHandlers.get(method)?.(params))
    socket.on('error', () => {})
    socket.once('close', () => this.#onDisconnect())
    this.#connection.listen()
  }

  get closed(): boolean {
    return this.#closing || this.#disconnected || this.#ended
  }

  /** Answers requests of that method; a VethlabError that the handler throws arrives at the caller as such. */
  handle<S extends z.ZodType>(
    method: string,
    schema: S,
    handler: (params: z.output<S>, context: HandlerContext) => unknown,
  ): void {
    this.#requestHandlers.set(method, async (params, context) => handler(parseParams(method, schema, params), context))
  }

  /** Takes notifications of that method; those that do not fit the schema are dropped, for nobody waits for an answer. */
  onNotification<S extends z.ZodType>(method: string, schema: S, handler: (params: z.output<S>) => void): void {
    this.#notificationHandlers.set(method, (params) => {
      const parsed = safeParse(schema, params)
      if (parsed.success) handler(parsed.data)
    })
  }

  /**
   * Handles notifications and requests of that method when their last byte is there, past the queue, in order among
   * themselves: for a key and its echo, which the queue's turns would slow down. The handler is quick and never waits.
   * @param answerAfterMs how long the word that it worked may wait, for what is of more interest; a failure is told at once
   */
  handleAtOnce<S extends z.ZodType>(
    method: string,
    schema: S,
    handler: (params: z.output<S>) => void,
    { answerAfterMs = 0 }: { answerAfterMs?: number } = {},
  ): void {
    this.#atOnce.set(method, { handle: (params) => handler(parseParams(method, schema, params)), answerAfterMs })
  }

  /** Asks the peer. The caller says what the answer is: both ends are one program. */
  async request<R = unknown>(method: string, params: object, options: RequestOptions = {}): Promise<R> {
    const { timeoutMs = REQUEST_TIMEOUT_MS, signal } = options
    signal?.throwIfAborted()
    if (this.closed) throw this.#unreachable('the connection is closed')
    const cancellation = new CancellationTokenSource()
    return new Promise<R>((resolve, reject) => {
      const give = (reason: unknown) => {
        reject(reason)
        if (!this.closed) cancellation.cancel()
      }
      const timer = setTimeout(() => {
        give(this.#unreachable(`no answer to "${method}" within ${timeoutMs} ms`))
      }, timeoutMs)
      const onAbort = () => give(signal?.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#connection
        .sendRequest<R>(method, params, cancellation.token)
        .then(resolve, (error) => reject(this.#failure(error)))
        .finally(() => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', onAbort)
        })
    })
  }

  /** Asks the peer for what it handles at once, past the queue at this end too; the answer has no value. */
  requestAtOnce(method: string, params: object): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.closed) throw this.#unreachable('the connection is closed')
      const id = `at-once-${this.#requests++}`
      const timer = setTimeout(() => {
        this.#asked.get(id)?.reject(this.#unreachable(`no answer to "${method}" within ${REQUEST_TIMEOUT_MS} ms`))
      }, REQUEST_TIMEOUT_MS)
      const settle = (end: () => void) => {
        clearTimeout(timer)
        this.#asked.delete(id)
        end()
      }
      this.#asked.set(id, {
        resolve: () => settle(resolve),
        reject: (reason) => settle(() => reject(reason)),
      })
      try {
        this.#writer.writeNow({ jsonrpc: '2.0', id, method, params } as Message)
      } catch (error) {
        this.#asked.get(id)?.reject(this.#unsent(error as Error))
      }
    })
  }

  /** Tells the peer; lost without a sign when the connection is gone. */
  notify(method: string, params: object): void {
    if (!this.closed) this.#send({ jsonrpc: '2.0', method, params } as Message)
  }

  /** Called once, after the last message that the peer sent; at once when that has been. */
  onClose(listener: () => void): void {
    if (this.#finished) queueMicrotask(listener)
    else this.#closeListeners.add(listener)
  }

  /** Sends what is still to be sent, then ends the connection. */
  close(): void {
    if (this.closed) return
    this.#closing = true
    this.#socket.end()
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_GRACE_MS)
    this.#socket.once('close', () => clearTimeout(timer))
  }

  #handleAtOnce(message: Message): boolean {
    if (!Message.isRequest(message) && !Message.isNotification(message)) return false
    const handler = this.#atOnce.get(message.method)
    if (handler === undefined) return false
    let failure: ResponseError<unknown> | undefined
    try {
      handler.handle(message.params)
    } catch (error) {
      failure = toResponseError(error)
    }
    if (Message.isRequest(message)) {
      const answer: ResponseMessage = { jsonrpc: '2.0', id: message.id, result: null }
      if (failure !== undefined) this.#send({ jsonrpc: '2.0', id: message.id, error: failure.toJson() } as Message)
      else if (handler.answerAfterMs === 0) this.#send(answer)
      else setTimeout(() => this.#send(answer), handler.answerAfterMs)
    }
    return true
  }

  #takeAnswer(message: Message): boolean {
    if (!Message.isResponse(message)) return false
    const asked = this.#asked.get(String(message.id))
    if (message.error === undefined) asked?.resolve()
    else
      asked?.reject(fromResponseError(new ResponseError(message.error.code, message.error.message, message.error.data)))
    return asked !== undefined
  }

  // Lost when the connection is gone, or too large.
  #send(message: Message): void {
    try {
      this.#writer.writeNow(message)
    } catch {
      // Nobody waits for it.
    }
  }

  async #answer(method: string, params: unknown, running: AbortController): Promise<unknown> {
    const handler = this.#requestHandlers.get(method)
    if (handler === undefined) return new ResponseError(ErrorCodes.MethodNotFound, `no method "${method.slice(0, 60)}"`)
    this.#running.add(running)
    try {
      return await handler(params, { signal: running.signal })
    } catch (error) {
      return toResponseError(error)
    } finally {
      this.#running.delete(running)
    }
  }

  #onQueued(): void {
    this.#backlog++
    if (this.#backlog > BACKLOG_HIGH) this.#socket.pause()
  }

  #onHandled(): void {
    this.#backlog--
    if (this.#backlog < BACKLOG_LOW && this.#socket.isPaused()) this.#socket.resume()
    if (this.#disconnected && this.#backlog <= 0) setImmediate(() => this.#finish())
  }

  // What the peer sent before it closed is still handled: the answer to a last request, the end of some output.
  #onDisconnect(): void {
    this.#disconnected = true
    if (this.#backlog <= 0) this.#finish()
    else setTimeout(() => this.#finish(), CLOSE_GRACE_MS).unref()
  }

  #finish(): void {
    if (this.#finished) return
    this.#finished = true
    this.#connection.dispose()
    for (const running of this.#running) running.abort()
    for (const asked of this.#asked.values()) asked.reject(this.#unreachable('the connection closed before the answer'))
    for (const listener of this.#closeListeners) listener()
    this.#closeListeners.clear()
  }

  #failure(error: unknown): Error {
    if (error instanceof ResponseError && error.code === ErrorCodes.PendingResponseRejected) {
      this.#ended = true
      return this.#unreachable('the connection closed before the answer')
    }
    if (error instanceof ResponseError && error.code === ErrorCodes.MessageWriteError) {
      return this.#unsent(error)
    }
    return fromResponseError(error)
  }

  #unsent(error: Error): VethlabError {
    if (this.closed) return this.#unreachable('the connection closed before the request was sent')
    return new VethlabError('argument.invalid', error.message, { place: this.#place, cure: 'Send less at once.' })
  }

  #unreachable(what: string): VethlabError {
    return new VethlabError('rackd.unreachable', what, { place: this.#place, cure: 'See that the server runs.' })
  }
}

function isCancellation(message: Message): boolean {
  return Message.isNotification(message) && message.method === CANCEL
}

/** Serves channels on a unix socket; a socket file that a dead server left behind is replaced. */
export async function listen(path: string, options: ListenOptions): Promise<Listener> {
  const { onChannel, maxConnections = MAX_CONNECTIONS, frameMs, ...access } = options
  const channels = new Set<Channel>()
  const server = createServer((socket) => {
    const channel = new Channel(socket, path, frameMs === undefined ? {} : { frameMs })
    channels.add(channel)
    channel.onClose(() => channels.delete(channel))
    onChannel(channel)
  })
  server.maxConnections = maxConnections
  await bindSocket(server, path, access)
  // A connection that could not be accepted, say for want of file descriptors, is that connection's trouble.
  server.on('error', () => {})
  return {
    path,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const channel of channels) channel.close()
      }),
  }
}

/** Connects to a server on a unix socket. */
export async function dial(path: string, { timeoutMs = 5_000 }: { timeoutMs?: number } = {}): Promise<Channel> {
  checkSocketPath(path)
  try {
    return new Channel(await connectSocket(path, timeoutMs), path)
  } catch (error) {
    throw new VethlabError('rackd.unreachable', (error as Error).message, {
      place: path,
      cure: 'See that the server runs.',
      cause: error,
    })
  }
}
