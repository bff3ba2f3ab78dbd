import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { TimelineEntry } from '../../../server/protocol/protocol.js'
import { TimelineRecord } from '../../../server/session/feed/timeline-record.js'
import { SqliteRecords } from '../../../server/store/sqlite-records.js'
import { standardRack } from '../../check/state-builder.js'
import { newDirectory } from '../../store/directory.js'

async function bench() {
  const path = join(newDirectory(), 'records.db')
  const records = SqliteRecords.open(path)
  onTestFinished(() => records.close())
  await records.createSession({ id: 's', learner: await records.localLearner(), lab: 'a-lab', labHash: 'a'.repeat(64) })
  const errors: unknown[] = []
  return { records, errors, open: () => new TimelineRecord(records, 's', (error) => errors.push(error)) }
}
const entry = (id: number, running = true): TimelineEntry => ({
  id,
  at: '2026-01-01T00:00:00.000Z',
  command: { host: 'node1', text: 'docker network create', running },
  changes: [],
})

it('keeps entries and their states, without secrets, and knows of none that it still runs', async () => {
  const { open } = await bench()
  const { state } = standardRack()
  state.hosts[0]!.engine!.swarm.joinTokens = { worker: 'secret', manager: 'secret' }
  const record = open()
  expect(await record.load()).toEqual({ entries: [] })
  record.save(entry(1), state)
  expect(await record.stateAt(1)).toBe(state)
  // Within a second, by itself.
  await expect.poll(async () => (await open().load()).entries, { timeout: 5_000 }).toEqual([entry(1, false)])
  const kept = (await open().load()).state!
  expect(kept.hosts.map(({ name }) => name)).toEqual(state.hosts.map(({ name }) => name))
  expect(JSON.stringify(kept)).not.toContain('secret')
  expect(await record.stateAt(1)).toEqual(kept)
})

it('keeps the state of an entry that changes in its words alone', async () => {
  const { open } = await bench()
  const { state } = standardRack()
  const record = open()
  record.save(entry(1), state)
  record.save(entry(1, false))
  await record.flush()
  record.save({ ...entry(1, false), at: '2026-01-01T00:00:01.000Z' })
  await record.flush()
  expect(await open().load()).toMatchObject({
    entries: [{ at: '2026-01-01T00:00:01.000Z' }],
    state: { takenAt: state.takenAt },
  })
})

it('keeps no state that is far too large, and tells what the disk fails it', async () => {
  const { open, records, errors } = await bench()
  const { state } = standardRack()
  state.hosts[0]!.disagreements = [{ about: 'x'.repeat(5 * 1024 ** 2), engine: '', kernel: '' }]
  const record = open()
  record.save(entry(1), state)
  await record.flush()
  expect(await open().load()).toEqual({ entries: [entry(1, false)] })
  expect(await record.stateAt(1)).toBeUndefined()
  record.forget()
  expect(await open().load()).toEqual({ entries: [] })
  expect(errors).toEqual([])
  const homeless = new TimelineRecord(records, 'no such session', (error) => errors.push(error))
  homeless.save(entry(1))
  await homeless.flush()
  expect(errors).toHaveLength(1)
})
