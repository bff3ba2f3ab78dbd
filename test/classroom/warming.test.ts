import { expect, it, onTestFinished } from 'vitest'
import { beginningsOf, type Hosts, Warming, wantedAt } from '../../server/classroom/warming.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import type { ClassRecord } from '../../server/store/people.js'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { newDirectory } from '../store/directory.js'

const begins = Date.parse('2026-12-03T10:15:00.000Z')
const at = (minutes: number) => begins + minutes * 60_000
const time = (minutes: number) => new Date(at(minutes)).toISOString()

const one: ClassRecord = {
  id: 'c',
  title: 'Networks',
  labs: ['one', 'two', 'three'],
  isRosterOnly: false,
  createdAt: time(-999),
  locks: {},
  assessed: {},
  dates: {},
  isQueuePaused: false,
}

it('learners begin with the class, and with each lab that opens later, not with those that are closed then', () => {
  expect(beginningsOf(one)).toEqual([])
  const startsAt = time(0)
  expect(beginningsOf({ ...one, startsAt })).toEqual([{ at: begins, lab: 'one' }])
  const dates = { one: { opensAt: time(-60) }, two: { opensAt: time(30) }, three: { after: 'two' } }
  expect(beginningsOf({ ...one, startsAt, dates })).toEqual([
    { at: begins, lab: 'one' },
    { at: at(30), lab: 'two' },
  ])
  expect(beginningsOf({ ...one, startsAt, dates, endsAt: time(20) })).toEqual([{ at: begins, lab: 'one' }])
  expect(beginningsOf({ ...one, startsAt, endedAt: time(-1) })).toEqual([])
})

it('wants hosts one after another, all of them before the beginning, and none once nobody comes late any more', () => {
  const wanted = (minutes: number) =>
    wantedAt({ at: begins, hosts: { docker: 1, plain: 0 }, racks: 30 }, at(minutes)).docker
  expect([-60, -10].map(wanted)).toEqual([0, 0])
  const rising = [-4.4, -4, -3, -2.5].map(wanted)
  expect(rising).toEqual(rising.toSorted((a, b) => a - b))
  expect(new Set(rising).size).toBe(4)
  expect([-2, 0, 14].map(wanted)).toEqual([30, 30, 30])
  expect(wanted(16)).toBe(0)
})

it('asks for as many as are expected, room and all, and gives back what was not used', async () => {
  const lab = await loadLab(fromPackage('labs', 'default-bridge'))
  const records = SqliteRecords.open(`${newDirectory()}/records.sqlite`)
  onTestFinished(() => records.close())
  const { id } = await records.people.createClass({ title: 'Networks', labs: [lab.id] })
  await records.people.changeClass(id, { startsAt: time(0), code: 'ABCD1234' })
  await records.people.addRoster(id, [{ name: 'Ada' }, { name: 'Bob' }, { name: 'Eve' }])
  const asked: Hosts[] = []
  const open = new Set<string>()
  const sessions = {
    labs: [lab],
    mostRacks: 20,
    keptOf: (learner: string) => (open.has(learner) ? [{ holdsRack: true }] : []),
    warm: async (hosts: Hosts) => {
      asked.push(hosts)
      return { docker: Math.min(2, hosts.docker), plain: 0 }
    },
  }
  const renewed: string[] = []
  const warming = new Warming(sessions as never, records.people, (of) => renewed.push(of))
  onTestFinished(() => warming.close())
  const hosts = lab.plan.hosts.filter(({ kind }) => kind === 'docker').length
  const plain = lab.plan.hosts.length - hosts

  await warming.turn(at(-60))
  expect([asked, warming.of(id)]).toEqual([[], undefined])
  await warming.turn(at(-1))
  expect(asked.at(-1)).toEqual({ docker: 3 * hosts, plain: 3 * plain })
  expect(warming.of(id)).toEqual({ ready: 2, wanted: 3 * (hosts + plain) })
  expect(renewed).toEqual([id])
  // Who is in has theirs.
  open.add((await records.people.seats(id))[0]!.learner)
  await warming.turn(at(1))
  expect(asked.at(-1)).toEqual({ docker: 2 * hosts, plain: 2 * plain })
  await records.people.changeClass(id, { expected: 100 })
  await warming.turn(at(1))
  expect(asked.at(-1)!.docker).toBe(19 * hosts)
  await records.people.changeClass(id, { capacity: 5 })
  await warming.turn(at(1))
  expect(asked.at(-1)!.docker).toBe(4 * hosts)
  await warming.turn(at(20))
  expect(asked.at(-1)).toEqual({ docker: 0, plain: 0 })
  expect(warming.of(id)).toBeUndefined()
  const count = asked.length
  await warming.turn(at(21))
  expect(asked).toHaveLength(count)
})
