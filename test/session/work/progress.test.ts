import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Lab } from '../../../server/lab/lab.js'
import { loadLab } from '../../../server/lab/read-lab.js'
import { fromPackage } from '../../../server/package-root.js'
import { carryOver, Progress } from '../../../server/session/work/progress.js'
import { Records } from '../../../server/store/records.js'

let scratch: string
let records: Records
let lab: Lab
let learner: string
beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-progress-'))
  records = Records.open(join(scratch, 'records.db'))
  learner = records.localLearner()
  lab = await loadLab(fromPackage('labs/default-bridge'))
  return () => rmSync(scratch, { recursive: true, force: true })
})
afterEach(() => records.close())

const [one, two, three] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [string, string, string]

function progressOf(id: string): Progress {
  return new Progress(records, lab, records.session(id)!)
}

function begin(id: string): Progress {
  records.createSession({ id, learner, lab: lab.id, labHash: lab.contentHash })
  return progressOf(id)
}

it('is the same in memory and on record', () => {
  const progress = begin(one)
  expect(progress.current?.id).toBe('first')
  progress.pass('first')
  progress.skip('cable')
  progress.skip('first')
  progress.setHelp('addresses', { shown: true })
  progress.pass('addresses')
  progress.hint('nat', 0)
  progress.hint('nat', 0)
  progress.answer('seen-as', '192.168.1.11')
  for (const same of [progress, progressOf(one)]) {
    expect(lab.steps.map(({ id }) => same.state(id))).toEqual(['passed', 'skipped', 'helped', 'open', 'open'])
    expect(same.current?.id).toBe('nat')
    expect(same.hints('nat', 0)).toBe(2)
    expect(same.help('addresses')).toEqual({ shown: true, done: false, told: false })
    expect(same.answers).toEqual({ 'seen-as': '192.168.1.11' })
  }
})

it('lets a step pass that was skipped, and none lose what it has', () => {
  const progress = begin(one)
  progress.skip('first')
  progress.pass('first')
  expect(progress.state('first')).toBe('passed')
  progress.setHelp('first', { done: true })
  progress.pass('first')
  progress.skip('first')
  expect(progress.state('first')).toBe('passed')
  expect(progressOf(one).state('first')).toBe('passed')
})

it('goes over to the next session, but for answers', () => {
  const before = begin(one)
  before.pass('first')
  before.setHelp('cable', { done: true })
  before.pass('cable')
  before.skip('addresses')
  before.setHelp('nat', { shown: true })
  before.hint('nat', 1)
  before.answer('cable', 'veth1')
  begin(two)
  carryOver(records, records.session(one)!, two)
  const after = progressOf(two)
  expect(lab.steps.map(({ id }) => after.state(id))).toEqual(['passed', 'helped', 'skipped', 'open', 'open'])
  expect(after.answers).toEqual({})
  expect(after.hints('nat', 1)).toBe(1)
  // A solution that was seen before is known now.
  after.pass('nat')
  expect(after.state('nat')).toBe('helped')
})

it('is forgotten as a whole, and of one session alone', () => {
  const other = begin(three)
  other.pass('first')
  const progress = begin(one)
  progress.pass('first')
  progress.hint('cable', 0)
  progress.setHelp('cable', { shown: true })
  progress.answer('cable', 'x')
  records.addVerdicts(one, { step: 'first', asked: true, labHash: lab.contentHash }, [
    { index: 0, family: 'container', outcome: 'pass', evidence: {} },
  ])
  progress.forget()
  for (const same of [progress, progressOf(one)]) {
    expect(same.current?.id).toBe('first')
    expect(same.hints('cable', 0)).toBe(0)
    expect(same.help('cable')).toEqual({ shown: false, done: false, told: false })
    expect(same.answers).toEqual({})
  }
  expect(records.verdicts(one)).toHaveLength(1)
  expect(progressOf(three).state('first')).toBe('passed')
  progress.pass('first')
  expect(progressOf(one).state('first')).toBe('passed')
})

it('hides causes where finding them is the task, until a hint or help tells of them', async () => {
  const hidden = await loadLab(fromPackage('labs/broken-web'))
  expect(hidden.explain).toBe('after-hint')
  const of = (id: string) => {
    records.createSession({ id, learner, lab: hidden.id, labHash: hidden.contentHash })
    return new Progress(records, hidden, records.session(id)!)
  }
  const [first, second] = hidden.steps
  const hinted = of(one)
  expect(hinted.hidesCause(first!)).toBe(true)
  hinted.hint(first!.id, 0)
  expect(hinted.hidesCause(first!)).toBe(false)

  const told = of(two)
  told.setHelp(first!.id, { told: true })
  expect(told.hidesCause(first!)).toBe(false)
  told.pass(first!.id)
  expect(told.state(first!.id)).toBe('helped')
  // The next one is the learner's again.
  expect(told.hidesCause(second!)).toBe(true)
  expect(new Progress(records, hidden, records.session(two)!).help(first!.id)).toMatchObject({ told: true })

  // Of other labs nothing is hidden.
  expect(begin(three).hidesCause(lab.steps[0]!)).toBe(false)
})
