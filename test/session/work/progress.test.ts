import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Lab } from '../../../server/lab/lab.js'
import { loadLab } from '../../../server/lab/read-lab.js'
import { fromPackage } from '../../../server/package-root.js'
import { carryOver, Progress } from '../../../server/session/work/progress.js'
import type { Records } from '../../../server/store/records.js'
import { SqliteRecords } from '../../../server/store/sqlite-records.js'

let scratch: string
let records: Records
let lab: Lab
let learner: string
beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-progress-'))
  records = SqliteRecords.open(join(scratch, 'records.db'))
  learner = await records.localLearner()
  lab = await loadLab(fromPackage('labs/default-bridge'))
  return () => rmSync(scratch, { recursive: true, force: true })
})
afterEach(() => records.close())

const [one, two, three] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [string, string, string]

async function progressOf(id: string): Promise<Progress> {
  return new Progress(records, lab, (await records.session(id))!)
}

async function begin(id: string): Promise<Progress> {
  await records.createSession({ id, learner, lab: lab.id, labHash: lab.contentHash })
  return progressOf(id)
}

it('is the same in memory and on record', async () => {
  const progress = await begin(one)
  expect(progress.current?.id).toBe('first')
  await progress.pass('first')
  await progress.skip('cable')
  await progress.skip('first')
  await progress.setHelp('addresses', { shown: true })
  await progress.pass('addresses')
  await progress.hint('nat', 0, 9)
  await progress.hint('nat', 0, 9)
  await progress.answer('seen-as', '192.168.1.11')
  for (const same of [progress, await progressOf(one)]) {
    expect(lab.steps.map(({ id }) => same.state(id))).toEqual(['passed', 'skipped', 'helped', 'open', 'open'])
    expect(same.current?.id).toBe('nat')
    expect(same.hints('nat', 0)).toBe(2)
    expect(same.help('addresses')).toEqual({ shown: true, done: false, told: false })
    expect(same.answers).toEqual({ 'seen-as': '192.168.1.11' })
  }
})

it('lets a step pass that was skipped, and none lose what it has', async () => {
  const progress = await begin(one)
  await progress.skip('first')
  await progress.pass('first')
  expect(progress.state('first')).toBe('passed')
  await progress.setHelp('first', { done: true })
  await progress.pass('first')
  await progress.skip('first')
  expect(progress.state('first')).toBe('passed')
  expect((await progressOf(one)).state('first')).toBe('passed')
})

it('goes over to the next session, but for answers', async () => {
  const before = await begin(one)
  await before.pass('first')
  await before.setHelp('cable', { done: true })
  await before.pass('cable')
  await before.skip('addresses')
  await before.setHelp('nat', { shown: true })
  await before.hint('nat', 1, 9)
  await before.answer('cable', 'veth1')
  await begin(two)
  await carryOver(records, (await records.session(one))!, two)
  const after = await progressOf(two)
  expect(lab.steps.map(({ id }) => after.state(id))).toEqual(['passed', 'helped', 'skipped', 'open', 'open'])
  expect(after.answers).toEqual({})
  expect(after.hints('nat', 1)).toBe(1)
  // A solution that was seen before is known now.
  await after.pass('nat')
  expect(after.state('nat')).toBe('helped')
})

it('is forgotten as a whole, and of one session alone', async () => {
  const other = await begin(three)
  await other.pass('first')
  const progress = await begin(one)
  await progress.pass('first')
  await progress.hint('cable', 0, 9)
  await progress.setHelp('cable', { shown: true })
  await progress.answer('cable', 'x')
  await records.addVerdicts(one, { step: 'first', asked: true, labHash: lab.contentHash }, [
    { index: 0, family: 'container', outcome: 'pass', evidence: {} },
  ])
  await progress.forget()
  for (const same of [progress, await progressOf(one)]) {
    expect(same.current?.id).toBe('first')
    expect(same.hints('cable', 0)).toBe(0)
    expect(same.help('cable')).toEqual({ shown: false, done: false, told: false })
    expect(same.answers).toEqual({})
  }
  expect(await records.verdicts(one)).toHaveLength(1)
  expect((await progressOf(three)).state('first')).toBe('passed')
  await progress.pass('first')
  expect((await progressOf(one)).state('first')).toBe('passed')
})

it('hides causes where finding them is the task, until a hint or help tells of them', async () => {
  const hidden = await loadLab(fromPackage('labs/broken-web'))
  expect(hidden.explain).toBe('after-hint')
  const of = async (id: string) => {
    await records.createSession({ id, learner, lab: hidden.id, labHash: hidden.contentHash })
    return new Progress(records, hidden, (await records.session(id))!)
  }
  const [first, second] = hidden.steps
  const hinted = await of(one)
  expect(hinted.hidesCause(first!)).toBe(true)
  await hinted.hint(first!.id, 0, 9)
  expect(hinted.hidesCause(first!)).toBe(false)

  const told = await of(two)
  await told.setHelp(first!.id, { told: true })
  expect(told.hidesCause(first!)).toBe(false)
  await told.pass(first!.id)
  expect(told.state(first!.id)).toBe('helped')
  // The next one is the learner's again.
  expect(told.hidesCause(second!)).toBe(true)
  expect(new Progress(records, hidden, (await records.session(two))!).help(first!.id)).toMatchObject({ told: true })

  // Of other labs nothing is hidden.
  expect((await begin(three)).hidesCause(lab.steps[0]!)).toBe(false)
})

it('decides by what came before, also where that is not on record yet', async () => {
  const progress = await begin(one)
  // All at once, as from two windows.
  await Promise.all([progress.skip('first'), progress.pass('first'), progress.skip('first')])
  await Promise.all(Array.from({ length: 5 }, () => progress.hint('nat', 0, 2)))
  for (const same of [progress, await progressOf(one)]) {
    expect(same.state('first')).toBe('passed')
    expect(same.hints('nat', 0)).toBe(2)
  }
})

it('shows nothing that could not be recorded, and goes on with the next', async () => {
  const progress = await begin(one)
  await expect(progress.answer('seen-as', 'x'.repeat(100_000))).rejects.toThrow('has 100000 characters')
  expect(progress.answers).toEqual({})
  await progress.answer('seen-as', 'x')
  expect(progress.answers).toEqual({ 'seen-as': 'x' })
})
