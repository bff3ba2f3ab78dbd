import { connect } from 'node:net'
import { brotliDecompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { House, token } from './house.js'

let house: House
beforeEach(async () => {
  house = await House.start()
})
afterEach(() => house.stop())

describe('access', () => {
  it('says nothing to who has no token, and nothing more to who has a wrong one', async () => {
    for (const path of [
      '/',
      '/labs/default-bridge',
      '/assets/app-1a2b.js',
      '/?token=wrong',
      `/?token=${token}x`,
      '/?token=',
    ]) {
      const { status, body, headers } = await house.get(path)
      expect([path, status]).toEqual([path, 401])
      expect(headers['set-cookie']).toBeUndefined()
      expect(headers['cache-control']).toBe('no-store')
      expect(body.toString()).not.toMatch(/app|vethlab|bridge/)
      expect(body.toString()).toContain('lang="zh"')
    }
    expect((await house.get('/api/catalogue')).status).toBe(401)
    expect((await house.get('/', { cookie: `${house.cookie}x` })).status).toBe(401)
    expect((await house.get('/', { cookie: `vethlab-${house.port}=${token}` })).status).toBe(401)
  })

  it('changes the token for a cookie that has it not, and leads to the address without it', async () => {
    const { status, headers } = await house.get(`/labs/default-bridge?token=${token}&x=1`)
    expect(status).toBe(303)
    expect(headers.location).toBe('/labs/default-bridge?x=1')
    const [cookie = ''] = headers['set-cookie'] ?? []
    expect(cookie).toMatch(
      new RegExp(`^vethlab-${house.port}=[\\w-]{43}; Max-Age=31536000; Path=/; .*HttpOnly; SameSite=Strict$`),
    )
    expect(cookie).not.toContain(token)
    const page = await house.get('/labs/default-bridge', { cookie: cookie.split(';')[0]! })
    expect(page.status).toBe(200)
    expect(page.body.toString()).toContain('the app')
  })

  it('leads to no other server', async () => {
    for (const path of ['//evil.example', '/\\evil.example', '///evil.example/x']) {
      const { headers } = await house.get(`${path}?token=${token}`)
      expect(headers.location ?? '/').toMatch(/^\/[^/\\]/)
    }
  })

  it('takes any cookie of the name that is right: pages on other ports may add wrong ones', async () => {
    const name = `vethlab-${house.port}`
    expect((await house.get('/', { cookie: `${name}=wrong; other=1; ${house.cookie}` })).status).toBe(200)
    expect((await house.get('/', { cookie: `${house.cookie}; ${name}=wrong` })).status).toBe(200)
    expect((await house.get('/', { cookie: house.cookie.replace(name, 'vethlab-1') })).status).toBe(401)
  })

  it('goes on from a link on another site, which a strict cookie does not come along with', async () => {
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    const first = await house.get('/', link)
    expect(first.status).toBe(401)
    expect(first.body.toString()).toContain('http-equiv="refresh"')
    const second = await house.get('/', { ...link, 'sec-fetch-site': 'same-origin' })
    expect(second.body.toString()).not.toContain('refresh')
  })

  it('answers to its own names alone', async () => {
    const { port } = house
    for (const host of [
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      `[::1]:${port}`,
      'labs.example.org',
      `LABS.example.org:${port}`,
    ]) {
      expect([host, (await house.known('/', { host })).status]).toEqual([host, 200])
    }
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1',
      `127.0.0.1:${port + 1}`,
      `127.0.0.1.evil.example:${port}`,
    ]) {
      const { status, body } = await house.known('/', { host })
      expect([host, status]).toEqual([host, 421])
      expect(body.toString()).not.toContain('the app')
      expect((await house.get(`/?token=${token}`, { host })).status).toBe(421)
    }
  })

  it('refuses requests of foreign pages, also of those on another port', async () => {
    for (const origin of [
      'https://evil.example',
      `http://127.0.0.1:${house.port + 1}`,
      'null',
      `http://127.0.0.1:${house.port}.evil.example`,
    ]) {
      expect([origin, (await house.known('/api/catalogue', { origin })).status]).toEqual([origin, 403])
      expect([origin, (await house.known('/', { origin, method: 'POST' })).status]).toEqual([origin, 403])
    }
    expect((await house.known('/api/catalogue', { origin: house.origin })).status).toBe(200)
    // Without Origin, by the browser's own word.
    for (const site of ['cross-site', 'same-site']) {
      const fetched = { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }
      expect((await house.known('/assets/app-1a2b.js', fetched)).status).toBe(403)
      const framed = { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }
      expect((await house.known('/', framed)).status).toBe(403)
    }
  })

  it('is only read', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      expect([method, (await house.known('/', { method })).status]).toEqual([method, 405])
    }
    const head = await house.known('/', { method: 'HEAD' })
    expect([head.status, head.body.length]).toEqual([200, 0])
  })

  it('lets in everybody where there is no token, and still only by its name', async () => {
    const open = await House.start({ open: true })
    try {
      expect((await open.get('/')).status).toBe(200)
      expect((await open.get('/?token=old')).headers.location).toBe('/')
      expect((await open.get('/', { host: 'evil.example' })).status).toBe(421)
      expect((await open.get('/api/catalogue', { origin: 'https://evil.example' })).status).toBe(403)
    } finally {
      await open.stop()
    }
  })
})

describe('headers', () => {
  it('forbid all that the app does not need', async () => {
    for (const { headers } of [await house.known('/'), await house.get('/'), await house.known('/nothing')]) {
      expect(headers['content-security-policy']).toBe(
        [
          "default-src 'none'",
          "script-src 'self'",
          "style-src 'self' 'unsafe-inline'",
          "img-src 'self' data:",
          "font-src 'self'",
          `connect-src 'self' ws://127.0.0.1:${house.port} wss://127.0.0.1:${house.port}`,
          "frame-ancestors 'none'",
          "base-uri 'none'",
          "form-action 'self'",
        ].join(';'),
      )
      expect(headers).toMatchObject({
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      })
      expect(headers['permissions-policy']).toContain('camera=()')
      expect(headers['x-powered-by']).toBeUndefined()
    }
    const hostile = await house.get('/', { host: "x; script-src 'unsafe-eval'" })
    expect(hostile.headers['content-security-policy']).not.toContain('unsafe-eval')
  })

  it('let browsers keep what never changes, and nothing else', async () => {
    const asset = await house.known('/assets/app-1a2b.js', { 'accept-encoding': 'gzip, deflate, br' })
    expect(asset.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-encoding': 'br',
      'content-type': 'text/javascript; charset=utf-8',
      vary: 'Accept-Encoding',
    })
    expect(brotliDecompressSync(asset.body).toString()).toBe('export const app = 1\n'.repeat(100))
    const plain = await house.known('/assets/app-1a2b.js', { 'accept-encoding': 'br;q=0, identity' })
    expect(plain.headers['content-encoding']).toBeUndefined()
    expect((await house.known('/assets/app-1a2b.js', { 'if-none-match': asset.headers.etag! })).status).toBe(304)
    for (const path of ['/', '/api/catalogue', '/nothing']) {
      expect((await house.known(path)).headers['cache-control']).toBe('no-store')
    }
  })
})

describe('the first load', () => {
  it('names what a page will ask for once its first script runs, and nothing that its HTML names', async () => {
    const link = (await house.known('/labs/default-bridge')).headers.link
    expect(link).toBe(
      [
        '</assets/lab-3c.js>; rel=modulepreload; crossorigin',
        '</assets/lab-3c.css>; rel=preload; as=style; crossorigin',
        '</assets/menu-5e.js>; rel=modulepreload; crossorigin',
      ].join(', '),
    )
    expect((await house.known('/assets/app-1a2b.js')).headers.link).toBeUndefined()
  })

  it('gets documents compressed, for those who take that', async () => {
    const plain = await house.known('/api/labs/default-bridge')
    expect(plain.headers['content-encoding']).toBeUndefined()
    const packed = await house.known('/api/labs/default-bridge', { 'accept-encoding': 'br' })
    expect(packed.headers).toMatchObject({
      'content-encoding': 'br',
      'content-type': 'application/json; charset=utf-8',
      vary: 'Accept-Encoding',
    })
    expect(packed.body.length).toBeLessThan(plain.body.length / 2)
    expect(JSON.parse(brotliDecompressSync(packed.body).toString())).toEqual(JSON.parse(plain.body.toString()))
  })
})

describe('a conditional request', () => {
  const path = '/assets/app-1a2b.js'
  const statusOf = async (noneMatch: string, headers: Record<string, string> = {}) =>
    (await house.known(path, { 'if-none-match': noneMatch, ...headers })).status

  it('is answered without content where one of the tags is that of the file (RFC 9110, 13.1.2)', async () => {
    const { etag = '' } = (await house.known(path)).headers
    const opaque = etag.replace('W/', '')
    for (const same of [etag, opaque, `W/${opaque}`, '*', `"other", ${opaque}`, `W/"other",W/${opaque} , "x"`]) {
      expect([same, await statusOf(same)]).toEqual([same, 304])
      expect([same, await statusOf(same, { method: 'HEAD' })]).toEqual([same, 304])
    }
    for (const other of ['"other"', 'W/"other"', '"a", "b"', opaque.replaceAll('"', ''), `"${opaque.slice(2)}`]) {
      expect([other, await statusOf(other)]).toEqual([other, 200])
    }
    // A reload past all caches.
    expect(await statusOf(etag, { 'cache-control': 'no-cache' })).toBe(200)
  })

  it('has no shortcut to a page that is never kept', async () => {
    const { etag = '' } = (await house.known('/')).headers
    expect((await house.known('/', { 'if-none-match': etag })).status).toBe(200)
    expect((await house.known('/', { 'if-none-match': '*' })).status).toBe(200)
  })
})

describe('paths', () => {
  it('gives the page for the two kinds of address that there are', async () => {
    for (const path of [
      '/',
      '/labs/default-bridge',
      '/labs/no-such-lab',
      '/labs/My_Lab/map',
      '/labs/My_Lab/',
      '/?x=1',
    ]) {
      const { status, body } = await house.known(path)
      expect([path, status]).toEqual([path, 200])
      expect(body.toString()).toContain('the app')
    }
    for (const path of [
      '/labs',
      '/labs/',
      '/labs/a/b',
      '/index.html',
      '/assets/',
      '/.vite/manifest.json',
      '/favicon.ico',
    ]) {
      expect([path, (await house.known(path)).status]).toEqual([path, 404])
    }
  })

  it('leads to no file but the known ones', async () => {
    const climbs = [
      '/../secret.html',
      '/assets/../../secret.html',
      '/assets/..%2f..%2fsecret.html',
      '/%2e%2e/secret.html',
      '/assets/%2e%2e%2f%2e%2e%2fsecret.html',
      '/%252e%252e/secret.html',
      '/assets/..\\..\\secret.html',
      '/..%5csecret.html',
      `/${house.folder}/secret.html`,
      house.folder,
      '/etc/passwd',
      '//etc/passwd',
      '/labs/..%2f..%2fetc%2fpasswd',
      '/assets/app-1a2b.js%00.html',
      '/assets/app-1a2b.js/',
      '/%',
      '/labs/%',
      '/api/labs/%',
      'http://127.0.0.1/secret.html',
      '/api/labs/..%2f..%2fetc',
      '/api/../assets/../../secret.html',
    ]
    for (const path of climbs) {
      const { status, body } = await house.known(path)
      expect([path, status]).toEqual([path, 404])
      expect(body.toString()).not.toMatch(/secret|root:/)
    }
  })

  it('has an interface of three documents', async () => {
    const catalogue = JSON.parse((await house.known('/api/catalogue')).body.toString())
    expect(catalogue.labs.map(({ id }: { id: string }) => id)).toEqual(['default-bridge'])
    const page = JSON.parse((await house.known('/api/labs/default-bridge?language=zh')).body.toString())
    expect(page.language).toBe('zh')
    expect(page.sections.length).toBeGreaterThan(1)
    const read = async (path: string) => JSON.parse((await house.known(path)).body.toString())
    const found = await read(`/api/search?words=${encodeURIComponent('网桥')}&language=zh`)
    expect(found.labs).toMatchObject([{ id: 'default-bridge', sections: [{ language: 'zh' }, {}, {}, {}] }])
    for (const words of ['', '?words=', '?words=%20', '?words=zzzz', '?words=%', '?words[]=a', '?words=%00']) {
      expect([words, await read(`/api/search${words}`)]).toEqual([words, { labs: [] }])
    }
    const long = await house.known(`/api/search?words=${'x'.repeat(101)}`)
    expect([long.status, JSON.parse(long.body.toString())]).toMatchObject([
      400,
      { ok: false, trouble: { code: 'search.too-long' } },
    ])
    for (const [path, code] of [
      ['/api/labs/nothing', 'lab.not-found'],
      ['/api/nothing', 'api.not-found'],
      ['/api/labs/__proto__', 'lab.not-found'],
    ] as const) {
      const { status, body, headers } = await house.known(path)
      expect([path, status]).toEqual([path, 404])
      expect(headers['content-type']).toContain('application/json')
      expect(JSON.parse(body.toString())).toMatchObject({ ok: false, trouble: { code } })
    }
  })
})

describe('limits', () => {
  it('count those who are not known apart from the learner', async () => {
    const strict = await House.start({ perMinute: { known: 5, unknown: 3 } })
    try {
      const statuses: number[] = []
      for (let n = 0; n < 5; n++) statuses.push((await strict.get(`/?token=guess-${n}`)).status)
      expect(statuses).toEqual([401, 401, 401, 429, 429])
      // Nobody who guesses keeps the learner out, not even at the door.
      expect((await strict.get(`/?token=${token}`)).status).toBe(303)
      const own: number[] = []
      for (let n = 0; n < 6; n++) own.push((await strict.known('/')).status)
      expect(own).toEqual([200, 200, 200, 200, 200, 429])
    } finally {
      await strict.stop()
    }
  })

  it('count searches apart from the rest', async () => {
    const strict = await House.start({ perMinute: { known: 100, unknown: 100, searches: 3 } })
    try {
      const statuses: number[] = []
      for (let n = 0; n < 4; n++) statuses.push((await strict.known('/api/search?words=docker')).status)
      expect(statuses).toEqual([200, 200, 200, 429])
      expect((await strict.known('/api/catalogue')).status).toBe(200)
    } finally {
      await strict.stop()
    }
  })

  it('ends what is no http, or far too long', async () => {
    const ended = (bytes: string) =>
      new Promise<string>((resolve) => {
        const socket = connect(house.port, '127.0.0.1', () => socket.write(bytes))
        let answer = ''
        socket.on('data', (chunk) => {
          answer += chunk
        })
        socket.on('error', () => {})
        socket.once('close', () => resolve(answer))
      })
    expect(await ended('\0\0\0\0\r\n\r\n')).toContain('400 Bad Request')
    expect(await ended(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`)).toContain('431')
    expect(await ended('GET / HTTP/1.1\r\n\r\n')).toContain('400')
    expect(await ended('GET / HTTP/1.0\r\n\r\n')).toContain('421')
    expect((await house.known('/')).status).toBe(200)
  })
})
