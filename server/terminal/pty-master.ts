import { closeSync, readSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { ConnectOpts, SocketConstructorOpts } from 'node:net'
import { ReadStream } from 'node:tty'
import {
  closeOnExec,
  discardTravellingInput,
  discardWaitingInput,
  duplicate,
  interruptFlushesInput,
  openPeer,
  readable,
  unreadBytes,
} from './descriptor.js'

/** node-pty's native part. */
export interface PtyAddon {
  fork(
    file: string,
    args: string[],
    env: string[],
    cwd: string,
    cols: number,
    rows: number,
    uid: number,
    gid: number,
    utf8: boolean,
    helperPath: string,
    onExit: (exitCode: number, signal: number) => void,
  ): { fd: number; pid: number; pty: string }
  resize(fd: number, cols: number, rows: number, xPixel: number, yPixel: number): void
}

/**
 * Its `spawn()` is passed by, for what that adds loses bytes: it destroys unread output 200 ms after exit, closes the
 * descriptor while queued input may still be written to the number, and retries a full kernel buffer in a busy loop.
 */
export const addon: PtyAddon = createRequire(import.meta.url)('node-pty/lib/utils.js').loadNativeModule('pty').module

/** Bytes of the buffer for one read, of which a pty fills at most 4095. */
const READ_BYTES = 8 * 1024

/** Most bytes read after exit: more than the kernel holds (12 KiB), less than a background job may go on to write. */
const DRAIN_BYTES = 64 * 1024

/** A paste goes on with no more than this unread, in bytes. With the next piece it fits into the line discipline (4095). */
const MOST_UNREAD_BYTES = 2048

/** A pty's master side. The descriptor belongs to this object from start to end. */
export class PtyMaster {
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES)
  readonly #stream: ReadStream
  readonly #onOutput: (bytes: Uint8Array) => void
  #fd: number | undefined
  /** The program's side, while something is pasted. */
  #peer: number | undefined

  /**
   * @param fd closed if this throws
   * @param onOutput the bytes are valid only during the call
   */
  constructor(fd: number, onOutput: (bytes: Uint8Array) => void) {
    this.#onOutput = onOutput
    try {
      closeOnExec(fd)
      // libuv takes a hang-up after a short read for the end, and every read of a pty is short, so the last bytes get
      // lost (libuv issue 4992). So libuv has one descriptor, and what it left is read from the other.
      this.#fd = duplicate(fd)
      this.#stream = this.#read(fd)
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  /** Stops reading, so that the program blocks once the kernel's buffer is full. */
  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  /** Hands bytes to the kernel and returns how many it took; 0 when its buffer is full. Closed, it takes all. */
  write(bytes: Uint8Array): number {
    if (this.#fd === undefined) return bytes.length
    try {
      return writeSync(this.#fd, bytes)
    } catch (error) {
      // Anything but "full" means that nobody will ever read it.
      return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 0 : bytes.length
    }
  }

  /**
   * Whether more can be pasted and shown. The line discipline shows what arrives (ECHO), keeps up to 3.8 KB of that where nobody
   * reads, and forgets what is more (n_tty, ECHO_DISCARD_WATERMARK). So what was written must have arrived there, all of what
   * that put out must be read, and the program may not leave much: what does not fit arrives later, all at once.
   */
  get takesPaste(): boolean {
    if (this.#fd === undefined) return true
    this.#peer ??= openPeer(this.#fd)
    if (this.#peer === undefined) return true
    const [, output] = readable(this.#peer, this.#fd)
    return !output && unreadBytes(this.#peer) <= MOST_UNREAD_BYTES
  }

  /** Nothing more is pasted for now. */
  endPaste(): void {
    if (this.#peer !== undefined) closeSync(this.#peer)
    this.#peer = undefined
  }

  resize(cols: number, rows: number): void {
    if (this.#fd !== undefined) addon.resize(this.#fd, cols, rows, 0, 0)
  }

  /** Whether the terminal makes Ctrl-C a signal and forgets what was typed before; not so under vim or ssh. */
  get interruptFlushesInput(): boolean {
    return this.#fd !== undefined && interruptFlushesInput(this.#fd)
  }

  /** Throws away input that is with the kernel; `waiting` for the program to read it, or still on its way there. */
  discardInput({ waiting }: { waiting: boolean }): void {
    if (this.#fd === undefined) return
    discardTravellingInput(this.#fd)
    if (waiting) discardWaitingInput(this.#fd)
  }

  /** Hands over what was put out last, and closes. */
  end(): void {
    this.endPaste()
    this.#drain()
    this.#stream.destroy()
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #read(fd: number): ReadStream {
    const options: SocketConstructorOpts & ConnectOpts = {
      onread: {
        buffer: this.#buffer,
        callback: (count) => {
          this.#onOutput(this.#buffer.subarray(0, count))
          return true
        },
      },
    }
    const stream = new ReadStream(fd, options)
    // EIO is how a pty says that the last program closed it.
    stream.on('error', () => {})
    stream.on('close', () => this.#drain())
    stream.resume()
    return stream
  }

  #drain(): void {
    if (this.#fd === undefined) return
    try {
      for (let read = 0; read < DRAIN_BYTES; ) {
        const count = readSync(this.#fd, this.#buffer)
        if (count === 0) return
        read += count
        this.#onOutput(this.#buffer.subarray(0, count))
      }
    } catch {
      // EIO: no more will come. EAGAIN: nothing there, though a background job still holds the terminal.
    }
  }
}
