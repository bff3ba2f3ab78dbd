import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { belowBase } from '../../server/protocol/lab-address.js'
import { basePathPattern } from '../../server/web/web-options.js'
import { House, token } from './house.js'

const base = '/learn/vethlab'
let house: House

beforeAll(async () => {
  house = await House.start({ basePath: base })
})
afterAll(() => house.stop())

describe('a server below a path', () => {
  it('changes the token for a cookie of that path alone, and leads to an address below it', async () => {
    for (const [path, to] of [
      [`${base}/?token=${token}`, `${base}/`],
      [`${base}?token=${token}`, `${base}/`],
      [`${base}/labs/default-bridge?token=${token}&x=1`, `${base}/labs/default-bridge?x=1`],
      [`${base}//evil.example?token=${token}`, `${base}/evil.example`],
    ] as const) {
      const { status, headers } = await house.get(path)
      expect([path, status, headers.location]).toEqual([path, 303, to])
      expect(headers['set-cookie']?.[0]).toContain(`; Path=${base};`)
    }
    // Old, so of no use: it does not stay in the address.
    const { status, headers } = await house.known(`${base}/?token=old`)
    expect([status, headers.location]).toEqual([303, `${base}/`])
  })

  it('serves pages whose files are below it, and says it to the program', async () => {
    for (const path of [base, `${base}/`, `${base}/labs/default-bridge`]) {
      const { status, headers, body } = await house.known(path)
      expect([path, status]).toEqual([path, 200])
      expect(body.toString()).toContain(`<html data-base="${base}" lang="en">`)
      expect(body.toString()).toContain(`src="${base}/assets/app-1a2b.js"`)
      for (const [, file] of String(headers.link ?? '').matchAll(/<([^>]+)>/g)) {
        expect(file?.startsWith(`${base}/assets/`)).toBe(true)
      }
    }
    const preloaded = (await house.known(`${base}/labs/default-bridge`)).headers.link
    expect(preloaded).toContain(`<${base}/assets/lab-3c.js>`)
    expect((await house.known(`${base}/assets/app-1a2b.js`)).status).toBe(200)
    expect(JSON.parse((await house.known(`${base}/api/catalogue`)).body.toString()).labs).toHaveLength(1)
  })

  it('has nothing beside it, also for who is let in, and lets nobody in there', async () => {
    for (const path of ['/', '/labs/default-bridge', '/assets/app-1a2b.js', '/api/catalogue', `${base}s/`, '/learn']) {
      const { status, body } = await house.known(path)
      expect([path, status]).toEqual([path, 404])
      expect(body.toString()).not.toContain('the app')
    }
    expect((await house.known('/nothing')).body.toString()).toContain(`href="${base}/"`)
    const { status, headers } = await house.get(`/?token=${token}`)
    expect([status, headers['set-cookie']]).toEqual([401, undefined])
  })

  it('is spoken to over a socket below it alone', async () => {
    expect((await house.socket()).connected).toBe(true)
    expect(await house.connect({}, '/socket.io/')).toContain('404')
  })
})

it('a base is a path of plain names', () => {
  for (const right of ['', '/labs', '/a/b-c/d.e', '/~me']) expect(basePathPattern.test(right)).toBe(true)
  for (const wrong of [
    '/',
    'labs',
    '//evil.example',
    '/a/',
    '/..',
    '/a/../b',
    '/a b',
    '/a"b',
    '/a?b',
    '/<a>',
    '/%2e',
  ]) {
    expect([wrong, basePathPattern.test(wrong)]).toEqual([wrong, false])
  }
})

it('an address below a base is known by whole names', () => {
  expect(['/x', '/x?a=1', '/x/', '/x/labs/a?b', '/xy', '/', '/labs/a'].map((url) => belowBase(url, '/x'))).toEqual([
    '/',
    '/?a=1',
    '/',
    '/labs/a?b',
    undefined,
    undefined,
    undefined,
  ])
  expect(belowBase('/labs/a', '')).toBe('/labs/a')
})
