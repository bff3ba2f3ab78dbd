import { expect, it, onTestFinished } from 'vitest'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { Sessions } from '../../server/session/sessions.js'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { newDirectory } from '../store/directory.js'
import { racksThatNeverOpen } from './racks-that-never-open.js'

async function bench() {
  const records = SqliteRecords.open(`${newDirectory()}/records.sqlite`)
  const labs = [await loadLab(fromPackage('labs', 'default-bridge'))]
  const sessions = await Sessions.start(racksThatNeverOpen, labs, records)
  onTestFinished(async () => {
    await sessions.stop()
    await records.close()
  })
  return { sessions, records, learner: await records.localLearner() }
}

it('a lab that is opened several times at once is one session', async () => {
  const { sessions, records, learner } = await bench()
  const joined = await Promise.all(
    Array.from({ length: 5 }, () => sessions.join(learner, 'default-bridge', { open: true })),
  )
  expect(new Set(joined.map((session) => session!.id)).size).toBe(1)
  expect(await records.openSessions()).toHaveLength(1)
})

it('what is asked of a session while it is left is the same session, and no older one comes back', async () => {
  const { sessions, records, learner } = await bench()
  const first = (await sessions.join(learner, 'default-bridge', { open: true }))!
  await first.leave()
  const [next, asked] = await Promise.all([
    sessions.join(learner, 'default-bridge', { open: true }),
    sessions.get(learner, first.id).catch((error: unknown) => error),
  ])
  expect(asked).toBe(first)
  expect(next!.id).not.toBe(first.id)
  await expect(sessions.get(learner, first.id)).rejects.toMatchObject({ code: 'session.not-found' })
  expect(await records.latestSession(learner, 'default-bridge')).toMatchObject({ id: next!.id, previous: first.id })
})
