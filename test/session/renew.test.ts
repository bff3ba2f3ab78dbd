import { expect, it, onTestFinished } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import type { Racks } from '../../server/racks/racks.js'
import { Sessions } from '../../server/session/sessions.js'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { change, copyOfDesk } from '../lab/desk.js'
import { newDirectory } from '../store/directory.js'

/** Sessions hold on to racks that never are ready. */
const racksThatNeverOpen = {
  list: () => Promise.resolve([]),
  open: (_topology: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true })),
} as unknown as Racks

async function houseOf(lab: Lab) {
  const records = SqliteRecords.open(`${newDirectory()}/records.sqlite`)
  const sessions = await Sessions.start(racksThatNeverOpen, [lab], records)
  onTestFinished(async () => {
    await sessions.stop()
    await records.close()
  })
  return { sessions, learner: await records.localLearner(), records }
}

async function twoVersions(): Promise<[Lab, Lab]> {
  const folder = copyOfDesk()
  const old = await loadLab(folder)
  change(folder, 'en.md', ['Two files lie', 'Some files lie'])
  return [old, await loadLab(folder)]
}

const textOf = async (sessions: Sessions, learner: string) =>
  (await sessions.page(learner, 'desk', 'en')).sections.map(({ html }) => html).join()

it('a session goes on with the lab that it began with, says so, and the next one has the new files', async () => {
  const [old, next] = await twoVersions()
  const { sessions, learner, records } = await houseOf(old)
  const session = (await sessions.join(learner, 'desk', { open: true }))!
  expect(session.view()).toMatchObject({ content: old.contentHash, newer: false })

  sessions.renew('desk', next)
  expect(session.view()).toMatchObject({ content: old.contentHash, newer: true })
  expect(await textOf(sessions, learner)).toContain('Two files lie')
  expect((await sessions.page(learner, 'desk', 'en')).content).toBe(old.contentHash)
  // Another window of the same learner sees the same.
  expect(await sessions.join(learner, 'desk', { open: true })).toBe(session)
  // Back as it was: nothing is newer.
  sessions.renew('desk', { ...old })
  expect(session.view().newer).toBe(false)
  sessions.renew('desk', next)

  await session.leave()
  expect(await textOf(sessions, learner)).toContain('Some files lie')
  const again = (await sessions.join(learner, 'desk', { open: true }))!
  expect(again.id).not.toBe(session.id)
  expect(again.view()).toMatchObject({ content: next.contentHash, newer: false })
  expect((await records.session(again.id))?.labHash).toBe(next.contentHash)
})

it('starting over begins the new files, in a session of its own; without any, the same one goes on', async () => {
  const [old, next] = await twoVersions()
  const { sessions, learner, records } = await houseOf(old)
  const session = (await sessions.join(learner, 'desk', { open: true }))!
  sessions.renew('desk', next)
  await records.setStep(session.id, 'read', 'passed')
  const over = await sessions.startOver(learner, session.id)
  expect(over.id).not.toBe(session.id)
  expect(over.view()).toMatchObject({ content: next.contentHash, newer: false, phase: { name: 'opening' } })
  expect(over.view().steps.every(({ state }) => state === 'open')).toBe(true)
  await expect(sessions.get(learner, session.id)).rejects.toMatchObject({ code: 'session.not-found' })
  await over.leave()
  expect(await sessions.startOver(learner, over.id)).toBe(over)
})

it('a lab that is gone is not offered, and whoever is in it stays', async () => {
  const [old, next] = await twoVersions()
  const { sessions, learner } = await houseOf(old)
  const session = (await sessions.join(learner, 'desk', { open: true }))!
  sessions.renew('desk', undefined)
  expect(session.view().newer).toBe(false)
  expect((await sessions.catalogue(learner)).labs.map(({ id }) => id)).toEqual(['desk'])
  expect((await sessions.catalogue('somebody-else')).labs).toEqual([])
  expect(await textOf(sessions, learner)).toContain('Two files lie')
  await expect(sessions.page('somebody-else', 'desk', 'en')).rejects.toMatchObject({ code: 'lab.not-found' })
  await session.leave()
  expect((await sessions.catalogue(learner)).labs).toEqual([])
  await expect(sessions.join(learner, 'desk', { open: true })).rejects.toMatchObject({ code: 'lab.not-found' })
  sessions.renew('desk', next)
  expect((await sessions.catalogue(learner)).labs.map(({ id }) => id)).toEqual(['desk'])
})
