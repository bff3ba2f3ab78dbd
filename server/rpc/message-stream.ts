import type { Socket } from 'node:net'
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  Disposable,
  type Message,
  type MessageReader,
  type MessageWriter,
} from 'vscode-jsonrpc/node'
import { FrameReader, frameHeader } from './frames.js'
import { decodeMessage, encodeMessage } from './message-codec.js'

/** Bytes a peer may leave unread before it is dropped: twice the windows of all the viewers one connection may have. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024

/** How long a frame may take from its first byte to its last, in milliseconds: an unfinished one holds memory. */
export const FRAME_MS = 30_000

/**
 * Reads a socket's messages as soon as their last byte is there; a peer that breaks the framing, sends no message, or
 * leaves one unfinished is cut off. The library's own reader takes several turns for each.
 */
export class SocketReader extends AbstractMessageReader implements MessageReader {
  readonly #socket: Socket
  readonly #frameMs: number
  readonly #frames = new FrameReader()
  #startedAt: number | undefined
  #late: NodeJS.Timeout | undefined

  constructor(socket: Socket, frameMs: number) {
    super()
    this.#socket = socket
    this.#frameMs = frameMs
  }

  listen(callback: DataCallback): Disposable {
    const onChunk = (chunk: Buffer) => {
      clearTimeout(this.#late)
      try {
        for (const body of this.#frames.accept(chunk)) {
          this.#startedAt = undefined
          callback(decodeMessage(body))
        }
      } catch {
        this.#socket.destroy()
        return
      }
      this.#watchFrame()
    }
    this.#socket.on('data', onChunk)
    this.#socket.once('close', () => clearTimeout(this.#late))
    return Disposable.create(() => this.#socket.off('data', onChunk))
  }

  #watchFrame(): void {
    if (!this.#frames.inFrame) return
    this.#startedAt ??= performance.now()
    const left = this.#startedAt + this.#frameMs - performance.now()
    this.#late = setTimeout(() => this.#onLate(), Math.max(0, left)).unref()
  }

  #onLate(): void {
    // Not its fault: nothing is read of it at the moment.
    if (this.#socket.isPaused()) {
      this.#startedAt = undefined
      this.#watchFrame()
    } else {
      // Of a process that was stopped for a while, what came meanwhile is read first.
      const { bytesRead } = this.#socket
      setImmediate(() => {
        if (this.#socket.bytesRead === bytesRead) this.#socket.destroy()
      })
    }
  }
}

/** Writes messages at once: header and body leave in one system call, and unread bytes are capped by cutting the peer off. */
export class SocketWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #socket: Socket

  constructor(socket: Socket) {
    super()
    this.#socket = socket
  }

  async write(message: Message): Promise<void> {
    this.writeNow(message)
  }

  // It doesn't wait for the socket to take it: what is unsent is then counted in one place.
  writeNow(message: Message): void {
    const socket = this.#socket
    const body = encodeMessage(message)
    if (!socket.writable) throw new Error('the connection is closed')
    socket.cork()
    socket.write(frameHeader(body.length), 'latin1')
    socket.write(body)
    socket.uncork()
    if (socket.writableLength > MAX_UNSENT_BYTES) socket.destroy()
  }

  end(): void {
    this.#socket.end()
  }
}
