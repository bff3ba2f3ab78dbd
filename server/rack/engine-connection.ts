import { closeSync } from 'node:fs'
import { Duplex } from 'node:stream'
import { connectStream, receiveFrom, sendSome } from '../kernel/unix-stream.js'

/**
 * How soon it is looked again, since Node can't tell that something has come without taking it: a tenth of the silence so far, within
 * these bounds. An Engine answers within milliseconds; its next event may come in hours.
 */
const [soonestMs, latestMs] = [1, 50]
const roomBytes = 64 * 1024

/**
 * A connection to a socket of a host, for Node's HTTP client, on which nobody but one process is listened to. To hold the other
 * end is not enough: that can be taken out of a process (pidfd_getfd(2)) or handed on; who wrote a byte, the kernel says.
 */
export class EngineConnection extends Duplex {
  readonly descriptor: number
  /** Whose bytes are taken; before it is known nothing is read. */
  private writer: number | undefined
  private readonly room = Buffer.alloc(roomBytes)
  private looking: NodeJS.Timeout | undefined
  private lastAt = performance.now()
  private unsent: { bytes: Buffer; done: (error?: Error | null) => void } | undefined

  /**
   * @param path of the socket
   * @param foreign the error that ends it when another process writes
   * @throws SystemCallError
   */
  constructor(
    path: string,
    private readonly foreign: () => Error,
  ) {
    super({ allowHalfOpen: false })
    this.descriptor = connectStream(path)
  }

  /** Takes what that process writes, and ends at what another does. */
  listenTo(process: number): void {
    this.writer = process
  }

  override _read(): void {
    this.lookSoon()
  }

  override _write(bytes: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.unsent = { bytes, done }
    this.sendRest()
    this.lastAt = performance.now()
    clearTimeout(this.looking)
    this.looking = undefined
    this.lookSoon()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.looking)
    closeSync(this.descriptor)
    done(error)
  }

  /** What Node's HTTP client asks of every socket; it counts its time by itself. */
  setKeepAlive(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
  setTimeout(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }

  private lookSoon(): void {
    const delayMs = Math.min(latestMs, Math.max(soonestMs, (performance.now() - this.lastAt) / 10))
    this.looking ??= setTimeout(() => {
      this.looking = undefined
      this.look()
    }, delayMs)
  }

  private look(): void {
    if (this.destroyed) return
    try {
      this.sendRest()
      for (let wanted = true; wanted; ) {
        const received = receiveFrom(this.descriptor, this.room)
        if (received === 'nothing yet') {
          this.lookSoon()
          return
        }
        if (received.bytes.length === 0) {
          this.push(null)
          return
        }
        if (received.writer !== this.writer) throw this.foreign()
        this.lastAt = performance.now()
        wanted = this.push(received.bytes)
      }
      if (this.unsent) this.lookSoon()
    } catch (error) {
      this.destroy(error as Error)
    }
  }

  private sendRest(): void {
    if (!this.unsent) return
    const { bytes, done } = this.unsent
    try {
      const rest = bytes.subarray(sendSome(this.descriptor, bytes))
      this.unsent = rest.length > 0 ? { bytes: rest, done } : undefined
      if (!this.unsent) done()
    } catch (error) {
      this.unsent = undefined
      done(error as Error)
    }
  }
}
