import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** A registry in a rack, at an address of the machine's loopback; tells what was asked of it, and may keep some of it back. */
export class LoopbackRegistry {
  /** Digests of blobs that were asked for. */
  readonly blobs: string[] = []
  /** Connections on which one of these is asked for are cut. */
  readonly held = new Set<string>()
  private readonly open = new Set<Socket>()

  private constructor(
    private readonly server: Server,
    private readonly connect: () => Promise<Duplex>,
  ) {
    server.on('connection', (socket) => void this.serve(socket).catch(() => socket.destroy()))
  }

  static async listen(connect: () => Promise<Duplex>): Promise<LoopbackRegistry> {
    const server = createServer()
    const registry = new LoopbackRegistry(server, connect)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return registry
  }

  /** Such as `localhost:40321`. */
  get name(): string {
    const { port } = this.server.address() as { port: number }
    return `localhost:${port}`
  }

  close(): void {
    this.server.close()
    for (const socket of this.open) socket.destroy()
  }

  private async serve(socket: Socket): Promise<void> {
    this.open.add(socket)
    socket.on('error', () => {}).on('close', () => this.open.delete(socket))
    const peer = await this.connect()
    peer.on('error', () => socket.destroy()).on('close', () => socket.destroy())
    socket.on('close', () => peer.destroy())
    socket.on('data', (bytes: Buffer) => {
      // A request of a client that only reads is one piece.
      const [, digest] = /^GET \S+\/blobs\/(sha256:[0-9a-f]{64}) /.exec(bytes.toString('latin1')) ?? []
      if (digest !== undefined) this.blobs.push(digest)
      if (digest !== undefined && this.held.has(digest)) socket.destroy()
      else peer.write(bytes)
    })
    peer.pipe(socket)
  }
}
