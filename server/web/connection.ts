import type { Socket } from 'socket.io'
import { TokenBucket } from './token-bucket.js'

/** Messages a second, bytes a second: far above what a browser does, also with a flood in each terminal and a large paste. */
const messages = { perSecond: 4000, burst: 8000 }
const bytes = { perSecond: 8 * 1024 ** 2, burst: 16 * 1024 ** 2 }
/** A queue of so many messages is never caught up with. */
const mostQueued = 4096

/** What is known of a socket's two ways, below socket.io's events. */
export class Connection {
  constructor(private readonly socket: Socket) {
    const count = new TokenBucket(messages.perSecond, messages.burst)
    const size = new TokenBucket(bytes.perSecond, bytes.burst)
    // Every message counts, also what is no event, or no event of ours: otherwise nonsense would be free.
    socket.conn.on('packet', ({ data }: { data?: string | Uint8Array }) => {
      if (count.take() && size.take(data?.length ?? 0)) return
      this.cut()
    })
  }

  /** Bytes that wait here because the browser, or the way to it, doesn't take them. */
  get waiting(): number {
    const { conn } = this.socket
    const { socket } = conn.transport as unknown as { socket?: { bufferedAmount: number } }
    const queued = (conn as unknown as { writeBuffer: { data?: string | Uint8Array }[] }).writeBuffer
    if (queued.length > mostQueued) return Number.POSITIVE_INFINITY
    let sum = socket?.bufferedAmount ?? 0
    for (const { data } of queued) sum += data?.length ?? 0
    return sum
  }

  /** Ends it at once, whatever still waits: it takes nothing, or sends too much. A browser connects anew. */
  cut(): void {
    const { socket } = this.socket.conn.transport as unknown as { socket?: { terminate(): void } }
    if (socket) socket.terminate()
    else this.socket.disconnect(true)
  }
}
