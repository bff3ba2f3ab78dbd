import { expect, it, onTestFinished } from 'vitest'
import { VethlabError } from '../../server/error/vethlab-error.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import type { Racks } from '../../server/racks/racks.js'
import type { Session } from '../../server/session/session.js'
import { Sessions } from '../../server/session/sessions.js'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { newDirectory } from '../store/directory.js'
import { racksThatNeverOpen } from './racks-that-never-open.js'

/** Learners on a machine with room for so many racks, as `machine.room` says; of so many openings rackd says that it has none. */
async function bench() {
  const records = SqliteRecords.open(`${newDirectory()}/records.sqlite`)
  const machine = { room: 1, refusals: 0, openings: 0 }
  const racks = {
    ...racksThatNeverOpen,
    open(topology: Parameters<Racks['open']>[0], options: Parameters<Racks['open']>[1]) {
      machine.openings++
      if (machine.refusals-- <= 0) return racksThatNeverOpen.open(topology, options)
      const what = 'only 500 MiB are free'
      return Promise.reject(new VethlabError('machine.out-of-memory', what, { place: 'memory', cure: 'Close racks.' }))
    },
  } as Racks
  const labs = [await loadLab(fromPackage('labs', 'default-bridge'))]
  const sessions = await Sessions.start(racks, labs, records, {
    roomInMemory: (opening) => machine.room - opening,
    sweepMs: 50,
  })
  onTestFinished(async () => {
    await sessions.stop()
    await records.close()
  })
  const join = async (name: string): Promise<Session> => {
    const { id } = await records.people.addPerson({ name, login: `${name}@example.org`, mayFound: false })
    const session = (await sessions.join(id, 'default-bridge', { open: true }))!
    // A page of theirs is open.
    session.subscribe(() => {})
    return session
  }
  return { machine, join }
}

it('who comes when there is no memory for another rack waits until there is, and is not refused', async () => {
  const { machine, join } = await bench()
  const [first, second] = [await join('ada'), await join('bob')]
  await expect.poll(() => [first.phase, second.phase]).toEqual(['opening', 'waiting'])
  expect(second.view().phase).toMatchObject({ name: 'waiting', position: 1 })
  expect(machine.openings).toBe(1)
  // Nobody has ended anything: some program of the machine has.
  machine.room = 2
  await expect.poll(() => second.phase).toBe('opening')
  await expect.poll(() => machine.openings).toBe(2)
})

it('who finds none when it is their turn waits for another one', async () => {
  const { machine, join } = await bench()
  machine.room = 2
  const first = await join('ada')
  await expect.poll(() => machine.openings).toBe(1)
  machine.refusals = 1
  machine.room = 2
  const second = await join('bob')
  await expect.poll(() => machine.openings).toBe(3)
  expect([first.phase, second.phase]).toEqual(['opening', 'opening'])
})

it('where nobody has a rack that may end, nobody waits: what rackd says is told', async () => {
  const { machine, join } = await bench()
  machine.room = 0
  machine.refusals = 99
  const only = await join('ada')
  await expect.poll(() => only.phase).toBe('failed')
  expect(only.view().phase).toMatchObject({ trouble: { code: 'machine.out-of-memory' } })
  expect(machine.openings).toBe(3)
})
