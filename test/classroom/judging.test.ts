import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { Classroom } from '../../server/classroom/classroom.js'
import { closeOver } from '../../server/classroom/timetable.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { ownerOf, type Who } from '../../server/learner/who.js'
import { fromPackage } from '../../server/package-root.js'
import { ResultSchema } from '../../server/report/result.js'
import type { Session } from '../../server/session/session.js'
import { Sessions } from '../../server/session/sessions.js'
import type { SeatRecord } from '../../server/store/people.js'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { StateBuilder } from '../check/state-builder.js'
import { racksThatStand } from '../session/racks-that-stand.js'
import { newDirectory } from '../store/directory.js'

/** Work that is handed in as the time ends: judging takes some seconds, and the hosts have to be there for them. */

const lab = await loadLab(fromPackage('test/trial/exam'))
const hour = (from: number) => new Date(Date.now() + from * 3_600_000).toISOString()

/** A network in which the first step of the exam is right, for two points. */
function halfDone() {
  const rack = new StateBuilder()
  const node1 = rack.docker('node1', '192.168.1.11')
  rack.plain('laptop', '192.168.1.50')
  rack.network(node1, { name: 'my_net', subnet: '172.20.0.0/16' })
  return rack.state
}

let house: ReturnType<typeof racksThatStand>
let records: SqliteRecords
let sessions: Sessions
let classroom: Classroom
let owner: Who
let id: string
let ada: SeatRecord
let session: Session
beforeEach(async () => {
  house = racksThatStand(halfDone())
  records = SqliteRecords.open(join(newDirectory(), 'records.sqlite'))
  await begin()
  owner = ownerOf(await records.localLearner())
  onTestFinished(async () => {
    classroom.close()
    await sessions.stop()
    await records.close()
  })
  id = (await classroom.create(owner, { title: 'Networks', labs: [lab.id] })).id
  await classroom.assess(owner, id, lab.id, { attempts: 1, shows: 'points' })
  await classroom.setCode(owner, id, true)
  ada = await seated('Ada')
  session = await opened(ada)
})

async function begin(): Promise<void> {
  sessions = await Sessions.start(house.racks, [lab], records)
  classroom = new Classroom(sessions, records)
}

async function seated(name: string): Promise<SeatRecord> {
  const { code } = (await records.people.classOf(id))!
  const joined = await records.people.join({ code: code!, name, student: name, phrase: name, most: 9 })
  if ('refused' in joined) throw new Error(joined.refused)
  return joined.seat
}

async function opened({ learner }: SeatRecord): Promise<Session> {
  const joined = (await sessions.join(learner, lab.id, { open: true }))!
  await vi.waitFor(() => expect(joined.phase).toBe('open'))
  return joined
}

const submit = (of = session) => classroom.submissions.submit(of)
const due = (at: string) => classroom.dates(owner, id, lab.id, { opensAt: null, dueAt: at, after: null })
const close = () => closeOver(records.people, sessions)
const handedIn = async () => {
  const followed = (await classroom.desks.follow(ada.learner, () => {}))!
  followed.end()
  return followed.view.handedIn[lab.id]
}
/** What is on record of it once it is judged. */
const judged = async () => {
  let text: string | undefined
  await vi.waitFor(
    async () => {
      text = (await records.people.submissions(ada.learner))[0]?.result
      expect(text).toBeDefined()
    },
    { timeout: 30_000, interval: 100 },
  )
  return ResultSchema.parse(JSON.parse(text!))
}

it('judges to the end what was accepted before the lab was due, and closes the hosts then', async () => {
  const release = house.holdLooks()
  await submit()
  await due(hour(-1))
  // Others, whose time is over, too, do not wait for it.
  const bob = await seated('Bob')
  const other = await opened(bob)
  await close()
  expect([session.phase, other.phase]).toEqual(['open', 'closed'])
  release()
  expect(await judged()).toMatchObject({ state: 'failed', points: 2, of: 5, attempt: { number: 1 } })
  await vi.waitFor(async () => {
    await close()
    expect(session.phase).toBe('closed')
  })
  expect(house.closed).toHaveLength(2)
})

it('judges to the end what was accepted before the teacher ended the class, who does not wait for that', async () => {
  const release = house.holdLooks()
  await submit()
  await classroom.end(owner, id)
  expect(session.phase).toBe('open')
  release()
  expect(await judged()).toMatchObject({ state: 'failed', points: 2 })
  await vi.waitFor(() => expect(session.phase).toBe('closed'))
})

it('closes the hosts of a learner who goes right after handing in when it is judged', async () => {
  const release = house.holdLooks()
  await submit()
  await session.leaveSoon()
  expect(session.phase).toBe('open')
  release()
  expect(await judged()).toMatchObject({ state: 'failed', points: 2 })
  await vi.waitFor(() => expect(session.phase).toBe('closed'))
})

it('gives up judging when that takes far too long: it costs nothing, and the hosts go', async () => {
  classroom.close()
  classroom = new Classroom(sessions, records, { judgingMs: 50 })
  house.holdLooks()
  await submit()
  expect(await judged()).toMatchObject({ state: 'could-not-tell', open: 5 })
  await session.leave()
  expect(session.phase).toBe('closed')
  expect((await handedIn())!.usedUp).toBe(0)
})

it.each<[string, () => Promise<unknown>]>([
  ['a lab that was due', () => due(hour(-1))],
  ['one that opens later', () => classroom.dates(owner, id, lab.id, { opensAt: hour(1), dueAt: null, after: null })],
  ['a class that has ended by its time', () => classroom.change(owner, id, { startsAt: hour(-3), endsAt: hour(-1) })],
  ['a class that was ended', () => records.people.changeClass(id, { endedAt: hour(-1) })],
])('accepts nothing of %s, by the dates of that moment', async (_, over) => {
  await over()
  await expect(submit()).rejects.toMatchObject({ code: 'work.closed' })
  expect(await records.people.submissions(ada.learner)).toEqual([])
  await classroom.change(owner, id, { startsAt: null, endsAt: null, endedAt: null })
  await due(hour(-1))
  await classroom.extend(owner, id, { minutes: 5, seat: ada.id, lab: lab.id })
  await vi.waitFor(() => submit())
  expect(await records.people.submissions(ada.learner)).toHaveLength(1)
})

it('judges what a server was judging when it ended once the next one has begun, and says so in the result', async () => {
  const release = house.holdLooks()
  await submit()
  classroom.close()
  await sessions.stop()
  release()
  await begin()
  const result = await judged()
  expect(result).toMatchObject({ state: 'failed', points: 2 })
  expect(result.notes[0]!.en).toMatch(/^the server was restarted while this was judged: the hosts were judged as they/)
  expect(await handedIn()).toMatchObject({ usedUp: 1, all: [{ number: 1, state: 'judged' }] })
})

it('costs nobody anything where the hosts did not outlive the server: no attempt, and no number in a gradebook', async () => {
  house.holdLooks()
  await submit()
  classroom.close()
  await sessions.stop()
  await house.racks.close(session.rack ?? 'rack1')
  await begin()
  await vi.waitFor(async () =>
    expect(await handedIn()).toMatchObject({ usedUp: 0, all: [{ number: 1, state: 'interrupted' }] }),
  )
  const { text } = await classroom.export(owner, id, { gradebook: 'csv', lab: lab.id, language: 'en' })
  const [row] = parse(text, { columns: true }) as Record<string, string>[]
  expect(row).toMatchObject({ student: 'Ada', points: '' })
})
