import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { fromPackage } from '../../server/package-root.js'
import { unpackedProgram } from '../unpacked-program.js'
import { House, tls, token } from './house.js'

const name = 'labs.example.org'

/** The recipe as it stands in the documentation, on a free port of loopback, with the certificate of tests. */
function recipe(port: number, behind: number, location = '/'): string {
  const [, block = ''] = /```nginx\n([\s\S]*?)```/.exec(readFileSync(fromPackage('docs/operate.md'), 'utf8')) ?? []
  const changes = [
    ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
    ['fullchain.pem', fileURLToPath(new URL('tls/cert.pem', import.meta.url))],
    ['privkey.pem', fileURLToPath(new URL('tls/key.pem', import.meta.url))],
    ['http://127.0.0.1:8080', `http://127.0.0.1:${behind}`],
    ['location / {', `location ${location} {`],
  ] as const
  for (const [there] of changes) expect(block).toContain(there)
  return changes.reduce((text, [there, here]) => text.replace(there, here), block)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe('nginx, by the recipe of docs/operate.md', () => {
  let house: House
  let folder: string
  let proxy: ChildProcess | undefined
  let port: number
  let said = ''

  async function start(basePath?: string): Promise<void> {
    house = await House.start(basePath === undefined ? {} : { basePath })
    folder = mkdtempSync(join(tmpdir(), 'vethlab-nginx-'))
    port = await freePort()
    const http = `http { access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\n${recipe(port, house.port, basePath === undefined ? '/' : `${basePath}/`)}}`
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off; master_process off; pid pid; error_log stderr;\nevents {}\n${http}\n`,
    )
    said = ''
    proxy = spawn(unpackedProgram('/usr/sbin/nginx'), ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    proxy.stderr!.on('data', (bytes: Buffer) => {
      said += bytes
    })
    await expect
      .poll(
        () =>
          new Promise((resolve) => {
            const socket = connect(port, '127.0.0.1', () => resolve('listens'))
            socket.once('connect', () => socket.destroy())
            socket.once('error', () => resolve(said))
          }),
        { timeout: 10_000 },
      )
      .toBe('listens')
  }

  afterEach(async () => {
    const ended = new Promise((resolve) => proxy?.once('exit', resolve) ?? resolve(undefined))
    proxy?.kill()
    await ended
    await house.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  function get(path: string, headers: Record<string, string> = {}): Promise<{ status: number; location?: string }> {
    return new Promise((resolve, reject) => {
      const to = { host: '127.0.0.1', port, path, servername: name, ca: tls.cert, agent: false }
      request({ ...to, headers: { host: name, ...headers } }, (answer) => {
        answer.resume()
        const { location } = answer.headers
        resolve({ status: answer.statusCode!, ...(location === undefined ? {} : { location }) })
      })
        .once('error', reject)
        .end()
    })
  }

  /** The first that the server says over a socket, or why there is none. */
  function socket(path: string, origin: string): Promise<string> {
    const { cookie } = house
    // The types of ws don't know of `servername`, which goes to tls.connect.
    const options = { headers: { host: name, cookie, origin }, servername: name, ca: tls.cert }
    const there = new WebSocket(`wss://127.0.0.1:${port}${path}?EIO=4&transport=websocket`, options)
    return new Promise((resolve) => {
      there.once('error', (error) => resolve(error.message))
      there.once('message', (text) => {
        resolve(String(text))
        there.terminate()
      })
    })
  }

  it('passes on pages, the token and sockets, and what is refused stays refused', async () => {
    await start()
    expect(await get('/')).toEqual({ status: 401 })
    expect(await get(`/?token=${token}`)).toEqual({ status: 303, location: '/' })
    expect(await get('/api/catalogue', { cookie: house.cookie })).toEqual({ status: 200 })
    expect(await get('/', { host: 'elsewhere.example', cookie: house.cookie })).toEqual({ status: 421 })
    expect(await socket('/socket.io/', `https://${name}`)).toMatch(/^0\{"sid"/)
    expect(await socket('/socket.io/', 'https://elsewhere.example')).toContain('403')
  })

  it('does so below a path', async () => {
    await start('/vethlab')
    expect(await get('/vethlab/', { cookie: house.cookie })).toEqual({ status: 200 })
    expect((await get('/vethlab', { cookie: house.cookie })).status).toBe(301)
    // It is nginx's own.
    expect(await get('/', { cookie: house.cookie })).toEqual({ status: 404 })
    expect(await socket('/vethlab/socket.io/', `https://${name}`)).toMatch(/^0\{"sid"/)
  })
})
