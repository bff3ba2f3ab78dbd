import { parse } from 'csv-parse/sync'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { Classroom } from '../../server/classroom/classroom.js'
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
  sessions = await Sessions.start(racksThatNeverOpen, [lab], records)
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
  const { view, end } = await classroom.follow(owner, id, { onSeats: (seats) => told.push(seats) })
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
