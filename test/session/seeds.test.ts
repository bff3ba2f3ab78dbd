import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { loadLab, withSeed } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { Sessions, type SessionsOptions } from '../../server/session/sessions.js'
import { SqliteRecords } from '../../server/store/sqlite-records.js'
import { newDirectory } from '../store/directory.js'
import { racksThatNeverOpen } from './racks-that-never-open.js'

const lab = await loadLab(fromPackage('labs', 'user-bridge'))
const mine = withSeed(lab, 'mine')
const subnetOf = (of: typeof lab) => String(of.drawn!.values.shop_subnet)

/** Records that several processes have, one after another. */
function recordsFile() {
  const file = join(newDirectory(), 'records.sqlite')
  return async (options: SessionsOptions = {}) => {
    const records = SqliteRecords.open(file)
    const sessions = await Sessions.start(racksThatNeverOpen, [lab], records, options)
    const stop = async () => {
      await sessions.stop()
      await records.close()
    }
    onTestFinished(() => stop().catch(() => {}))
    return { sessions, records, learner: await records.localLearner(), stop }
  }
}

async function textOf(sessions: Sessions, learner: string): Promise<string> {
  return (await sessions.page(learner, lab.id, 'en')).sections.map(({ html }) => html).join()
}

it('a learner sees the numbers of their seed, and the session is on record with it', async () => {
  const { sessions, records, learner } = await recordsFile()({
    seedFor: (who, id) => (id === lab.id && who ? 'mine' : ''),
  })
  expect(await textOf(sessions, learner)).toContain(subnetOf(mine))
  const session = (await sessions.join(learner, lab.id, { open: true }))!
  expect(session.lab.drawn!.values).toEqual(mine.drawn!.values)
  expect(session.lab.topology).toEqual(mine.topology)
  expect((await records.session(session.id))?.seed).toBe('mine')
  const { content, ownNumbers } = await sessions.page(learner, lab.id, 'en')
  expect(ownNumbers).toBe(true)
  expect(session.view().content).toBe(content)
  expect(content).not.toBe(
    (await recordsFile()().then(({ sessions: other, learner: who }) => other.page(who, lab.id, 'en'))).content,
  )
})

it('what a search shows has the numbers of the learner', async () => {
  const { sessions, learner } = await recordsFile()({ seedFor: () => 'mine' })
  const { labs } = await sessions.search(learner, '--subnet --gateway', 'en', () => true)
  expect(labs.map(({ id }) => id)).toEqual([lab.id])
  const create = labs[0]!.sections.find(({ id }) => id === 'create')!
  const excerpt = create.excerpt.map(({ text }) => text).join('')
  expect(excerpt).toContain(subnetOf(mine))
  expect(excerpt).not.toContain('10.20.0.0')
})

it('a search knows labs as their files are now, and paths', async () => {
  const { sessions, learner } = await recordsFile()()
  const found = async (words: string) => (await sessions.search(learner, words, 'en', () => true)).labs
  expect(await found('zebra')).toEqual([])
  const page = lab.pages.en
  const sections = page.sections.map((one) => ({ ...one, markdown: `${one.markdown}\n\nA zebra.` }))
  sessions.renew(lab.id, { ...lab, contentHash: 'other', pages: { ...lab.pages, en: { ...page, sections } } })
  expect((await found('zebra')).map(({ id }) => id)).toEqual([lab.id])
  expect(await found('giraffe')).toEqual([])
  const title = { en: 'Giraffes', zh: '长颈鹿' }
  sessions.renewPaths([{ id: 'giraffes', title, summary: title, labs: [lab.id] }])
  expect(await found('长颈鹿')).toEqual([{ id: lab.id, sections: [], more: 0 }])
  expect((await sessions.catalogue(learner)).paths).toMatchObject([{ id: 'giraffes', labs: [lab.id] }])
  sessions.renew(lab.id, undefined)
  expect(await found('zebra')).toEqual([])
  expect((await sessions.catalogue(learner)).paths).toEqual([])
})

it('without one they are those of practice', async () => {
  const { sessions, records, learner } = await recordsFile()()
  expect(await textOf(sessions, learner)).toContain('10.20.0.0/24')
  expect((await sessions.page(learner, lab.id, 'en')).ownNumbers).toBe(false)
  const session = (await sessions.join(learner, lab.id, { open: true }))!
  expect(session.lab).toBe(lab)
  expect((await records.session(session.id))?.seed).toBe('practice')
})

it('a session keeps its numbers when the next process would give others; what is begun anew has those', async () => {
  const start = recordsFile()
  const first = await start({ seedFor: () => 'mine' })
  const before = (await first.sessions.join(first.learner, lab.id, { open: true }))!
  await first.records.setStep(before.id, 'create', 'passed')
  await first.stop()

  const second = await start({ seedFor: () => 'other' })
  const { sessions, learner } = second
  const kept = (await sessions.join(learner, lab.id, { open: true }))!
  expect(kept.id).toBe(before.id)
  expect(kept.lab.drawn!.values).toEqual(mine.drawn!.values)
  expect(await textOf(sessions, learner)).toContain(subnetOf(mine))

  await kept.leave()
  expect(await textOf(sessions, learner)).toContain(subnetOf(withSeed(lab, 'other')))
  const next = (await sessions.join(learner, lab.id, { open: true }))!
  expect(next.lab.drawn!.seed).toBe('other')
  // What was done with other numbers is not done with these.
  expect(next.view().steps[0]!.state).toBe('open')
  expect((await second.records.session(before.id))!.steps.create?.state).toBe('passed')
})

it('what was done with the same numbers stays done in the next session', async () => {
  const { sessions, records, learner } = await recordsFile()({ seedFor: () => 'mine' })
  const before = (await sessions.join(learner, lab.id, { open: true }))!
  await records.setStep(before.id, 'create', 'passed')
  await before.leave()
  const next = (await sessions.join(learner, lab.id, { open: true }))!
  expect(next.id).not.toBe(before.id)
  expect(next.view().steps[0]!.state).toBe('passed')
})
