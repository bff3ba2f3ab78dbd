import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, request, type Server } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { SessionView } from '../../server/protocol/protocol.js'
import type { Session } from '../../server/session/session.js'
import { Previews } from '../../server/web/previews.js'
import type { Got } from './house.js'

let container: Server
let previews: Previews
let session: Session
/** What the container does, and what it has been asked. */
let answer: RequestListener
let asked: IncomingMessage[]

beforeEach(async () => {
  asked = []
  answer = (_request, response) => response.end('hello')
  container = createServer((request, response) => {
    asked.push(request)
    answer(request, response)
  })
  await new Promise<void>((resolve) => container.listen(0, '127.0.0.1', resolve))
  previews = new Previews({ host: '127.0.0.1', publicNames: [], ports: { from: 21_000, to: 21_020 } })
  session = fakeSession('one')
})
afterEach(async () => {
  previews.close()
  container.closeAllConnections()
  await new Promise((resolve) => container.close(resolve))
})

/** A session with a rack whose node1 publishes 80, 81, ... and all are the container's. */
function fakeSession(id: string, ports = 40): Session & { phase: string } {
  const fake = {
    id,
    phase: 'open',
    view: () => ({
      id,
      phase: { name: fake.phase },
      ports: Array.from({ length: ports }, (_, n) => ({ host: 'node1', port: 80 + n, container: 'web' })),
    }),
    connectPort: (): Promise<Duplex> =>
      new Promise((resolve, reject) => {
        const socket = connect({
          port: (container.address() as AddressInfo)?.port ?? 1,
          host: '127.0.0.1',
          allowHalfOpen: true,
        })
        socket.once('connect', () => resolve(socket))
        socket.once('error', reject)
      }),
  }
  return fake as unknown as Session & { phase: string }
}

async function open(port = 80): Promise<URL> {
  return new URL(await previews.open(session, 'node1', port, '127.0.0.1:8080'))
}

function get(
  url: URL,
  { method = 'GET', body = '', ...headers }: Record<string, string> = {},
  path = url.pathname + url.search,
) {
  return new Promise<Got>((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port: url.port, path, method, headers, agent: false }, (got) => {
      const chunks: Buffer[] = []
      got.on('data', (chunk: Buffer) => chunks.push(chunk))
      got.once('end', () => resolve({ status: got.statusCode!, headers: got.headers, body: Buffer.concat(chunks) }))
      got.once('error', reject)
    })
    asking.once('error', reject)
    asking.end(body)
  })
}

async function enter(url: URL): Promise<string> {
  const { status, headers } = await get(url)
  expect(status).toBe(303)
  return headers['set-cookie']![0]!.split(';')[0]!
}

const at = (url: URL, path: string) => new URL(path, url.origin)

describe('the preview of a port', () => {
  it('is an origin of its own, opened by its token alone', async () => {
    const url = await open()
    expect(url.port).not.toBe('8080')
    const entered = await get(url)
    expect(entered.status).toBe(303)
    expect(entered.headers.location).toBe('/')
    expect(entered.headers['set-cookie']![0]).toMatch(
      new RegExp(`^vethlab-preview-${url.port}=[\\w-]{32}; Path=/; HttpOnly; SameSite=Lax$`),
    )
    const cookie = await enter(url)
    const page = await get(at(url, '/x?y=1'), { cookie })
    expect([page.status, page.body.toString()]).toEqual([200, 'hello'])
    expect(asked.map((request) => [request.url, request.headers.host])).toEqual([['/x?y=1', 'node1:80']])
    for (const headers of [{ cookie: '' }, { cookie: `${cookie}x` }, { cookie: 'vethlab-preview=1' }]) {
      const { status, body } = await get(at(url, '/'), headers)
      expect(status).toBe(403)
      expect(body.toString()).toMatch(/lang="zh"/)
    }
    expect((await get(at(url, '/?vethlab-preview=wrong'))).status).toBe(403)
    expect((await get(at(url, '/'), { cookie, host: `evil.example:${url.port}` })).status).toBe(421)
    expect(asked.length).toBe(1)
  })

  it('has a name that shares no cookies with the app, and is there under all of its addresses', async () => {
    const url = await open()
    expect(url.hostname).toBe('localhost')
    const named = new URL(await previews.open(session, 'node1', 80, 'localhost:8080'))
    expect([named.hostname, named.port]).toEqual(['127.0.0.1', url.port])
    const cookie = await enter(url)
    const over6 = await fetch(`http://[::1]:${url.port}/`, { headers: { cookie } })
    expect([over6.status, await over6.text()]).toEqual([200, 'hello'])
  })

  it('has another name than the app also where all addresses are listened on, and the app is seen on loopback', async () => {
    const everywhere = new Previews({ host: '0.0.0.0', publicNames: [], ports: { from: 21_030, to: 21_040 } })
    try {
      const nameFor = async (seenAs: string) => new URL(await everywhere.open(session, 'node1', 80, seenAs)).hostname
      expect(await nameFor('127.0.0.1:8080')).toBe('localhost')
      expect(await nameFor('localhost:8080')).toBe('127.0.0.1')
      expect(await nameFor('192.0.2.7:8080')).toBe('192.0.2.7')
    } finally {
      everywhere.close()
    }
  })

  it('leaves nothing that would answer in the place of the next container', async () => {
    const url = await open()
    expect((await get(url)).headers['clear-site-data']).toBe('"cache", "storage"')
    const cookie = await enter(url)
    expect((await get(at(url, '/sw.js'), { cookie, 'service-worker': 'script' })).status).toBe(403)
    expect(asked).toEqual([])
  })

  it.each(['099 X', '000 X', '99 X'])('takes the status %s for no answer', async (status) => {
    const url = await open()
    const cookie = await enter(url)
    const odd = createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nhi`))
    })
    await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve))
    const { connectPort } = session
    session.connectPort = async () => connect((odd.address() as AddressInfo).port, '127.0.0.1')
    try {
      expect((await get(at(url, '/'), { cookie })).status).toBe(502)
    } finally {
      session.connectPort = connectPort
      odd.close()
    }
  })

  it('leads to no other server', async () => {
    const url = await open()
    const { search } = url
    for (const path of ['//evil.example', '/\\evil.example', 'http://evil.example/x']) {
      const { headers, status } = await get(url, {}, path + search)
      expect([path, status]).toEqual([path, 303])
      expect(headers.location).toMatch(/^\/(?![/\\])/)
    }
    expect((await get(url, {}, `/a/b?x=1&${search.slice(1)}&y=2`)).headers.location).toBe('/a/b?x=1&y=2')
  })

  it('keeps cookies of this program from the container, and the container from setting them', async () => {
    const url = await open()
    const cookie = await enter(url)
    answer = (_request, response) => {
      response.setHeader('Set-Cookie', [
        'theirs=1; Path=/',
        'vethlab-8080=evil; Path=/',
        'VETHLAB-preview-1=evil',
        ' vethlab-8080=evil',
        '=vethlab-8080=evil',
      ])
      response.setHeader('Clear-Site-Data', '"cookies"')
      response.end()
    }
    const { headers } = await get(at(url, '/'), { cookie: `vethlab-8080=secret; theirs=1;vethlab-9=x; ${cookie}; b=2` })
    expect(asked[0]!.headers.cookie).toBe('theirs=1; b=2')
    expect(headers['set-cookie']).toEqual(['theirs=1; Path=/'])
    expect(headers['clear-site-data']).toBeUndefined()
    await get(at(url, '/'), { cookie })
    expect(asked[1]!.headers.cookie).toBeUndefined()
    expect(JSON.stringify(asked.map(({ rawHeaders, url }) => [rawHeaders, url]))).not.toContain(
      url.searchParams.get('vethlab-preview'),
    )
  })

  it('passes bodies and answers on as they are, but for what is of the connection', async () => {
    const url = await open()
    const cookie = await enter(url)
    answer = (request, response) => {
      response.writeHead(418, { 'X-Own': 'yes', Connection: 'X-Hop', 'X-Hop': '1', 'Content-Type': 'text/x' })
      request.pipe(response)
    }
    const body = 'x'.repeat(300_000)
    const echoed = await get(at(url, '/up'), {
      cookie,
      method: 'POST',
      body,
      connection: 'X-Gone',
      'x-gone': '1',
      te: 'trailers',
    })
    expect([echoed.status, echoed.headers['x-own'], echoed.headers['content-type']]).toEqual([418, 'yes', 'text/x'])
    expect(echoed.body.toString() === body).toBe(true)
    expect(echoed.headers['x-hop']).toBeUndefined()
    expect(asked[0]!.headers['x-gone']).toBeUndefined()
    expect(asked[0]!.headers.te).toBeUndefined()
    const chunked = await get(at(url, '/up'), { cookie, method: 'PUT', body, 'transfer-encoding': 'chunked' })
    expect(chunked.body.length).toBe(body.length)
  })

  it('carries WebSockets of its own pages', async () => {
    const echo = new WebSocketServer({ server: container })
    echo.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${data}`)))
    const url = await open()
    const cookie = await enter(url)
    const dial = (headers: Record<string, string>) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(`ws://${url.host}/chat`, { headers })
        socket.once('open', () => socket.send('hello'))
        socket.once('message', (data) => {
          resolve(String(data))
          socket.close()
        })
        socket.once('error', (error) => resolve(error.message))
      })
    expect(await dial({ cookie, origin: url.origin })).toBe('echo hello')
    expect(await dial({ origin: url.origin })).toContain('403')
    expect(await dial({ cookie, origin: 'http://127.0.0.1:8080' })).toContain('403')
    echo.close()
  })

  it('says so in both languages when nothing answers, or what answers is no http', async () => {
    const url = await open()
    const cookie = await enter(url)
    answer = (request) => request.socket.destroy()
    const dead = await get(at(url, '/'), { cookie })
    expect(dead.status).toBe(502)
    expect(dead.body.toString()).toMatch(/port 80 of node1[\s\S]*node1 的 80 端口/)
    const other = createTcpServer((socket) => socket.end('SSH-2.0-x\r\n'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    session.connectPort = async () => connect((other.address() as AddressInfo).port, '127.0.0.1')
    expect((await get(at(await open(81), '/'), { cookie: await enter(await open(81)) })).status).toBe(502)
    session.connectPort = () => Promise.reject(new Error('refused'))
    expect((await get(at(await open(82), '/'), { cookie: await enter(await open(82)) })).status).toBe(502)
    other.close()
  })

  it('is one for each port, and at most 16 for a session', async () => {
    const [one, again] = [await open(80), await open(80)]
    expect(one.href).toBe(again.href)
    const urls = await Promise.all(Array.from({ length: 15 }, (_, n) => open(81 + n)))
    expect(new Set(urls.map(({ port }) => port)).size).toBe(15)
    expect(new Set(urls.map(({ search }) => search)).size).toBe(1)
    await expect(open(99)).rejects.toMatchObject({ trouble: { code: 'preview.limit' } })
    session = fakeSession('two')
    const other = await open(80)
    expect(other.search).not.toBe(one.search)
    expect((await get(at(one, `/${other.search}`))).status).toBe(403)
  })

  it('is not held by those who begin to ask and say no more', { timeout: 60_000 }, async () => {
    const url = await open()
    const cookie = await enter(url)
    const holders = Array.from({ length: 128 }, () => {
      const socket = connect(Number(url.port), '127.0.0.1')
      socket.on('error', () => {})
      socket.write(`GET / HTTP/1.1\r\nHost: ${url.host}\r\n`)
      return socket
    })
    try {
      await Promise.all(holders.map((socket) => once(socket, 'connect')))
      await expect(get(at(url, '/'), { cookie })).rejects.toThrow(/reset|hang up/i)
      // Node's own patience would be half a minute more.
      const status = () => get(at(url, '/'), { cookie }).then((got) => got.status)
      await expect.poll(() => status().catch(() => 0), { timeout: 20_000, interval: 500 }).toBe(200)
    } finally {
      for (const socket of holders) socket.destroy()
    }
  })

  it('is left at once by whom it refuses, though more was to come', async () => {
    const url = await open()
    const socket = connect(Number(url.port), '127.0.0.1')
    socket.on('error', () => {})
    const closed = once(socket, 'close')
    socket.write(`POST / HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: 1000\r\n\r\n`)
    const dripping = setInterval(() => socket.write('x'), 200)
    try {
      const [first] = (await once(socket, 'data')) as [Buffer]
      expect(first.toString()).toMatch(/^HTTP\/1\.1 403/)
      await closed
    } finally {
      clearInterval(dripping)
      socket.destroy()
    }
  })

  it('ends with the rack', async () => {
    const url = await open()
    const cookie = await enter(url)
    const fake = session as Session & { phase: string }
    fake.phase = 'closed'
    expect((await get(at(url, '/'), { cookie })).status).toBe(403)
    previews.onView({ id: 'one', phase: { name: 'closed', reason: 'left' } } as SessionView)
    await expect(get(at(url, '/'), { cookie })).rejects.toThrow(/ECONNREFUSED|reset/i)
    await expect(open()).rejects.toMatchObject({ trouble: { code: 'session.not-open' } })
    // The next rack's token is another one.
    fake.phase = 'open'
    expect((await open()).search).not.toBe(url.search)
  })
})
