import { expect, it, vi } from 'vitest'
import type { Lab } from '../../../server/lab/lab.js'
import type { RackUse } from '../../../server/session/life/rack-use.js'
import { Steps } from '../../../server/session/work/steps.js'
import type { Records, SessionRecord } from '../../../server/store/records.js'
import { read } from '../../check/cases.js'

const text = (en: string) => ({ en, zh: en })

/** A step whose check fails whenever it is made. */
function bench(hintAfter: number | undefined, reason = 'container.missing') {
  const hint = [text('one'), text('two')]
  const check = read({ container: { name: 'web' }, hint, ...(hintAfter === undefined ? {} : { hintAfter }) })
  const step = { id: 'make', points: 1, optional: false, whenAsked: false, needs: [], checks: [check], solution: [] }
  const lab = { steps: [step], explain: 'at-once', contentHash: '' } as unknown as Lab
  const verdicts = [
    {
      index: 0,
      family: 'container',
      hints: check.hints,
      tookMs: 1,
      finding: { outcome: 'fail', reason, expected: text('x'), observed: text('x'), why: text('x') },
    },
  ]
  const live = { rack: { check: async () => verdicts } }
  const use = { open: () => live, begin: () => live, background: () => {} } as unknown as RackUse
  const records = { addVerdicts: vi.fn(async () => {}), setHints: vi.fn(async () => {}) } as unknown as Records
  const record = { id: 's', steps: {}, answers: {}, hints: {}, help: {} } as unknown as SessionRecord
  const onError = (error: unknown) => {
    throw error
  }
  const steps = new Steps({
    ...{ lab, record, records, use, onError },
    note: async () => {},
    locked: async () => [],
    onCaughtUp: () => {},
    tell: () => {},
    onChange: () => {},
  })
  steps.resume()
  const checkOnce = async () => {
    const before = (records.addVerdicts as unknown as ReturnType<typeof vi.fn>).mock.calls.length
    await steps.check('make')
    await vi.waitFor(() => expect(records.addVerdicts).toHaveBeenCalledTimes(before + 1))
    await vi.waitFor(() => expect(steps.look('make').checking).toBeUndefined())
    return steps.views[0]!.checks[0]!.hints.map(({ en }) => en)
  }
  const offered = () => steps.views[0]!.checks.map((check) => check.offered === true)
  return { checkOnce, offered, steps }
}

it('shows one more hint by itself each time a check has failed so often', async () => {
  const { checkOnce } = bench(2)
  const shown = []
  for (let n = 0; n < 7; n++) shown.push((await checkOnce()).join(' '))
  expect(shown).toEqual(['', 'one', 'one', 'one two', 'one two', 'one two', 'one two'])
})

it('shows none by itself where the author does not say so, nor for an answer that was not given', async () => {
  for (const { checkOnce } of [bench(undefined), bench(1, 'answer.none')]) {
    expect([await checkOnce(), await checkOnce()]).toEqual([[], []])
  }
})

it('marks a hint that came by itself with the last look, for those who listen', async () => {
  const { checkOnce, offered } = bench(1)
  await checkOnce()
  expect(offered()).toEqual([true])
  await checkOnce()
  expect(offered()).toEqual([true])
  // There is none left.
  await checkOnce()
  expect(offered()).toEqual([false])
  const late = bench(2)
  await late.checkOnce()
  expect(late.offered()).toEqual([false])
  await late.checkOnce()
  late.steps.forgetLooks()
  expect(late.offered()).toEqual([])
})
