import { createServer, isIP, type Server, type Socket } from 'node:net'
import { messageOf } from '../error/message-of.js'
import { inNetworkNamespace } from '../kernel/system-calls.js'
import { oneLine } from '../wording/one-line.js'
import type { HostImages } from './images/host-images.js'
import { type Lan, offlineAddress } from './lan.js'
import { connectToPort } from './port.js'
import { readInRoots } from './read-in-roots.js'

/**
 * What an Engine without a way to the internet meets in its stead: a proxy on each LAN, whose refusal is the last part of the
 * Engine's own error. Go's HTTP client takes the status line's text for that (net/http, dialConn). A registry's own form of an error
 * would not do: the Engine asks Docker's registry over TLS alone, and forgets what a mirror has said.
 */

const port = 3128

/** Environment of an Engine in a rack without internet, which comes there by its default route. Addresses are never asked for here, nor plain HTTP, nor names at home. */
export const offlineEnvironment = {
  HTTPS_PROXY: `http://${offlineAddress}:${port}`,
  NO_PROXY: 'localhost,0.0.0.0/0,::/0,.local,.localdomain,.lan,.home.arpa,.internal,.test',
}

const largestRequestBytes = 4096
const requestMs = 2000
const mostConnections = 16
const largestHostsBytes = 64 * 1024
/** Looking into a host costs a process: no more of them a second than a person could ask for. */
const looksPerSecond = 4

interface Asking {
  pid: number
  images: Pick<HostImages, 'firstNames'>
}

/** Listens in the namespace of a LAN; nothing of it is in a host. Whoever sends it what it does not know is hung up on. */
export class OfflineGateway {
  private readonly open = new Set<Socket>()
  private readonly server: Server
  private looks = looksPerSecond
  private looksSince = 0

  /**
   * @param hostAt the host of the rack that has this address on the LAN, and the images that it began with
   */
  constructor(
    lan: Lan,
    private readonly hostAt: (address: string) => Asking | undefined,
  ) {
    this.server = createServer({ allowHalfOpen: true }, (socket) => this.serve(socket))
    this.server.maxConnections = mostConnections
    // Without it an Engine says that nothing listens, and nothing else is missing.
    this.server.on('error', (error) => process.stderr.write(`gateway of ${lan.plan.name}: ${messageOf(error)}\n`))
    // Without an address the socket is made at once, while this thread is in the namespace.
    inNetworkNamespace(lan.namespace, () => this.server.listen(port))
    this.server.unref()
  }

  /** The namespace stays as long as anything of this is open. */
  close(): void {
    this.server.close()
    for (const socket of this.open) socket.destroy()
  }

  private serve(socket: Socket): void {
    this.keep(socket)
    let asked = ''
    socket.setTimeout(requestMs, () => socket.destroy())
    const read = (bytes: Buffer) => {
      asked += bytes.toString('latin1')
      if (asked.length > largestRequestBytes) socket.destroy()
      if (!asked.includes('\r\n\r\n')) return
      socket.off('data', read)
      socket.pause()
      void this.answer(socket, asked).catch(() => socket.destroy())
    }
    socket.on('data', read)
  }

  private async answer(socket: Socket, asked: string): Promise<void> {
    const [, name, wanted] = /^CONNECT ([A-Za-z0-9.-]{1,253}):(\d{1,5}) HTTP\/1\.[01]\r\n/.exec(asked) ?? []
    if (name === undefined) {
      refuse(socket, 400, 'this is no way out: the rack is offline')
      return
    }
    const host = this.hostAt(plain(socket.remoteAddress ?? ''))
    const addresses = host ? await this.knownTo(host, name.toLowerCase()) : []
    if (!host || addresses.length === 0) {
      refuse(socket, 503, offlineWords((await host?.images.firstNames().catch(() => undefined)) ?? []))
      return
    }
    // A name at home: it is as if the Engine had connected by itself.
    try {
      const namespace = `/proc/${host.pid}/ns/net`
      const peer = await connectToPort({ host: name, namespace, addresses, port: Number(wanted) })
      this.keep(peer)
      socket.setTimeout(0)
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(peer).pipe(socket)
      socket.once('close', () => peer.destroy())
      peer.once('close', () => socket.destroy())
    } catch (error) {
      refuse(socket, 502, oneLine(messageOf(error), 200))
    }
  }

  /** What the host's own /etc/hosts says of a name. */
  private async knownTo({ pid }: { pid: number }, name: string): Promise<string[]> {
    const now = Date.now()
    if (now - this.looksSince > 1000) [this.looks, this.looksSince] = [looksPerSecond, now]
    if (this.looks-- <= 0) return []
    const path = 'etc/hosts'
    const { answers } = await readInRoots(`/proc/${pid}/ns/user`, [pid], [path], largestHostsBytes)
    const answer = answers.get(`${pid} ${path}`)
    if (answer?.status !== 'read') return []
    return answer.bytes
      .toString('latin1')
      .split('\n')
      .flatMap((line) => {
        const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
        return isIP(address) !== 0 && names.some((known) => known.toLowerCase() === name) ? [address] : []
      })
      .slice(0, 4)
  }

  private keep(socket: Socket): void {
    this.open.add(socket)
    socket.unref()
    socket.on('error', () => {})
    socket.on('close', () => this.open.delete(socket))
  }
}

/** A line with more is no help. */
const mostNames = 60

/**
 * What an Engine's error ends in. The proxy is asked for a registry and never learns for which image, which may be here: Engines pull what
 * they have, too, where they are told to (`docker pull`, `--pull always`, `docker compose pull`).
 * @param images those that the host began with, each once
 */
export function offlineWords(images: readonly string[]): string {
  const shown = images.filter((name) => !name.startsWith('vethlab/'))
  const more = shown.length > mostNames ? `, and ${shown.length - mostNames} more` : ''
  const names = `${shown.slice(0, mostNames).join(', ')}${more}`
  const here =
    shown.length === 0 ? '' : `; what is here runs without a pull: ${names} (\`docker images\` has all names)`
  return `this rack is offline, nothing can be pulled${here}; a teacher can add one with \`vethlab images add\``
}

function refuse(socket: Socket, code: number, words: string): void {
  socket.end(`HTTP/1.1 ${code} ${words}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
}

function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '')
}
