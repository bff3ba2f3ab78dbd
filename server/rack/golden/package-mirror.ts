import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rename, stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { inNetworkNamespace } from '../../kernel/system-calls.js'
import { oneLine } from '../../wording/one-line.js'
import { run } from '../command.js'

/** Where apt inside the builder finds it. */
export const mirrorAddress = 'http://127.0.0.1:3142'

/**
 * Brings Debian packages into an air-gapped host: an HTTP proxy that listens inside the host's network namespace, and
 * passes on what lies below the given archives alone. It downloads with the machine's own apt, and so with its proxies
 * and certificates. Packages are kept, so that a set-up that was cut off does not fetch them again.
 */
export class PackageMirror {
  private readonly underWay = new Map<string, Promise<string>>()
  private server?: Server

  constructor(
    private readonly cache: string,
    /** Such as the URIs of a sources.list; each ends with a slash. */
    private readonly archives: string[],
  ) {}

  async listenIn(networkNamespace: string): Promise<void> {
    await mkdir(this.cache, { recursive: true, mode: 0o700 })
    const server = createServer(async (asked, answer) => {
      const url = asked.url ?? ''
      const allowed = asked.method === 'GET' && this.archives.some((archive) => url.startsWith(archive))
      if (!allowed || url.includes('/../')) {
        answer.writeHead(403).end()
        return
      }
      try {
        const path = await this.fetch(url)
        answer.writeHead(200, { 'content-length': (await stat(path)).size })
        createReadStream(path).pipe(answer)
      } catch (error) {
        answer.writeHead(404).end(oneLine((error as Error).message))
      }
    })
    this.server = server
    await new Promise<void>((resolve, reject) => {
      server.once('listening', resolve).once('error', reject)
      // Without an address the socket is made at once, while this thread is in the namespace.
      inNetworkNamespace(networkNamespace, () => server.listen(Number(new URL(mirrorAddress).port)))
    })
  }

  close(): void {
    this.server?.closeAllConnections()
    this.server?.close()
  }

  private fetch(url: string): Promise<string> {
    let path = this.underWay.get(url)
    if (!path) {
      path = this.download(url)
      this.underWay.set(url, path)
      path.catch(() => this.underWay.delete(url))
    }
    return path
  }

  private async download(url: string): Promise<string> {
    const path = join(this.cache, createHash('sha256').update(url).digest('hex'))
    // A package's name carries its version; an index changes under one name.
    if (url.endsWith('.deb') && (await stat(path).catch(() => undefined))) return path
    const draft = `${path}.draft`
    const result = await run('/usr/lib/apt/apt-helper', ['download-file', url, draft], { timeoutMs: 120_000 })
    if (result.failed) throw new Error(`${url}: ${result.stderr}`)
    await rename(draft, path)
    return path
  }
}
