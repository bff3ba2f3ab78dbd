import type { Socket } from 'node:net'
import { Disposable, type RAL } from 'vscode-jsonrpc/node'

/** Most bytes of one message: a whole paste (4 MiB) fits twice, a hostile length does not. */
export const MAX_FRAME_BYTES = 8 * 1024 * 1024

/** Bytes a peer may leave unread before it is dropped: twice the windows of all the viewers one connection may have. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024

const HEADER_END = '\r\n\r\n'
const HEADER = /^Content-Length: ([1-9]\d{0,6})$/
const MAX_HEADER_BYTES = 64

/** Follows the framing of a byte stream, and refuses a bad frame before anything buffers it. */
export class FrameGuard {
  #header = ''
  #bodyLeft = 0

  /** Returns how many frames end in this chunk; throws when it breaks the framing. */
  accept(chunk: Buffer): number {
    let frames = 0
    let at = 0
    while (at < chunk.length) {
      if (this.#bodyLeft === 0) {
        at += this.#acceptHeader(chunk, at)
      } else {
        const taken = Math.min(this.#bodyLeft, chunk.length - at)
        at += taken
        this.#bodyLeft -= taken
        if (this.#bodyLeft === 0) frames++
      }
    }
    return frames
  }

  #acceptHeader(chunk: Buffer, at: number): number {
    const before = this.#header.length
    this.#header += chunk.toString('latin1', at, at + MAX_HEADER_BYTES - before)
    const end = this.#header.indexOf(HEADER_END)
    if (end === -1) {
      if (this.#header.length >= MAX_HEADER_BYTES) throw new Error('no frame header')
      return this.#header.length - before
    }
    const length = Number(HEADER.exec(this.#header.slice(0, end))?.[1])
    if (!(length <= MAX_FRAME_BYTES)) throw new Error('bad frame length')
    this.#header = ''
    this.#bodyLeft = length
    return end + HEADER_END.length - before
  }
}

const nothing = () => Disposable.create(() => {})

/** The reading side of a socket: whole frames are counted, and a peer that breaks the framing is cut off. */
export class GuardedReadable implements RAL.ReadableStream {
  readonly onClose = nothing
  readonly onError = nothing
  readonly onEnd = nothing
  readonly #socket: Socket
  readonly #onFrames: (count: number) => void

  constructor(socket: Socket, onFrames: (count: number) => void) {
    this.#socket = socket
    this.#onFrames = onFrames
  }

  onData(listener: (data: Uint8Array) => void): Disposable {
    const guard = new FrameGuard()
    const onChunk = (chunk: Buffer) => {
      let frames: number
      try {
        frames = guard.accept(chunk)
      } catch {
        this.#socket.destroy()
        return
      }
      if (frames > 0) this.#onFrames(frames)
      listener(chunk)
    }
    this.#socket.on('data', onChunk)
    return Disposable.create(() => this.#socket.off('data', onChunk))
  }
}

/** The writing side: header and body leave in one system call, and unread bytes are capped by cutting the peer off. */
export class FrameWritable implements RAL.WritableStream {
  readonly onClose = nothing
  readonly onError = nothing
  readonly onEnd = nothing
  readonly #socket: Socket
  #header = ''

  constructor(socket: Socket) {
    this.#socket = socket
  }

  // The JSON-RPC writer gives the header as a string, then the body as bytes. Neither waits for the socket to take
  // it: what is unsent is then counted in one place.
  async write(data: Uint8Array | string): Promise<void> {
    if (typeof data === 'string') {
      this.#header = data
      return
    }
    const socket = this.#socket
    if (!socket.writable) throw new Error('the connection is closed')
    socket.cork()
    socket.write(this.#header, 'latin1')
    socket.write(data)
    socket.uncork()
    if (socket.writableLength > MAX_UNSENT_BYTES) socket.destroy()
  }

  end(): void {
    this.#socket.end()
  }
}
