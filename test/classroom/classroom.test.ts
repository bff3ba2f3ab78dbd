import { parse } from 'csv-parse/sync'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { Classroom } from '../../server/classroom/classroom.js'
import { quotaOf } from '../../server/classroom/quota.js'
import { closeOver } from '../../server/classroom/timetable.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { ownerOf, type Who } from '../../server/learner/who.js'
import { fromPackage } from '../../server/package-root.js'
import type { SeatView } from '../../server/protocol/classes.js'
import { Sessions } from '../../server/session/sessions.js'
import type { SeatRecord } from '../../server/store/people.js'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { racksThatNeverOpen } from '../session/racks-that-never-open.js'
import { newDirectory } from '../store/directory.js'

const lab = await loadLab(fromPackage('labs', 'default-bridge'))

let records: SqliteRecords
let sessions: Sessions
let classroom: Classroom
let owner: Who
let id: string
beforeEach(async () => {
  records = SqliteRecords.open(`${newDirectory()}/records.sqlite`)
  sessions = await Sessions.start(racksThatNeverOpen, [lab], records, {
    quotaFor: (learner) => quotaOf(records.people, learner),
  })
  classroom = new Classroom(sessions, records)
  owner = ownerOf(await records.localLearner())
  onTestFinished(async () => {
    classroom.close()
    await sessions.stop()
    await records.close()
  })
  id = (await classroom.create(owner, { title: 'Networks', labs: ['default-bridge', 'no-such-lab'] })).id
  await classroom.setCode(owner, id, true)
})

async function seated(name: string, student?: string): Promise<SeatRecord> {
  const { code } = (await records.people.classOf(id))!
  const joined = await records.people.join({
    code: code!,
    name,
    ...(student ? { student } : {}),
    phrase: `${Math.random()}`,
    most: 9,
  })
  if ('refused' in joined) throw new Error(joined.refused)
  return joined.seat
}

/** A session that is over, with its first step done, and a check of the second one failed. */
async function worked({ learner }: SeatRecord): Promise<void> {
  const session = `s${Math.random()}`
  await records.createSession({ id: session, learner, lab: lab.id, labHash: lab.contentHash })
  await records.setStep(session, 'first', 'passed')
  const why = { en: 'client is missing', zh: '没有 client' }
  await records.addVerdicts(session, { step: 'cable', asked: true, labHash: lab.contentHash }, [
    {
      index: 0,
      family: 'container',
      outcome: 'fail',
      reason: 'container.missing',
      evidence: { expected: why, observed: why, why },
    },
  ])
  await records.endSession(session, 'left')
}

it('has the labs that are there, in their order, and a code that is shown in halves', async () => {
  const [view] = await classroom.list(owner)
  expect(view).toMatchObject({ title: 'Networks', isOpen: true, mayLead: true, seats: 0 })
  expect(view!.labs.map((one) => one.id)).toEqual(['default-bridge'])
  expect(view!.labs[0]!.steps[0]).toEqual({
    id: 'first',
    heading: { en: 'The first container', zh: expect.stringMatching(/\p{Script=Han}/u) },
    optional: false,
  })
  expect(view!.code).toMatch(/^....-....$/)
  expect(await classroom.list({ person: 'nobody', roles: [] })).toEqual([])
})

it('gives the grades of a lab as gradebooks take them, and says who can not be named', async () => {
  const ada = await seated('Ada Lovelace', 'A7')
  await seated('Never There', 'N1')
  await worked(ada)
  const get = async (gradebook: 'csv' | 'canvas' | 'moodle' | 'nbgrader') => {
    const { name, text } = await classroom.export(owner, id, { gradebook, lab: lab.id, language: 'en' })
    expect(name).toBe(`default-bridge-${gradebook}.csv`)
    return parse(text, { columns: true }) as Record<string, string>[]
  }
  const all = lab.steps.reduce((sum, { points }) => sum + points, 0)
  expect(await get('csv')).toMatchObject([{ student: 'A7', points: '1', of: String(all) }])
  expect((await get('canvas'))[1]).toMatchObject({ Student: 'Ada Lovelace', 'SIS User ID': 'A7', [lab.title.en]: '1' })
  expect(await get('moodle')).toMatchObject([{ 'ID number': 'A7', [lab.title.en]: '1' }])
  expect(await get('nbgrader')).toMatchObject([{ student_id: 'A7', score: '1', max_score: String(all) }])
  await worked(await seated('Without an id'))
  await expect(get('moodle')).rejects.toThrow('not everybody has a login')
})

it('tells what a learner did: verdicts with what they were found by', async () => {
  const ada = await seated('Ada')
  await worked(ada)
  const { steps, timeline } = await classroom.detail(id, ada.id, lab.id)
  expect(timeline).toEqual([])
  expect(steps.map((step) => [step.id, step.verdicts.length])).toEqual(
    lab.steps.map((step) => [step.id, step.id === 'cable' ? 1 : 0]),
  )
  expect(steps[1]!.verdicts[0]).toMatchObject({
    check: 0,
    outcome: 'fail',
    why: { en: 'client is missing' },
    asked: true,
    repeats: 0,
  })
  await expect(classroom.detail(id, 'f'.repeat(32), lab.id)).rejects.toThrow('is no class, or nobody in it')
})

it('tells followers of who changes, and when rows come or go', async () => {
  const ada = await seated('Ada')
  const told: (SeatView[] | undefined)[] = []
  const { view, end } = await classroom.follow(() => owner, id, { onSeats: (seats) => told.push(seats) })
  onTestFinished(end)
  expect(view.seats).toMatchObject([{ name: 'Ada', isHere: false, cells: {} }])
  const session = (await sessions.join(ada.learner, lab.id, { open: true }))!
  onTestFinished(session.subscribe(() => {}))
  await expect
    .poll(() => told.at(-1))
    .toMatchObject([{ name: 'Ada', isHere: true, lab: lab.id, cells: { [lab.id]: { first: { state: 'working' } } } }])
  await classroom.raiseHand(ada.learner, { lab: lab.id })
  expect(told.at(-1)).toBeUndefined()
  expect((await classroom.matrix(owner, id)).hands).toMatchObject([{ seat: ada.id, lab: lab.id, step: 'first' }])
  end()
  const count = told.length
  await classroom.lowerHand(ada.learner)
  expect(told).toHaveLength(count)
})

it('tells who may only look how far everybody is, and neither how to join, nor addresses, hands and what single learners were told', async () => {
  await records.people.addRoster(id, [{ name: 'Ada', student: 'A7', email: 'ada@example.org', section: 'red' }])
  const ada = await seated('Ada', 'A7')
  await classroom.tell(id, 'Grace', { seat: ada.id, text: 'For you alone' })
  await classroom.tell(id, 'Grace', { text: 'For all' })
  await classroom.raiseHand(ada.learner, { lab: lab.id })
  const as = (role: 'viewer' | 'assistant'): Who => ({ person: role, roles: [{ role, class: id }] })
  const seen = async (who: Who) => {
    const view = await classroom.matrix(who, id)
    const [listed] = await classroom.list(who)
    const [seat] = view.seats
    const notes = view.notes.map(({ text }) => text).toSorted()
    return [view.class.code !== undefined, listed!.code !== undefined, seat!.email, view.hands.length, notes]
  }
  expect(await seen(as('assistant'))).toEqual([true, true, 'ada@example.org', 1, ['For all', 'For you alone']])
  expect(await seen(as('viewer'))).toEqual([false, false, undefined, 0, ['For all']])
  expect((await classroom.matrix(as('viewer'), id)).seats).toMatchObject([{ name: 'Ada', student: 'A7' }])

  let now = as('assistant')
  const told: (SeatView[] | undefined)[] = []
  const { end } = await classroom.follow(() => now, id, { onSeats: (seats) => told.push(seats) })
  onTestFinished(end)
  const session = (await sessions.join(ada.learner, lab.id, { open: true }))!
  onTestFinished(session.subscribe(() => {}))
  const renewed = async () => {
    const count = told.length
    await session.leave()
    session.reopen(false)
    await expect.poll(() => told.length).toBeGreaterThan(count)
    return told.at(-1)?.map(({ name, email }) => [name, email])
  }
  await expect.poll(() => told.at(-1)?.[0]?.email).toBe('ada@example.org')
  now = as('viewer')
  expect(await renewed()).toEqual([['Ada', undefined]])
  // Their role was taken away meanwhile: they are to ask again, and are refused.
  now = { person: 'viewer', roles: [] }
  expect(await renewed()).toBeUndefined()
})

it('has a code that ends at a time, before the class does; a new code lets people join again', async () => {
  const [past, future] = [hour(-1), hour(1)]
  expect(await classroom.change(owner, id, { codeEndsAt: future })).toMatchObject({ codeEndsAt: future })
  await seated('Ada')
  expect((await classroom.setCode(owner, id, true)).codeEndsAt).toBe(future)
  await classroom.change(owner, id, { codeEndsAt: past })
  await expect(seated('Bob')).rejects.toThrow('no-class')
  const viewer: Who = { person: 'viewer', roles: [{ role: 'viewer', class: id }] }
  expect((await classroom.matrix(viewer, id)).class).not.toHaveProperty('codeEndsAt')
  expect(await classroom.setCode(owner, id, true)).not.toHaveProperty('codeEndsAt')
  await seated('Bob')
})

it('draws numbers for everybody once the class has its own, the same each time', async () => {
  const [ada, bob] = [await seated('Ada', 'A7'), await seated('Bob')]
  const seedOf = (seat: SeatRecord, of = lab.id) => classroom.seedFor(seat.learner, of)
  expect(await seedOf(ada)).toBeUndefined()
  expect(await classroom.seedFor(owner.person, lab.id)).toBeUndefined()
  expect(await classroom.change(owner, id, classroom.numbers(true))).toMatchObject({ hasOwnNumbers: true })
  const seeds = await Promise.all([seedOf(ada), seedOf(bob), seedOf(ada, 'mtu')])
  expect(new Set(seeds).size).toBe(3)
  expect(seeds[0]).toMatch(/^[0-9a-f]{64}$/)
  expect(await seedOf(ada)).toBe(seeds[0])
  await classroom.change(owner, id, classroom.numbers(false))
  expect(await seedOf(ada)).toBeUndefined()
})

const hour = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString()

it('gives prepared hints, one after another, to who can use them: they count as taken, and stand where help is looked for', async () => {
  const [ada, bob, eve] = [await seated('Ada'), await seated('Bob'), await seated('Eve')]
  const { steps } = classroom.hints(lab.id)
  const { id: step, checks } = steps.find((one) => one.checks.length > 0)!
  const [{ index: check, hints }] = checks as [(typeof checks)[number]]
  await sessions.join(ada.learner, lab.id, { open: true })
  await sessions.join(bob.learner, lab.id, { open: true })
  // Who has begun nothing gets none.
  expect(await classroom.giveHints(id, 'Grace', { lab: lab.id, step, check })).toEqual({ given: 2, without: 1 })
  for (let n = 1; n <= hints.length; n++) {
    const again = await classroom.giveHints(id, 'Grace', { lab: lab.id, step, check, seats: [ada.id] })
    expect(again).toEqual(n < hints.length ? { given: 1, without: 0 } : { given: 0, without: 1 })
  }
  const cellOf = async (name: string) =>
    (await classroom.matrix(owner, id)).seats.find((seat) => seat.name === name)!.cells[lab.id]?.[step]
  expect(await cellOf('Ada')).toMatchObject({ hints: hints.length, given: hints.length })
  expect(await cellOf('Bob')).toMatchObject({ hints: 1, given: 1 })
  expect(await cellOf('Eve')).toBeUndefined()
  const detail = await classroom.detail(id, bob.id, lab.id)
  expect(detail.steps.find((one) => one.id === step)).toMatchObject({
    hints: 1,
    given: [{ check, hint: 1, by: 'Grace' }],
  })
  const rows = parse((await classroom.export(owner, id, 'csv')).text, { columns: true }) as Record<string, string>[]
  expect(rows.find((row) => row.name === 'Bob' && row.step === step)).toMatchObject({ hints: '1', hints_given: '1' })
  const grades = parse((await classroom.export(owner, id, { gradebook: 'csv', lab: lab.id, language: 'en' })).text, {
    columns: true,
  }) as Record<string, string>[]
  expect(JSON.stringify(grades)).toMatch(/hint/)
  const desk = await classroom.desks.follow(bob.learner, () => {})
  expect(desk!.view.hints).toMatchObject([{ lab: lab.id, step, by: 'Grace', text: { en: hints[0]!.en } }])
  desk!.end()
  await expect(classroom.giveHints(id, '', { lab: lab.id, step, check, seats: ['f'.repeat(32)] })).rejects.toThrow()
  await expect(classroom.giveHints(id, '', { lab: lab.id, step, check: 99 })).rejects.toThrow('no such check')
  expect((await records.people.givenHints(id)).filter(({ seat }) => seat === eve.id)).toEqual([])
})

it('two seats of one person become one, with what was done in either', async () => {
  const [ada, again] = [await seated('Ada'), await seated('Ada')]
  const done = async (seat: SeatRecord, step: string, hints: number) => {
    const session = `s${Math.random()}`
    await records.createSession({ id: session, learner: seat.learner, lab: lab.id, labHash: lab.contentHash })
    await records.setStep(session, step, 'passed')
    await records.setHints(session, lab.steps[2]!.id, 0, hints)
    await records.endSession(session, 'left')
  }
  const [first, second] = lab.steps.map((step) => step.id)
  await done(ada, first!, 1)
  await done(again, second!, 2)
  // In memory, with a rack on its way.
  const session = (await sessions.join(again.learner, lab.id, { open: true }))!
  await classroom.mergeSeats(id, ada.id, again.id)
  expect(session.holdsRack).toBe(false)
  const { seats } = await classroom.matrix(owner, id)
  expect(seats.map((seat) => [seat.id, seat.isDuplicate])).toEqual([[ada.id, false]])
  expect(seats[0]!.cells[lab.id]).toMatchObject({ [first!]: { state: 'passed' }, [second!]: { state: 'passed' } })
  expect(seats[0]!.cells[lab.id]![lab.steps[2]!.id]).toMatchObject({ hints: 2 })
  const latest = (await sessions.join(ada.learner, lab.id, { open: false }))!
  expect(latest.learner).toBe(ada.learner)
  await expect(classroom.mergeSeats(id, ada.id, ada.id)).rejects.toThrow()
  await expect(classroom.mergeSeats(id, ada.id, again.id)).rejects.toThrow('is no class, or nobody in it')
})

it('gives more time from the end on, or from now; for all, or for one', async () => {
  const [ada, bob] = [await seated('Ada'), await seated('Bob')]
  await expect(classroom.extend(owner, id, { minutes: 5 })).rejects.toThrow('has no end')
  await expect(classroom.extend(owner, id, { minutes: 5, lab: 'constructor' })).rejects.toThrow('has no end')
  const endsAt = hour(1)
  await classroom.change(owner, id, { endsAt })
  const later = new Date(Date.parse(endsAt) + 10 * 60_000).toISOString()
  expect((await classroom.extend(owner, id, { minutes: 10 })).endsAt).toBe(later)
  await classroom.change(owner, id, { startsAt: hour(-3), endsAt: hour(-1) })
  const open = async (seat: SeatRecord) => (await classroom.desks.follow(seat.learner, () => {}))!.view.isOpen
  await classroom.extend(owner, id, { minutes: 10, seat: ada.id })
  expect([await open(ada), await open(bob)]).toEqual([true, false])
  const until = Date.parse(
    (await classroom.matrix(owner, id)).seats.find((seat) => seat.id === ada.id)!.extensions!.end!,
  )
  expect(until).toBeGreaterThan(Date.now() + 9 * 60_000)
  // A lab that would go on for longer than the class takes that with it.
  await classroom.dates(owner, id, lab.id, { opensAt: null, dueAt: hour(-1), after: null })
  await classroom.extend(owner, id, { minutes: 60, seat: bob.id, lab: lab.id })
  expect(await open(bob)).toBe(true)
  await classroom.end(owner, id)
  expect([await open(ada), await open(bob)]).toEqual([false, false])
  await expect(classroom.extend(owner, id, { minutes: 5 })).rejects.toThrow('has no end')
})

it('gives more time to a group of the list', async () => {
  const [ada, bob] = [await seated('Ada'), await seated('Bob')]
  await records.people.addRoster(id, [{ name: 'Ada', section: 'A' }])
  await classroom.change(owner, id, { startsAt: hour(-3), endsAt: hour(-1) })
  const open = async (seat: SeatRecord) => (await classroom.desks.follow(seat.learner, () => {}))!.view.isOpen
  await classroom.extend(owner, id, { minutes: 10, section: 'A' })
  expect([await open(ada), await open(bob)]).toEqual([true, false])
  await expect(classroom.extend(owner, id, { minutes: 10, section: 'B' })).rejects.toThrow('has nobody in it')
})

it('closes the hosts of a lab that is over, and of no other one', async () => {
  const [ada, bob] = [await seated('Ada'), await seated('Bob')]
  const [one, other] = await Promise.all(
    [ada, bob].map(async ({ learner }) => (await sessions.join(learner, lab.id, { open: true }))!),
  )
  await closeOver(records.people, sessions)
  expect([one!.holdsRack, other!.holdsRack]).toEqual([true, true])
  await classroom.dates(owner, id, lab.id, { opensAt: null, dueAt: hour(-1), after: null })
  await classroom.extend(owner, id, { minutes: 5, seat: bob.id, lab: lab.id })
  await closeOver(records.people, sessions)
  expect([one!.holdsRack, other!.holdsRack]).toEqual([false, true])
  await closeOver(records.people, sessions, hour(1))
  expect(other!.holdsRack).toBe(false)
})

it('opens a lab that comes after another one to who has finished that', async () => {
  const ada = await seated('Ada')
  await records.people.changeClass(id, { labs: [lab.id, 'mtu'], dates: { mtu: { after: lab.id } } })
  await records.people.addLogin({ hash: 'h', learner: ada.learner, idleMs: 60_000, endsAt: hour(1) })
  const closed = async () => {
    const known = await classroom.known((await records.people.known('h'))!)
    return known.roles.flatMap((role) => (role.role === 'learner' ? Object.keys(role.closed) : []))
  }
  expect(await closed()).toEqual(['mtu'])
  const session = 's1'
  await records.createSession({ id: session, learner: ada.learner, lab: lab.id, labHash: lab.contentHash })
  for (const [n, { id: step }] of lab.steps.filter(({ optional }) => !optional).entries()) {
    expect(await closed()).toEqual(['mtu'])
    await records.setStep(session, step, n === 0 ? 'helped' : 'passed')
  }
  expect(await closed()).toEqual([])
})

it('refuses dates that make no sense', async () => {
  const dates = { opensAt: null, dueAt: null, after: null }
  await expect(classroom.dates(owner, id, 'mtu', dates)).rejects.toThrow('is no lab of the class')
  await expect(classroom.dates(owner, id, lab.id, { ...dates, after: 'mtu' })).rejects.toThrow('is no lab')
  await expect(classroom.dates(owner, id, lab.id, { ...dates, after: lab.id })).rejects.toThrow('wait for itself')
  const [opensAt, dueAt] = [hour(2), hour(1)]
  await expect(classroom.dates(owner, id, lab.id, { opensAt, dueAt, after: null })).rejects.toThrow('over before')
  await records.people.changeClass(id, { labs: [lab.id, 'mtu'], dates: { mtu: { after: lab.id } } })
  await expect(classroom.dates(owner, id, lab.id, { ...dates, after: 'mtu' })).rejects.toThrow('wait for itself')
  expect((await classroom.dates(owner, id, 'mtu', dates)).dates).toEqual({})
})

it('takes no hands while the queue is paused; one that is up may offer a look, which is given when it is asked for', async () => {
  const ada = await seated('Ada')
  await sessions.join(ada.learner, lab.id, { open: true })
  await classroom.pauseQueue(owner, id, true)
  await expect(classroom.raiseHand(ada.learner, { lab: lab.id })).rejects.toThrow('takes no hands now')
  await classroom.pauseQueue(owner, id, false)
  await classroom.raiseHand(ada.learner, { lab: lab.id })
  expect((await classroom.askLook(owner, 'Grace', id, ada.id, false)).endsAt).toBeUndefined()
  await classroom.offerLook(ada.learner, 'view')
  expect((await classroom.askLook(owner, 'Grace', id, ada.id, true)).endsAt).toBeUndefined()
  const given = await classroom.askLook(owner, 'Grace', id, ada.id, false)
  expect(Date.parse(given.endsAt!)).toBeGreaterThan(Date.now())
  await classroom.lowerHand(ada.learner)
  expect((await classroom.askLook(owner, 'Grace', id, ada.id, false)).endsAt).toBeUndefined()
})

it('a class has its share of the machine: who comes when that is taken waits, and goes in when there is more', async () => {
  const [ada, bob] = [await seated('Ada'), await seated('Bob')]
  expect(await classroom.change(owner, id, { capacity: 1000 })).toMatchObject({ capacity: 8, mostRacks: 8 })
  await classroom.change(owner, id, { capacity: null })
  const enter = async ({ learner }: SeatRecord) => {
    const session = (await sessions.join(learner, lab.id, { open: true }))!
    onTestFinished(session.subscribe(() => {}))
    return session
  }
  const one = await enter(ada)
  await classroom.change(owner, id, { capacity: 1 })
  const other = await enter(bob)
  await expect.poll(() => other.view().phase).toMatchObject({ name: 'waiting', position: 1 })
  expect(one.phase).toBe('opening')
  // Nobody of the class: all of the machine is there for them.
  expect((await sessions.join(owner.person, lab.id, { open: true }))!.phase).toBe('opening')
  expect((await classroom.matrix(owner, id)).seats.find(({ isWaiting }) => isWaiting)?.id).toBe(bob.id)
  await classroom.change(owner, id, { capacity: 2 })
  await expect.poll(() => other.phase).toBe('opening')
})

it('locks the finish as it locks steps, and resets hosts that run', async () => {
  const locked = await classroom.lock(owner, id, lab.id, { steps: ['finish', 'no-such'], solutions: false })
  expect(locked.locks).toEqual({ [lab.id]: { steps: ['finish'] } })
  const ada = await seated('Ada')
  await expect(classroom.resetHosts(id, ada.id)).rejects.toThrow('has no hosts that run')
})

it('forgets learners when the days of their class are over, and not before', async () => {
  await seated('Ada')
  const day = 24 * 3_600_000
  expect(await classroom.forgetOld(Date.now() + 1000 * day)).toBe(0)
  await classroom.change(owner, id, { keepDays: 30 })
  expect(await classroom.forgetOld(Date.now() + 1000 * day)).toBe(0)
  await classroom.end(owner, id)
  expect(await classroom.forgetOld(Date.now() + 29 * day)).toBe(0)
  expect(await classroom.forgetOld(Date.now() + 31 * day)).toBe(1)
  expect(await records.people.seats(id)).toEqual([])
})

it('forgets a learner who was given more time when the days after that are over, and not before', async () => {
  const [ada] = [await seated('Ada'), await seated('Bob')]
  const day = 24 * 3_600_000
  const [now, endsAt] = [Date.now(), new Date(Date.now() + 3_600_000).toISOString()]
  await classroom.change(owner, id, { endsAt, keepDays: 1 })
  await classroom.extend(owner, id, { seat: ada.id, minutes: 3 * 24 * 60 })
  const names = async () => (await records.people.seats(id)).map(({ name }) => name)
  expect(await classroom.forgetOld(now + 2 * day)).toBe(1)
  expect(await names()).toEqual(['Ada'])
  expect(await classroom.forgetOld(now + 4 * day)).toBe(0)
  expect(await classroom.forgetOld(now + 4 * day + 7_200_000)).toBe(1)
  expect(await names()).toEqual([])
})

it('counts the days of a class that was ended by hand from then on, also for who was given more time', async () => {
  const ada = await seated('Ada')
  const day = 24 * 3_600_000
  await classroom.change(owner, id, { endsAt: hour(1), keepDays: 1 })
  await classroom.extend(owner, id, { seat: ada.id, minutes: 3 * 24 * 60 })
  await classroom.end(owner, id)
  expect(await classroom.forgetOld(Date.now() + 2 * day)).toBe(1)
})
