import { readFile } from 'node:fs/promises'
import { join as pathOf } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hashOf, newSecret } from '../../server/learner/secret.js'
import type { CatalogueView } from '../../server/protocol/protocol.js'
import type { ClassRecord } from '../../server/store/people.js'
import { isProxyAddress } from '../../server/web/access.js'
import { type Got, House } from './house.js'

let house: House
let made: ClassRecord
beforeEach(async () => {
  house = await House.start()
  const { people } = house.records
  const { id } = await people.createClass({ title: 'Networks', labs: ['default-bridge'] })
  made = (await people.changeClass(id, { code: 'ABCD1234' }))!
})
afterEach(() => house.stop())

/** What a browser sends back of the cookies that it was given. */
function cookieOf({ headers }: Got): string {
  return (headers['set-cookie'] ?? []).map((cookie) => cookie.split(';')[0]).join('; ')
}

async function join(name = 'Ada', fields: Record<string, string> = {}) {
  const got = await house.post('/join', { code: 'abcd 1234', name, student: '', ...fields })
  const [, phrase = ''] = /class="phrase" lang="en">([a-z ]+)</.exec(got.body.toString()) ?? []
  return { got, phrase, cookie: cookieOf(got) }
}

describe('the door', () => {
  it('lets a learner in by code, to the labs of the class and to no others', async () => {
    const page = await house.get('/join/ABCD1234')
    expect(page.status).toBe(200)
    expect(page.body.toString()).toContain('value="ABCD1234"')
    const { got, phrase, cookie } = await join()
    expect(got.status).toBe(200)
    expect(phrase.split(' ')).toHaveLength(5)
    expect(got.headers['set-cookie']?.[0]).toMatch(/^vethlab-\d+-login=[\w-]{43}; .*HttpOnly; SameSite=Lax$/)
    const me = await house.get('/api/me', { cookie })
    expect(JSON.parse(me.body.toString())).toEqual({
      name: 'Ada',
      isOwner: false,
      teaches: false,
      class: { title: 'Networks', isOpen: true },
    })
    const catalogue = async () =>
      (JSON.parse((await house.get('/api/catalogue', { cookie })).body.toString()) as CatalogueView).labs.map(
        ({ id }) => id,
      )
    expect(await catalogue()).toEqual(['default-bridge'])
    expect((await house.get('/api/labs/default-bridge', { cookie })).status).toBe(200)
    await house.records.people.changeClass(made.id, { labs: [] })
    await expect.poll(catalogue, { timeout: 8000 }).toEqual([])
    expect((await house.get('/api/labs/default-bridge', { cookie })).status).toBe(404)
  })

  it('leads back to the same seat from another browser, by the five words', async () => {
    const { phrase, cookie } = await join()
    const back = await house.post('/resume', { phrase: ` ${phrase.toUpperCase()}` })
    expect([back.status, back.headers.location]).toEqual([303, '/'])
    expect(cookieOf(back)).not.toBe(cookie)
    expect(await house.records.people.seats(made.id)).toHaveLength(1)
    const wrong = await house.post('/resume', { phrase: 'abandon ability able about above' })
    expect([wrong.status, wrong.headers['set-cookie']]).toEqual([403, undefined])
  })

  it('gives no second seat to who sends the form twice', async () => {
    const { cookie } = await join()
    const again = await house.post('/join', { code: 'ABCD1234', name: 'Ada', student: '' }, { cookie })
    expect([again.status, again.headers.location]).toEqual([303, '/'])
    expect(await house.records.people.seats(made.id)).toHaveLength(1)
  })

  it.each([
    ['a wrong code', { code: 'ABCD1235' }, 403, 'no code of a class'],
    ['what is no code', { code: '<script>' }, 403, '&#60;script&#62;'],
    ['no name', { name: ' \u202e ' }, 422, 'Type your name'],
    ['a long name', { name: 'x'.repeat(101) }, 422, 'Type your name'],
    ['a long id', { student: 'x'.repeat(65) }, 422, 'at most 64'],
  ])('refuses %s, in words', async (_what, fields, status, says) => {
    const { got, cookie } = await join('Ada', fields)
    expect([got.status, cookie]).toEqual([status, ''])
    expect(got.body.toString()).toContain(says)
    expect(got.body.toString()).toContain('role="alert"')
  })

  it('speaks the language of the browser, or the one that is asked for', async () => {
    const chinese = await house.get('/join', { 'accept-language': 'zh-CN,en;q=0.5' })
    expect(chinese.body.toString()).toContain('加入课堂')
    expect((await house.get('/login?language=zh')).body.toString()).toContain('密码')
  })

  it('takes forms from pages of ours alone', async () => {
    const fields = { code: 'ABCD1234', name: 'Ada' }
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]
    for (const headers of foreign) {
      expect([headers, (await house.post('/join', fields, headers)).status]).toEqual([headers, 403])
    }
    const bare = await house.get(
      '/join',
      { method: 'POST', 'content-type': 'application/x-www-form-urlencoded' },
      'a=b',
    )
    expect(bare.status).toBe(403)
    expect(await house.records.people.seats(made.id)).toEqual([])
  })

  it('is closed to who guesses, and open to others of the class', async () => {
    await house.stop()
    house = await House.start({ mostFailures: 5 })
    for (let n = 0; n < 5; n++) expect((await join('Ada', { code: 'ABCD9999' })).got.status).toBe(403)
    expect((await join('Ada', { code: 'ABCD9999' })).got.status).toBe(429)
    expect((await house.get('/join')).status).toBe(200)
  })

  const guess = (forwarded: string) =>
    house.post('/join', { code: 'ABCD9999', name: 'Ada' }, { 'x-forwarded-for': forwarded })

  it('counts those who guess behind a trusted proxy one by one, as the proxy names them', async () => {
    await house.stop()
    house = await House.start({ mostFailures: 5, trustedProxies: ['10.9.0.0/16', '127.0.0.1'] })
    const { people } = house.records
    const { id } = await people.createClass({ title: 'Networks', labs: [] })
    await people.changeClass(id, { code: 'ABCD1234' })
    for (let n = 0; n < 5; n++) expect((await guess('203.0.113.7')).status).toBe(403)
    expect((await guess('203.0.113.7')).status).toBe(429)
    // What a browser has sent itself stands before what the proxy adds, and another proxy of ours behind it.
    expect((await guess('198.51.100.1, 203.0.113.7')).status).toBe(429)
    expect((await guess('203.0.113.7, 10.9.8.7')).status).toBe(429)
    expect((await guess('203.0.113.8')).status).toBe(403)
    const joined = await house.post('/join', { code: 'ABCD1234', name: 'Bob' }, { 'x-forwarded-for': '2001:db8::1' })
    expect(joined.status).toBe(200)
    // A proxy that says nothing of use is counted itself.
    for (let n = 0; n < 5; n++) expect((await guess(n % 2 ? 'unknown' : '')).status).toBe(403)
    expect((await guess('unknown')).status).toBe(429)
    const log = await readFile(pathOf(house.folder, 'security.log'), 'utf8')
    expect(log).toContain('"from":"203.0.113.7"')
  })

  it.each([
    ['without a trusted proxy', []],
    ['where another one is trusted', ['192.0.2.1']],
  ])('believes nobody who says where they are from, %s', async (_where, trustedProxies) => {
    await house.stop()
    house = await House.start({ mostFailures: 5, trustedProxies })
    for (let n = 0; n < 5; n++) expect((await guess(`203.0.113.${n}`)).status).toBe(403)
    expect((await guess('203.0.113.9')).status).toBe(429)
  })

  it.each([
    ['127.0.0.1', true],
    ['10.0.0.0/8', true],
    ['fd00::/8', true],
    ['proxy.example.org', false],
    ['10.0.0.0/33', false],
    // That would be everybody.
    ['0.0.0.0/0', false],
    ['', false],
  ])('takes %s for a proxy: %s', (text, isOne) => {
    expect(isProxyAddress(text)).toBe(isOne)
  })

  it('has small forms', async () => {
    const got = await house.post('/join', { code: 'ABCD1234', name: 'x'.repeat(5000) })
    expect(got.status).toBe(413)
  })
})

it('cookies that are made up are looked up so often and no more, and who is in does not feel it', async () => {
  const { cookie } = await join()
  expect((await house.get('/api/me', { cookie })).status).toBe(200)
  const name = cookie.split('=')[0]
  const answers = await Promise.all(
    Array.from({ length: 300 }, () =>
      house.get('/', { cookie: Array.from({ length: 4 }, () => `${name}=${newSecret()}`).join('; ') }),
    ),
  )
  const statuses = new Set(answers.map(({ status }) => status))
  expect(statuses).toContain(429)
  expect([...statuses].every((status) => status === 401 || status === 429)).toBe(true)
  expect((await house.get('/api/me', { cookie })).status).toBe(200)
})

describe('staff', () => {
  async function welcome(login = 'grace@example.org') {
    const { people } = house.records
    const person = await people.addPerson({ name: 'Grace', login, mayFound: true })
    const secret = newSecret()
    await people.invite(person.id, hashOf(secret), new Date(Date.now() + 60_000).toISOString())
    return `/welcome/${secret}`
  }

  it('set their password by a link that works once, and log in with it', async () => {
    const link = await welcome()
    expect((await house.get(link)).body.toString()).toContain('Grace')
    const short = await house.post(link, { password: 'short' })
    expect([short.status, short.headers['set-cookie']]).toEqual([422, undefined])
    const password = 'a long enough password'
    const set = await house.post(link, { password })
    expect([set.status, set.headers.location]).toEqual([303, '/teach'])
    expect((await house.get('/teach', { cookie: cookieOf(set) })).status).toBe(200)
    expect((await house.get(link)).status).toBe(403)
    expect((await house.post(link, { password: 'another password' })).status).toBe(403)
    const wrong = await house.post('/login', { login: 'grace@example.org', password: 'a long enough Password' })
    expect([wrong.status, wrong.headers['set-cookie']]).toEqual([403, undefined])
    const right = await house.post('/login', { login: 'GRACE@example.org', password })
    expect(right.status).toBe(303)
    expect(JSON.parse((await house.get('/api/me', { cookie: cookieOf(right) })).body.toString())).toMatchObject({
      name: 'Grace',
      teaches: true,
    })
  })

  it('are guessed at ten times, whoever guesses', async () => {
    await welcome()
    const statuses: number[] = []
    for (let n = 0; n < 12; n++) {
      statuses.push((await house.post('/login', { login: 'grace@example.org', password: `guess ${n}` })).status)
    }
    expect(statuses).toEqual([...Array<number>(10).fill(403), 429, 429])
  }, 30_000)
})

describe('a login', () => {
  it('that is ended closes its pages within seconds, and opens nothing', async () => {
    const { cookie } = await join()
    const socket = await house.connect({ cookie })
    if (typeof socket === 'string') throw new Error(socket)
    const closed = new Promise((resolve) => socket.once('disconnect', resolve))
    const { learner } = (await house.records.people.seats(made.id))[0]!
    await house.records.people.endLoginsOf(learner)
    await closed
    await expect.poll(async () => (await house.get('/', { cookie })).status, { timeout: 8000 }).toBe(401)
    expect(await house.connect({ cookie })).toContain('401')
  }, 15_000)

  it('is ended by the one who has it', async () => {
    const { cookie } = await join()
    const out = await house.post('/logout', {}, { cookie })
    expect([out.status, out.headers.location]).toEqual([303, '/join'])
    expect((await house.get('/', { cookie })).status).toBe(401)
  })

  it.each<[string, (cookie: string, phrase: string) => Promise<Got>]>([
    ['the five words', (cookie, phrase) => house.post('/resume', { phrase }, { cookie })],
    [
      'the code of another class',
      async (cookie) => {
        const { people } = house.records
        const { id } = await people.createClass({ title: 'Other', labs: [] })
        await people.changeClass(id, { code: 'ABCD9999' })
        return house.post('/join', { code: 'ABCD9999', name: 'Ada' }, { cookie })
      },
    ],
    [
      'a password',
      async (cookie) => {
        const { people } = house.records
        const person = await people.addPerson({ name: 'Grace', login: 'grace', mayFound: true })
        const secret = newSecret()
        await people.invite(person.id, hashOf(secret), new Date(Date.now() + 60_000).toISOString())
        return house.post(`/welcome/${secret}`, { password: 'a long enough password' }, { cookie })
      },
    ],
  ])('takes the place of the one that the browser had: that opens nothing more (by %s)', async (_how, again) => {
    const { cookie, phrase } = await join()
    const elsewhere = cookieOf(await house.post('/resume', { phrase }))
    const socket = await house.connect({ cookie })
    if (typeof socket === 'string') throw new Error(socket)
    const closed = new Promise((resolve) => socket.once('disconnect', resolve))
    const fresh = cookieOf(await again(cookie, phrase))
    await closed
    const status = async (of: string) => (await house.get('/', { cookie: of })).status
    expect([await status(cookie), await status(fresh), await status(elsewhere)]).toEqual([401, 200, 200])
  })

  it('counts more than the token, and leaves the token as it is', async () => {
    const { cookie } = await join()
    const both = await house.get('/api/me', { cookie: `${house.cookie}; ${cookie}` })
    expect(JSON.parse(both.body.toString())).toMatchObject({ name: 'Ada', isOwner: false })
    const other = `${cookie.split('=')[0]}=${newSecret()}`
    const owner = await house.get('/api/me', { cookie: `${other}; ${house.cookie}` })
    expect(JSON.parse(owner.body.toString())).toMatchObject({ isOwner: true, teaches: true })
  })
})
