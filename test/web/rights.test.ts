import type { Socket } from 'socket.io-client'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { MatrixView } from '../../server/protocol/classes.js'
import type { SearchView } from '../../server/protocol/protocol.js'
import { requests } from '../../server/protocol/requests.js'
import { newId } from '../../server/store/id.js'
import type { ClassRecord, MemberRecord } from '../../server/store/people.js'
import { Access } from '../../server/web/access.js'
import { webApp } from '../../server/web/app.js'
import { Gate } from '../../server/web/gate.js'
import type { Provider } from '../../server/web/provider.js'
import { ask, House } from './house.js'
import { routesOf } from './routes.js'

/** Each request of the protocol, asked by each role of its own class, of another class, and of another learner's session. */

let house: House
let own: ClassRecord
let other: ClassRecord
let seat: string
let foreignSession: string
const sockets: Record<string, Socket> = {}

beforeAll(async () => {
  house = await House.start()
  const { people } = house.records
  const newClass = async (code: string) => {
    const { id } = await people.createClass({ title: code, labs: ['default-bridge'] })
    return (await people.changeClass(id, { code }))!
  }
  own = await newClass('ABCD1234')
  other = await newClass('ABCD1235')
  const cookieFor = async (code: string) => {
    const got = await house.post('/join', { code, name: 'Ada' })
    return got.headers['set-cookie']![0]!.split(';')[0]!
  }
  const connected = async (name: string, cookie: string) => {
    const socket = await house.connect({ cookie })
    if (typeof socket === 'string') throw new Error(`${name}: ${socket}`)
    sockets[name] = socket as unknown as Socket
  }
  await connected('learner', await cookieFor('ABCD1234'))
  await cookieFor('ABCD1235')
  const [first] = await people.seats(own.id)
  // Another one of the class: some requests end the logins of the seat that they are about.
  await cookieFor('ABCD1234')
  seat = (await people.seats(own.id)).find(({ id }) => id !== first!.id)!.id
  const foreign = (await people.seats(other.id))[0]!
  foreignSession = newId()
  await house.records.createSession({
    id: foreignSession,
    learner: foreign.learner,
    lab: 'default-bridge',
    labHash: 'a'.repeat(64),
  })
  for (const role of ['teacher', 'assistant', 'viewer'] satisfies MemberRecord['role'][]) {
    const person = await people.addPerson({ name: role, login: role, mayFound: false })
    await people.setMember(own.id, person.id, role)
    await connected(role, `vethlab-${house.port}-login=${await letIn(person.id)}`)
  }
  await connected('owner', house.cookie)
})
afterAll(() => house.stop())

async function letIn(learner: string): Promise<string> {
  const { hashOf, newSecret } = await import('../../server/learner/secret.js')
  const secret = newSecret()
  const endsAt = new Date(Date.now() + 600_000).toISOString()
  await house.records.people.addLogin({ hash: hashOf(secret), learner, idleMs: 600_000, endsAt })
  return secret
}

const size = { cols: 80, rows: 24 }
const terminal = 'a'.repeat(32)
/** What each request is asked with, of a session or of a class. A request that is missing here fails the test below. */
const asks: Record<string, Record<string, unknown>> = {
  'session.join': { lab: 'default-bridge', open: false },
  'session.reopen': { replay: false },
  'step.check': { step: 'first' },
  'step.answer': { step: 'cable', id: 'cable', text: 'veth1' },
  'step.hint': { step: 'first', check: 0 },
  'step.show': { step: 'first' },
  'step.do': { step: 'first' },
  'step.skip': { step: 'first' },
  'rack.reset': {},
  'rack.replay': { step: 'first' },
  'rack.preview': { host: 'node1', port: 80 },
  'block.run': { block: { page: 0 } },
  'block.text': { block: { page: 0 } },
  'session.leave': {},
  'session.startOver': {},
  'session.stay': {},
  'network.follow': {},
  'network.at': { entry: 1 },
  'trace.run': { from: 'a', to: 'b' },
  'trace.repeat': { from: 'a', to: 'b', count: 2 },
  'trace.check': { step: 'first', check: 0 },
  'trace.cancel': {},
  'diagnose.run': { container: 'web' },
  'inquiry.tell': {},
  'author.run': { step: 'first', way: { way: 'solution' } },
  'author.look': { step: 'first', check: 0 },
  'terminal.open': { host: 'node1', ...size },
  'terminal.close': { terminal },
  'terminal.attach': { terminal },
  'terminal.detach': { terminal },
  'terminal.write': { terminal, text: 'x' },
  'terminal.resize': { terminal, ...size },
  'class.list': {},
  'class.create': { title: 'New', labs: [] },
  'class.change': {},
  'class.code': { on: true },
  'class.dates': { lab: 'default-bridge', opensAt: null, dueAt: null, after: null },
  'class.extend': { minutes: 5 },
  'hand.pause': { on: false },
  'hint.list': { lab: 'default-bridge' },
  'hint.give': { lab: 'default-bridge', step: 'first', check: 0 },
  'look.offer': { offer: null },
  'share.map': {},
  'seat.reset': {},
  'seat.merge': { other: 'd'.repeat(32) },
  'class.end': {},
  'class.follow': {},
  'class.unfollow': {},
  'seat.add': { csv: 'name,id\nBob,B1\n' },
  'seat.reissue': {},
  'seat.remove': {},
  'seat.close': {},
  'class.regrade': { lab: 'default-bridge' },
  'class.assess': { lab: 'default-bridge', assessed: { shows: 'points' } },
  'work.submit': {},
  'class.lock': { lab: 'default-bridge', steps: [], solutions: false },
  'class.export': { format: 'csv' },
  'note.send': { text: 'Hello' },
  'seat.detail': { lab: 'default-bridge' },
  'seat.network': { lab: 'default-bridge' },
  'hand.take': { on: true },
  'hand.close': {},
  'desk.follow': {},
  'hand.raise': { lab: 'default-bridge' },
  'hand.lower': {},
  'share.begin': { session: 'c'.repeat(32) },
  'share.end': {},
  'share.open': {},
  'share.attach': { terminal },
  'look.ask': { mayWrite: false },
  'look.give': { look: 'b'.repeat(32), minutes: 5 },
  'look.end': { look: 'b'.repeat(32) },
  'look.open': { look: 'b'.repeat(32) },
  'look.attach': { look: 'b'.repeat(32), terminal },
}
const withoutSession = new Set(['session.join', 'terminal.detach', 'terminal.write', 'terminal.resize'])
const ofClass = Object.keys(requests).filter((name) => 'class' in (shapeOf(name) ?? {}))
const assists = [
  'seat.reissue',
  'class.lock',
  'class.export',
  'note.send',
  'hand.take',
  'hand.close',
  'share.end',
  'seat.close',
  'look.ask',
  'seat.network',
  'seat.detail',
  'hand.pause',
  'hint.list',
  'hint.give',
]
const leads = ['class.assess', 'class.regrade', 'class.change', 'class.code', 'seat.add', 'class.dates']
/** What is allowed, and comes to nothing here: each with what is wrong with it then. */
const inVain: Record<string, { of: readonly string[]; code: string }> = {
  // There is nothing of their own to be shown: another's is not found either.
  'share.begin': { of: ['assistant', 'teacher'], code: 'session.not-found' },
  'seat.reset': { of: ['assistant', 'teacher'], code: 'session.not-open' },
  'seat.merge': { of: ['teacher'], code: 'class.not-found' },
  // It has no end.
  'class.extend': { of: ['teacher'], code: 'argument.invalid' },
}

function shapeOf(name: string): Record<string, unknown> | undefined {
  return (requests[name as keyof typeof requests] as unknown as { shape?: Record<string, unknown> }).shape
}

async function codeOf(who: string, name: string, what: Record<string, unknown>): Promise<string> {
  const answered = await ask(sockets[who] as never, name, what)
  if (answered === undefined) return 'no answer'
  if (!answered.ok && answered.trouble.code === 'request.limit') {
    await new Promise((resolve) => setTimeout(resolve, 200))
    return codeOf(who, name, what)
  }
  return answered.ok ? 'ok' : answered.trouble.code
}

it('knows every request of the protocol', () => {
  expect(Object.keys(asks).toSorted()).toEqual(Object.keys(requests).toSorted())
})

it.each(['owner', 'teacher', 'assistant', 'viewer', 'learner'])('a %s works in no session of another', async (who) => {
  for (const [name, rest] of Object.entries(asks)) {
    const shape = shapeOf(name) ?? {}
    if (!('session' in shape) || 'class' in shape) continue
    expect([name, await codeOf(who, name, { session: foreignSession, ...rest })]).toEqual([name, 'session.not-found'])
  }
  for (const name of ['terminal.write', 'terminal.resize']) {
    expect([name, await codeOf(who, name, asks[name]!)]).toEqual([name, 'terminal.detached'])
  }
  expect(withoutSession.size).toBe(4)
})

it.each([
  ['viewer', ['class.follow']],
  ['assistant', ['class.follow', ...assists]],
  ['learner', []],
  ['teacher', ['class.follow', ...assists, ...leads]],
])('a %s does that in their class, and nothing in another', async (who, may) => {
  for (const name of ofClass) {
    // These two would end what the others are asked of; who may lead may do them as well.
    const what: Record<string, unknown> = {
      class: own.id,
      ...('seat' in shapeOf(name)! ? { seat } : {}),
      ...asks[name],
    }
    const elsewhere = { ...what, class: other.id }
    expect([name, await codeOf(who, name, elsewhere)]).toEqual([name, 'request.forbidden'])
    expect([name, await codeOf(who, name, { ...what, class: newId() })]).toEqual([name, 'request.forbidden'])
    if (who === 'teacher' && (name === 'class.end' || name === 'seat.remove')) continue
    const vain = inVain[name]
    if (vain) {
      if (name === 'share.begin') what.session = foreignSession
      const found = vain.of.includes(who) ? vain.code : 'request.forbidden'
      expect([name, await codeOf(who, name, what)]).toEqual([name, found])
      continue
    }
    expect([name, await codeOf(who, name, what)]).toEqual([name, may.includes(name) ? 'ok' : 'request.forbidden'])
  }
  expect(await codeOf(who, 'class.create', asks['class.create']!)).toBe('request.forbidden')
})

it('lists to each the classes that they may see', async () => {
  const seen = async (who: string) => {
    const answered = await ask(sockets[who] as never, 'class.list', {})
    return answered?.ok ? (answered.value as { id: string }[]).map(({ id }) => id).toSorted() : undefined
  }
  for (const who of ['teacher', 'assistant', 'viewer']) expect(await seen(who)).toEqual([own.id])
  expect(await seen('learner')).toEqual([])
  expect(await seen('owner')).toEqual([own.id, other.id].toSorted())
})

it('tells the code of a class to who helps in it alone', async () => {
  const told = async (who: string) => {
    const answered = await ask(sockets[who] as never, 'class.follow', { class: own.id })
    return answered?.ok ? (answered.value as MatrixView).class.code !== undefined : undefined
  }
  expect([await told('owner'), await told('teacher'), await told('assistant')]).toEqual([true, true, true])
  expect([await told('viewer'), await told('learner')]).toEqual([false, undefined])
})

it.each(['owner', 'teacher', 'assistant', 'viewer', 'learner'])('a look of others is none of a %s', async (who) => {
  const { people } = house.records
  const [foreign] = await people.seats(other.id)
  const look = await people.askLook({ seat: foreign!.id, person: 'somebody', by: 'Somebody', mayWrite: true })
  await people.giveLook(look.id, foreign!.id, new Date(Date.now() + 60_000).toISOString())
  for (const name of ['look.give', 'look.end', 'look.open', 'look.attach']) {
    expect([name, await codeOf(who, name, { ...asks[name], look: look.id })]).toEqual([name, 'look.not-found'])
  }
  expect((await people.lookOf(look.id))?.endedAt).toBeUndefined()
})

it('a seat of another class is not reached through one’s own', async () => {
  const [foreign] = await house.records.people.seats(other.id)
  for (const name of [
    'seat.reissue',
    'seat.network',
    'seat.close',
    'seat.remove',
    'seat.detail',
    'hand.take',
    'hand.close',
    'note.send',
    'seat.reset',
    'seat.merge',
    'class.extend',
  ]) {
    const what = { ...asks[name], class: own.id, seat: foreign!.id }
    expect([name, await codeOf('teacher', name, what)]).toEqual([name, 'class.not-found'])
  }
  const hint = { ...asks['hint.give'], class: own.id, seats: [foreign!.id] }
  expect(await codeOf('teacher', 'hint.give', hint)).toBe('class.not-found')
  expect(await codeOf('teacher', 'seat.merge', { class: own.id, seat, other: foreign!.id })).toBe('class.not-found')
  expect(await house.records.people.seats(other.id)).toHaveLength(1)
})

it('a lab that the class has not opened is sent to nobody of it, and one that is over is read alone', async () => {
  const { people } = house.records
  const { id } = await people.createClass({ title: 'Dates', labs: ['default-bridge'] })
  await people.changeClass(id, { code: 'ABCD1236' })
  const joined = await house.post('/join', { code: 'ABCD1236', name: 'Ada' })
  const cookie = joined.headers['set-cookie']![0]!.split(';')[0]!
  sockets.dated = (await house.connect({ cookie })) as unknown as Socket
  const session = newId()
  const { learner } = (await people.seats(id))[0]!
  const labHash = 'a'.repeat(64)
  const read = async () => {
    const { status, body } = await house.get('/api/labs/default-bridge?language=en', { cookie })
    return [status, body.toString().includes('data-block')]
  }
  const card = async () => {
    const { labs } = JSON.parse((await house.get('/api/catalogue', { cookie })).body.toString())
    return (labs as { id: string; closed?: { why: string } }[])[0]!
  }
  const found = async () => {
    const { body } = await house.get('/api/search?words=docker0', { cookie })
    return (JSON.parse(body.toString()).labs as { id: string }[]).map(({ id }) => id)
  }
  const code = (name: string, what: object) => codeOf('dated', name, what as Record<string, unknown>)
  const hour = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString()
  const soon = { timeout: 8_000 }
  expect(await read()).toEqual([200, true])
  expect(await found()).toEqual(['default-bridge'])

  await people.changeClass(id, { dates: { 'default-bridge': { opensAt: hour(1) } } })
  await expect.poll(read, soon).toEqual([404, false])
  expect(await card()).toMatchObject({ id: 'default-bridge', closed: { why: 'not-yet' } })
  expect(await found()).toEqual([])
  await expect.poll(() => code('session.join', { lab: 'default-bridge', open: false }), soon).toBe('request.forbidden')

  await house.records.createSession({ id: session, learner, lab: 'default-bridge', labHash })
  await people.changeClass(id, { dates: { 'default-bridge': { dueAt: hour(-1) } } })
  await expect.poll(read, soon).toEqual([200, true])
  expect(await card()).toMatchObject({ closed: { why: 'due' } })
  expect(await found()).toEqual(['default-bridge'])
  await expect.poll(() => code('session.join', { lab: 'default-bridge', open: true }), soon).toBe('ok')
  for (const name of [
    'step.check',
    'step.answer',
    'session.reopen',
    'session.startOver',
    'rack.reset',
    'terminal.open',
  ]) {
    expect([name, await code(name, { session, ...asks[name] })]).toEqual([name, 'lab.over'])
  }
  expect(await code('session.leave', { session })).toBe('ok')

  // What comes after itself never opens: one that is finished opens the next, in classroom.test.ts.
  await people.changeClass(id, { dates: { 'default-bridge': { after: 'default-bridge' } } })
  await expect.poll(read, soon).toEqual([404, false])
})

it('nothing is found in a step that the class has locked, nor in a lab that is not of the class', async () => {
  const { people } = house.records
  const { id } = await people.createClass({ title: 'Locks', labs: ['default-bridge'] })
  await people.changeClass(id, { code: 'ABCD1237' })
  const joined = await house.post('/join', { code: 'ABCD1237', name: 'Ada' })
  const cookie = joined.headers['set-cookie']![0]!.split(';')[0]!
  const sections = async () => {
    const { body } = await house.get('/api/search?words=MASQUERADE', { cookie })
    const { labs } = JSON.parse(body.toString()) as SearchView
    return labs.flatMap(({ sections }) => sections.map((section) => section.id))
  }
  const soon = { timeout: 8_000 }
  expect(await sections()).toContain('nat')
  await people.changeClass(id, { locks: { 'default-bridge': { steps: ['nat'] } } })
  await expect.poll(sections, soon).not.toContain('nat')
  await people.changeClass(id, { labs: [] })
  await expect.poll(sections, soon).toEqual([])
})

/**
 * Each route over HTTP, with an address of it, and who may ask: `known`, who is let in alone; `form`, everybody, from a page of ours;
 * a number: everybody, and that is what a stranger is answered.
 */
const routes: Record<string, { path: string; asks: 'known' | 'form' | number }> = {
  'GET /api/me': { path: '/api/me', asks: 'known' },
  'GET /api/catalogue': { path: '/api/catalogue', asks: 'known' },
  'GET /api/search': { path: '/api/search?words=docker', asks: 'known' },
  'GET /api/labs/:id': { path: '/api/labs/default-bridge', asks: 'known' },
  'GET /join': { path: '/join', asks: 200 },
  'GET /join/:code': { path: '/join/ABCD1234', asks: 200 },
  'POST /join': { path: '/join', asks: 'form' },
  'POST /resume': { path: '/resume', asks: 'form' },
  'GET /login': { path: '/login', asks: 200 },
  'POST /login': { path: '/login', asks: 'form' },
  'GET /welcome/:secret': { path: '/welcome/secret', asks: 403 },
  'POST /welcome/:secret': { path: '/welcome/secret', asks: 'form' },
  'POST /logout': { path: '/logout', asks: 'form' },
  'GET /oidc/begin': { path: '/oidc/begin', asks: 303 },
  'GET /oidc': { path: '/oidc', asks: 403 },
  'GET /oidc/join': { path: '/oidc/join', asks: 403 },
  'POST /oidc/join': { path: '/oidc/join', asks: 'form' },
  'POST /oidc/choose': { path: '/oidc/choose', asks: 'form' },
}

/** One that knows nobody. */
const strange = {
  name: 'Campus login',
  begin: async () => ({ url: 'https://id.example.org/', secret: 'a'.repeat(43) }),
  finish: async () => undefined,
  remembered: () => undefined,
} as unknown as Provider

it('knows every route over HTTP', () => {
  const access = new Access({ token: undefined, host: '127.0.0.1', port: 1, publicNames: [] })
  const none = {} as never
  const app = webApp({
    ...{ access, log: none, assets: new Map(), preloads: none, sessions: none, people: none, classroom: none },
    gate: new Gate(access, none, 'owner'),
    provider: strange,
  })
  expect(Object.keys(routes).toSorted()).toEqual(routesOf(app).toSorted())
})

it('asks at every route over HTTP who it is, or takes forms of pages of ours alone', async () => {
  const open = await House.start({ provider: () => strange })
  onTestFinished(() => open.stop())
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const askers: Record<string, string>[] = [{}, { cookie: open.cookie }]
  for (const [route, { path, asks }] of Object.entries(routes)) {
    const [method = ''] = route.split(' ')
    if (asks === 'form') {
      const foreign: Record<string, string>[] = [
        {},
        { origin: 'https://evil.example' },
        { origin: open.origin, 'sec-fetch-site': 'same-site' },
      ]
      for (const headers of foreign) {
        for (const who of askers) {
          const got = await open.get(path, { method, ...type, ...headers, ...who }, 'code=ABCD1234&name=Ada')
          expect([route, headers, got.status, got.headers['set-cookie']]).toEqual([route, headers, 403, undefined])
        }
      }
      continue
    }
    const { status, body } = await open.get(path, { method })
    expect([route, status]).toEqual([route, asks === 'known' ? 401 : asks])
    expect(body.toString()).not.toContain('default-bridge')
    if (asks === 'known') expect([route, (await open.known(path, { method })).status]).toEqual([route, 200])
  }
})

it('changes nothing over HTTP but by those forms', async () => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    for (const path of ['/', '/teach', '/api/me', '/api/catalogue', '/api/labs/default-bridge', '/api/none']) {
      const { status } = await house.known(path, { method, origin: house.origin })
      expect([method, path, status]).toEqual([method, path, 405])
    }
  }
})

it('pages and documents are for those who are let in', async () => {
  for (const path of ['/', '/labs/default-bridge', '/teach', `/teach/${own.id}`]) {
    expect([path, (await house.get(path)).status]).toEqual([path, 401])
    expect([path, (await house.known(path)).status]).toEqual([path, 200])
  }
})

it('the owner founds a class, and ends one: nobody works in it any more', async () => {
  const joined = await house.post('/join', { code: (await house.records.people.classOf(own.id))!.code!, name: 'Late' })
  const cookie = joined.headers['set-cookie']![0]!.split(';')[0]!
  sockets.late = (await house.connect({ cookie })) as unknown as Socket
  const isOpen = async () => JSON.parse((await house.get('/api/me', { cookie })).body.toString()).class.isOpen
  expect(await codeOf('late', 'session.join', asks['session.join']!)).toBe('ok')
  expect(await codeOf('owner', 'class.create', asks['class.create']!)).toBe('ok')
  expect(await isOpen()).toBe(true)
  expect(await codeOf('owner', 'class.end', { class: own.id })).toBe('ok')
  expect(await isOpen()).toBe(false)
  expect(await codeOf('late', 'session.join', asks['session.join']!)).toBe('request.forbidden')
  expect(await codeOf('late', 'session.stay', { session: foreignSession })).toBe('request.forbidden')
})
