import { expect, it, vi } from 'vitest'
import { VethlabError } from '../../../server/error/vethlab-error.js'
import type { Lab } from '../../../server/lab/lab.js'
import type { RackUse } from '../../../server/session/life/rack-use.js'
import { Steps } from '../../../server/session/work/steps.js'
import type { Records, SessionRecord } from '../../../server/store/records.js'
import { read } from '../../check/cases.js'

const text = (en: string) => ({ en, zh: en })

/** Two steps, whose checks pass whenever they are made, in a class that may lock them. */
function bench({ locked = [] as string[], whenAsked = [] as string[], slow = false } = {}) {
  const check = read({ container: { name: 'web' }, hint: text('one') })
  const step = (id: string) => ({
    ...{ id, points: 1, optional: false, whenAsked: whenAsked.includes(id) },
    ...{ needs: [], checks: [check], solution: [] },
  })
  const lab = { steps: [step('one'), step('two')], explain: 'at-once', contentHash: '' } as unknown as Lab
  const found = [
    { index: 0, family: 'container', hints: [], tookMs: 1, finding: { outcome: 'pass', observed: text('web') } },
  ]
  const house = { locked: async () => locked, finish: () => {} }
  const looked = vi.fn(async () => {
    if (slow) await new Promise<void>((resolve) => Object.assign(house, { finish: resolve }))
    return found
  })
  const capture = vi.fn(async () => {})
  const live = { rack: { check: looked, ground: { capture } } }
  const use = { open: () => live, live, begin: () => live, background: () => {} } as unknown as RackUse
  const records = { addVerdicts: vi.fn(async () => {}), setStep: vi.fn(async () => {}) } as unknown as Records
  const record = { id: 's', steps: {}, answers: {}, hints: {}, help: {} } as unknown as SessionRecord
  const errors: unknown[] = []
  const steps = new Steps({
    ...{ lab, record, records, use },
    locked: () => house.locked(),
    onError: (error) => void errors.push(error),
    note: async () => {},
    onCaughtUp: () => {},
    tell: () => {},
    onChange: () => {},
  })
  steps.resume()
  const state = (id: string) => steps.views.find((view) => view.id === id)!.state
  const isQuiet = () => vi.waitFor(() => expect(steps.views.every(({ checking }) => !checking)).toBe(true))
  return { house, steps, looked, capture, records, errors, state, isQuiet }
}

it('a step that is locked is not looked at by itself, and does not pass; the network is', async () => {
  const { steps, looked, capture, records, state, isQuiet } = bench({ locked: ['one'] })
  steps.trigger()
  await vi.waitFor(() => expect(capture).toHaveBeenCalled())
  await isQuiet()
  expect([state('one'), looked.mock.calls.length]).toEqual(['open', 0])
  expect(steps.views[0]!.checks).toEqual([])
  expect(records.addVerdicts).not.toHaveBeenCalled()
})

it('one that is open passes, and the locked one behind it waits until it is opened', async () => {
  const { house, steps, state, isQuiet } = bench({ locked: ['two'] })
  steps.trigger()
  await vi.waitFor(() => expect(state('one')).toBe('passed'))
  steps.trigger()
  await isQuiet()
  expect(state('two')).toBe('open')
  house.locked = async () => []
  steps.trigger()
  await vi.waitFor(() => expect(state('two')).toBe('passed'))
})

it('a look that ends after its step was locked gives nothing', async () => {
  const { house, steps, looked, records, state, isQuiet } = bench({ slow: true })
  steps.trigger()
  await vi.waitFor(() => expect(looked).toHaveBeenCalled())
  house.locked = async () => ['one']
  house.finish()
  await isQuiet()
  await vi.waitFor(() => expect(records.addVerdicts).toHaveBeenCalled())
  expect(state('one')).toBe('open')
  expect(records.setStep).not.toHaveBeenCalled()
})

it('while the database is away the locks stay as they were last known', async () => {
  const { house, steps, looked, errors, state, isQuiet } = bench()
  const away = async () => {
    throw new VethlabError('records.behind', 'is away', { place: 'records', cure: 'Wait.' })
  }
  house.locked = away
  steps.trigger()
  await vi.waitFor(() => expect(errors).toMatchObject([{ code: 'records.behind' }]))
  expect([state('one'), looked.mock.calls.length]).toEqual(['open', 0])
  house.locked = async () => ['two']
  steps.trigger()
  await vi.waitFor(() => expect(state('one')).toBe('passed'))
  house.locked = away
  steps.trigger()
  await isQuiet()
  expect([state('two'), errors.length]).toEqual(['open', 1])
})

it('locks that were learnt when the rack was asked for hold where the database goes away before the first look', async () => {
  const { house, steps, errors, state, isQuiet } = bench({ locked: ['two'] })
  steps.learnLocks()
  house.locked = async () => {
    throw new VethlabError('records.behind', 'is away', { place: 'records', cure: 'Wait.' })
  }
  steps.learnLocks()
  steps.trigger()
  await vi.waitFor(() => expect(state('one')).toBe('passed'))
  steps.trigger()
  await isQuiet()
  expect([state('two'), errors]).toEqual(['open', []])
})

it('a step that is looked at when asked is never looked at by itself, and passes when somebody asks', async () => {
  const { steps, looked, capture, state, isQuiet } = bench({ whenAsked: ['one'] })
  steps.trigger()
  // The map goes on.
  await vi.waitFor(() => expect(capture).toHaveBeenCalled())
  await isQuiet()
  expect([state('one'), looked.mock.calls.length]).toEqual(['open', 0])
  await steps.check('one')
  await vi.waitFor(() => expect(state('one')).toBe('passed'))
  steps.trigger()
  await vi.waitFor(() => expect(state('two')).toBe('passed'))
})
