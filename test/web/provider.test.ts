import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider as Issuer } from 'oidc-provider'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hashOf, newSecret } from '../../server/learner/secret.js'
import { Provider } from '../../server/web/provider.js'
import { type Got, House } from './house.js'

/** A real provider on loopback, whose people are all that log in at once. */

let issuer: Server
let issuerAddress: string
/** Who logs in next there. */
let account = 'ada'
let redirect = ''
beforeAll(async () => {
  issuer = createServer()
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve))
  issuerAddress = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`
})
afterAll(() => {
  issuer.close()
  issuer.closeAllConnections()
})

let house: House
beforeEach(async () => {
  account = 'ada'
  house = await House.start({ provider: (port) => provider(port) })
  redirect = `${house.origin}/oidc`
  const real = new Issuer(issuerAddress, {
    clients: [
      {
        client_id: 'vethlab',
        client_secret: 'a-secret-of-the-test',
        redirect_uris: [redirect],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ['sub'], profile: ['name'] },
    conformIdTokenClaims: false,
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: `${id[0]!.toUpperCase()}${id.slice(1)}\u202eof the provider` }),
    }),
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    cookies: { keys: ['a-key-of-the-test'] },
  })
  issuer.removeAllListeners('request')
  issuer.on('request', async (request, response) => {
    if (!request.url!.startsWith('/interaction/')) return real.callback()(request, response)
    const details = await real.interactionDetails(request, response)
    const grant = new real.Grant({ accountId: account, clientId: 'vethlab' })
    grant.addOIDCScope('openid profile')
    const result =
      account === 'nobody'
        ? { error: 'access_denied', error_description: 'not this one' }
        : { login: { accountId: account }, consent: { grantId: await grant.save() } }
    return real.interactionFinished(request, response, { ...(details.lastSubmission ?? {}), ...result })
  })
})
afterEach(() => house.stop())

function provider(port: number): Provider {
  return new Provider({
    issuer: issuerAddress,
    clientId: 'vethlab',
    clientSecret: 'a-secret-of-the-test',
    redirect: `http://127.0.0.1:${port}/oidc`,
    name: 'Campus <Login>',
  })
}

function cookiesOf({ headers }: Got): string[] {
  return (headers['set-cookie'] ?? []).map((cookie) => cookie.split(';')[0]!)
}

/** Goes through the provider as a browser does. @returns what our server says to who comes back, and the cookies by then */
async function logIn({ begin = '/oidc/begin', change = (url: string) => url } = {}) {
  const started = await house.get(begin)
  expect(started.status).toBe(303)
  const ours = cookiesOf(started)
  const jar = new Map<string, string>()
  let at = started.headers.location!
  while (!at.startsWith(redirect)) {
    const answer = await fetch(at, {
      redirect: 'manual',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
    })
    for (const cookie of answer.headers.getSetCookie()) {
      const [name, value] = cookie.split(';')[0]!.split('=') as [string, string]
      jar.set(name, value)
    }
    const next = answer.headers.get('location')
    if (next === null) throw new Error(`${answer.status}: ${(await answer.text()).slice(0, 500)}`)
    at = new URL(next, at).href
  }
  const back = new URL(change(at))
  const got = await house.get(back.pathname + back.search, { cookie: ours.join('; ') })
  // A newer one takes the place of one of its name.
  const kept = new Map([...ours, ...cookiesOf(got)].map((cookie) => [cookie.split('=')[0], cookie]))
  return { got, cookie: [...kept.values()].join('; '), back: back.pathname + back.search }
}

async function newClass(title: string, code: string) {
  const { id } = await house.records.people.createClass({ title, labs: ['default-bridge'] })
  await house.records.people.changeClass(id, { code })
  return id
}

const meOf = async (cookie: string) => JSON.parse((await house.get('/api/me', { cookie })).body.toString())

describe('a login service', () => {
  it('is offered by its name, which is no markup', async () => {
    for (const path of ['/join', '/login']) {
      expect((await house.get(path)).body.toString()).toContain('Campus &#60;Login&#62;')
    }
  })

  it('brings a learner to a seat by the code alone, and back to it the next time', async () => {
    const id = await newClass('Networks', 'ABCD1234')
    const first = await logIn()
    expect(first.got.status).toBe(200)
    expect(first.got.body.toString()).toContain('Ada of the provider')
    const wrong = await house.post('/oidc/join', { code: 'ABCD9999' }, { cookie: first.cookie })
    expect(wrong.status).toBe(403)
    const joined = await house.post('/oidc/join', { code: 'abcd-1234' }, { cookie: first.cookie })
    expect([joined.status, joined.headers.location]).toEqual([303, '/'])
    expect(await meOf(cookiesOf(joined).join('; '))).toMatchObject({
      name: 'Ada of the provider',
      class: { title: 'Networks' },
    })
    const again = await logIn()
    expect([again.got.status, again.got.headers.location]).toEqual([303, '/'])
    expect(await meOf(again.cookie)).toMatchObject({ name: 'Ada of the provider' })
    expect(await house.records.people.seats(id)).toHaveLength(1)
    account = 'eve'
    expect((await logIn()).got.status).toBe(200)
  })

  it('asks which class, where there are several, and gives nobody another one’s seat', async () => {
    await newClass('Networks', 'ABCD1234')
    const second = await newClass('Firewalls', 'ABCD1235')
    for (const code of ['ABCD1234', 'ABCD1235']) {
      const { cookie } = await logIn()
      await house.post('/oidc/join', { code }, { cookie })
    }
    const stranger = await house.post('/join', { code: 'ABCD1235', name: 'Mallory' })
    expect(stranger.status).toBe(200)
    const { got, cookie } = await logIn()
    expect(got.body.toString()).toMatch(/Firewalls<\/button>[\s\S]*Networks|Networks<\/button>[\s\S]*Firewalls/)
    const seats = await house.records.people.seats(second)
    const own = seats.find(({ name }) => name.startsWith('Ada'))!
    const others = seats.find(({ name }) => name === 'Mallory')!
    expect((await house.post('/oidc/choose', { seat: others.learner }, { cookie })).status).toBe(403)
    const chosen = await house.post('/oidc/choose', { seat: own.learner }, { cookie })
    expect(await meOf(cookiesOf(chosen).join('; '))).toMatchObject({ class: { title: 'Firewalls' } })
  })

  it('makes staff of who accepts an invitation by it, once', async () => {
    const { people } = house.records
    const person = await people.addPerson({ name: 'Grace', login: 'grace', mayFound: true })
    const secret = newSecret()
    await people.invite(person.id, hashOf(secret), new Date(Date.now() + 60_000).toISOString())
    expect((await house.get(`/welcome/${secret}`)).body.toString()).toContain(`/oidc/begin?invitation=${secret}`)
    account = 'grace'
    const accepted = await logIn({ begin: `/oidc/begin?invitation=${secret}` })
    expect([accepted.got.status, accepted.got.headers.location]).toEqual([303, '/teach'])
    const again = await logIn()
    expect(again.got.headers.location).toBe('/teach')
    expect(await meOf(again.cookie)).toMatchObject({ name: 'Grace', teaches: true })
    account = 'eve'
    expect((await logIn({ begin: `/oidc/begin?invitation=${secret}` })).got.status).toBe(403)
  })

  it('lets nobody in who says no there, comes back changed, twice, or in another browser', async () => {
    account = 'nobody'
    expect((await logIn()).got.status).toBe(403)
    account = 'ada'
    expect((await logIn({ change: (url) => url.replace(/state=[^&]+/, 'state=x') })).got.status).toBe(403)
    expect((await logIn({ change: (url) => url.replace(/code=[^&]+/, 'code=x') })).got.status).toBe(403)
    const { back, cookie } = await logIn()
    expect((await house.get(back, { cookie })).status).toBe(403)
    expect((await house.get(back)).status).toBe(403)
    const other = await house.get('/oidc/begin')
    const stolen = await logIn()
    expect((await house.get(stolen.back, { cookie: cookiesOf(other).join('; ') })).status).toBe(403)
  })
})

it('that is away is said, and tried again with the next login', async () => {
  const gone = new Provider({
    issuer: 'http://127.0.0.1:1',
    clientId: 'x',
    redirect: `${house.origin}/oidc`,
    name: 'x',
  })
  await expect(gone.begin()).rejects.toThrow('http://127.0.0.1:1')
  await house.stop()
  house = await House.start({ provider: () => gone })
  const got = await house.get('/oidc/begin')
  expect(got.status).toBe(503)
  expect(got.body.toString()).toContain('be reached right now')
})
