import type { Socket } from 'socket.io-client'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { hashOf, newSecret } from '../../server/learner/secret.js'
import type { ClassRecord, MemberRecord } from '../../server/store/people.js'
import { racksThatNeverOpen } from '../session/racks-that-never-open.js'
import { ask, House } from './house.js'

/** What goes on over an open socket ends when the role is taken by which it was begun, also where the login stays. */

let house: House
let one: ClassRecord
beforeEach(async () => {
  house = await House.start({ racks: racksThatNeverOpen })
  const { people } = house.records
  const { id } = await people.createClass({ title: 'Networks', labs: ['default-bridge'] })
  one = (await people.changeClass(id, { code: 'ABCD1234' }))!
})
afterEach(() => house.stop())

/** So long after a role was taken nothing of it goes on. */
const soon = { timeout: 5_000 }

async function connected(cookie: string): Promise<Socket> {
  const socket = await house.connect({ cookie })
  if (typeof socket === 'string') throw new Error(socket)
  return socket as unknown as Socket
}

async function staff(role: MemberRecord['role']): Promise<{ id: string; socket: Socket }> {
  const { people } = house.records
  const { id } = await people.addPerson({ name: role, login: role, mayFound: false })
  await people.setMember(one.id, id, role)
  const secret = newSecret()
  const endsAt = new Date(Date.now() + 600_000).toISOString()
  await people.addLogin({ hash: hashOf(secret), learner: id, idleMs: 600_000, endsAt })
  return { id, socket: await connected(`vethlab-${house.port}-login=${secret}`) }
}

/** A learner of the class, who has its lab open. */
async function learner(): Promise<{ seat: string; socket: Socket; session: string }> {
  const joined = await house.post('/join', { code: 'ABCD1234', name: 'Ada' })
  const socket = await connected(joined.headers['set-cookie']![0]!.split(';')[0]!)
  const [seat] = await house.records.people.seats(one.id)
  return { seat: seat!.id, socket, session: await opened(socket) }
}

async function opened(socket: Socket): Promise<string> {
  const answered = await ask(socket as never, 'session.join', { lab: 'default-bridge', open: true })
  return (answered as { value: { id: string } }).value.id
}

const asked = async (socket: Socket, name: string, what: object) => {
  const answered = await ask(socket as never, name, what)
  if (answered === undefined) return 'no answer'
  return answered.ok ? 'ok' : answered.trouble.code
}

it('a class is followed no longer', async () => {
  const { id, socket } = await staff('viewer')
  const { socket: learning, session } = await learner()
  const told: (object[] | null)[] = []
  socket.on('class.seats', (_class: string, rows: object[] | null) => told.push(rows))
  expect(await asked(socket, 'class.follow', { class: one.id })).toBe('ok')
  expect(await asked(learning, 'session.leave', { session })).toBe('ok')
  await expect.poll(() => told.length, soon).toBeGreaterThan(0)

  await house.records.people.setMember(one.id, id, undefined)
  // The page asks for all of it again then, and is refused.
  await expect.poll(() => told.at(-1), soon).toBeNull()
  expect(await asked(socket, 'class.follow', { class: one.id })).toBe('request.forbidden')
  const before = told.length
  await opened(learning)
  expect(await asked(learning, 'hand.raise', { lab: 'default-bridge' })).toBe('ok')
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  expect(told.length).toBe(before)
}, 30_000)

it.each([
  ['taken', undefined],
  ['one of a viewer', 'viewer'],
] as const)(
  'a look ends where the role is %s',
  async (_what, then) => {
    const { people } = house.records
    const { id, socket } = await staff('assistant')
    const { seat } = await learner()
    const ended: string[] = []
    socket.on('look.ended', (look: string) => ended.push(look))
    const look = await people.askLook({ seat, person: id, by: 'Grace', mayWrite: true })
    await people.giveLook(look.id, seat, new Date(Date.now() + 600_000).toISOString())
    expect(await asked(socket, 'look.open', { look: look.id })).toBe('ok')

    await people.setMember(one.id, id, then)
    await expect.poll(() => ended, soon).toEqual([look.id])
    expect(await asked(socket, 'look.open', { look: look.id })).toBe(then ? 'look.not-found' : 'request.forbidden')
    // Who gets the role back asks the learner anew.
    await expect.poll(async () => (await people.lookOf(look.id))?.endedAt, soon).not.toBeUndefined()
  },
  30_000,
)

it('a role that is changed for one that may as much ends nothing', async () => {
  const { people } = house.records
  const { id, socket } = await staff('assistant')
  const { seat } = await learner()
  const ended: string[] = []
  socket.on('look.ended', (look: string) => ended.push(look))
  const look = await people.askLook({ seat, person: id, by: 'Grace', mayWrite: true })
  await people.giveLook(look.id, seat, new Date(Date.now() + 600_000).toISOString())
  expect(await asked(socket, 'look.open', { look: look.id })).toBe('ok')
  await people.setMember(one.id, id, 'teacher')
  await expect.poll(() => asked(socket, 'class.code', { class: one.id, on: true }), soon).toBe('ok')
  expect([ended, await asked(socket, 'look.open', { look: look.id })]).toEqual([[], 'ok'])
}, 30_000)

it('what somebody shows to a class is shown no longer', async () => {
  const { id, socket } = await staff('teacher')
  const { socket: learning } = await learner()
  const session = await opened(socket)
  expect(await asked(socket, 'share.begin', { class: one.id, session })).toBe('ok')
  expect(await asked(learning, 'share.open', {})).toBe('ok')
  await house.records.people.setMember(one.id, id, 'viewer')
  await expect.poll(() => asked(learning, 'share.open', {}), soon).toBe('session.not-found')
}, 30_000)
