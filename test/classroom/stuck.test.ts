import { describe, expect, it } from 'vitest'
import { median, stuckReason, usualRule } from '../../server/classroom/stuck.js'
import { Tracker } from '../../server/classroom/tracker.js'
import type { CheckView, SessionView } from '../../server/protocol/protocol.js'

const text = { en: 'x', zh: 'x' }
const fails = (reason: string, rest: Partial<CheckView> = {}): CheckView => ({
  index: 0,
  finding: { outcome: 'fail', reason, expected: text, observed: text, why: text },
  hints: [],
  moreHints: 2,
  traceable: false,
  ...rest,
})

let looks = 0
function view(
  id: string,
  current: string,
  minutes: number,
  checks: CheckView[] = [],
  passed: string[] = [],
): SessionView {
  const steps = ['one', 'two'].map((step) => ({
    id: step,
    state: passed.includes(step) ? ('passed' as const) : ('open' as const),
    points: 1,
    checks: step === current ? checks : [],
    ...(checks.length > 0 && step === current ? { checkedAt: `look ${++looks}` } : {}),
  }))
  return { id, lab: 'mtu', current, usedMs: minutes * 60_000, steps } as unknown as SessionView
}

describe('the rule', () => {
  const at = { minutes: 0, sameReason: 0, hintsUsedUp: false }
  it.each([
    ['begun', at, 3, undefined],
    ['slower than others, but not for long', { ...at, minutes: 4.9 }, 1, undefined],
    ['as slow as others', { ...at, minutes: 9 }, 5, undefined],
    ['twice as slow', { ...at, minutes: 10 }, 5, '10 minutes at the step, where others took 5'],
    ['slow, with nobody to compare', { ...at, minutes: 60 }, undefined, undefined],
    ['at one reason again', { ...at, sameReason: 3 }, 5, undefined],
    ['at one reason again and again', { ...at, sameReason: 4 }, 5, 'failed 4 times for the same reason'],
    ['without hints', { ...at, hintsUsedUp: true }, 5, 'all hints are used up'],
  ])('%s', (_name, known, usual, says) => {
    const reason = stuckReason(known, usual)
    if (says === undefined) expect(reason).toBeUndefined()
    else expect(reason?.en).toContain(says)
  })

  it('has other numbers where a teacher says so, and is silent where it is muted', () => {
    const rule = { ...usualRule, sameReason: 2, times: 3, leastMinutes: 1 }
    expect(stuckReason({ ...at, sameReason: 2 }, undefined, rule)?.en).toContain('failed 2 times')
    expect(stuckReason({ ...at, minutes: 2 }, 1, rule)).toBeUndefined()
    expect(stuckReason({ ...at, minutes: 3 }, 1, rule)?.en).toContain('3 minutes')
    expect(stuckReason({ ...at, sameReason: 9, hintsUsedUp: true }, 1, { ...rule, isMuted: true })).toBeUndefined()
  })

  it('compares with the middle one', () => {
    expect(median([])).toBeUndefined()
    expect(median([3, 1, 2])).toBe(2)
    expect(median([10, 1])).toBe(1)
  })
})

describe('the tracker', () => {
  it('counts the time at a step from where it was begun', () => {
    const tracker = new Tracker()
    tracker.take(view('s', 'one', 10), 's')
    tracker.take(view('s', 'one', 13), 's')
    expect(tracker.at('s')?.minutes).toBe(3)
    tracker.take(view('s', 'two', 14, [], ['one']), 's')
    expect(tracker.at('s')?.minutes).toBe(0)
    tracker.forget('s')
    expect(tracker.at('s')).toBeUndefined()
  })

  it('knows what others took once two have passed, alone', () => {
    const tracker = new Tracker()
    const usual = (...learners: string[]) => tracker.usual('mtu', 'one', (one) => learners.includes(one))
    for (const [id, minutes] of [
      ['a', 4],
      ['b', 6],
    ] as const) {
      expect(usual('a', 'b')).toBeUndefined()
      tracker.take(view(id, 'one', 0), id)
      tracker.take(view(id, 'two', minutes, [], ['one']), id)
    }
    expect(usual('a', 'b')).toBe(4)
    // Skipped, or helped: that says nothing of how long it takes.
    tracker.take(view('c', 'one', 0), 'c')
    tracker.take(view('c', 'two', 50), 'c')
    expect(usual('a', 'b', 'c')).toBe(4)
    // What other classes took says nothing of this one.
    expect(usual('a', 'c')).toBeUndefined()
  })

  it('counts looks that fail for one reason, each look once', () => {
    const tracker = new Tracker()
    const same = view('s', 'one', 1, [fails('route.missing')])
    tracker.take(same, 's')
    tracker.take(same, 's')
    expect(tracker.at('s')?.sameReason).toBe(1)
    tracker.take(view('s', 'one', 1, [fails('route.missing')]), 's')
    expect(tracker.at('s')?.sameReason).toBe(2)
    tracker.take(view('s', 'one', 1, [fails('route.other')]), 's')
    expect(tracker.at('s')?.sameReason).toBe(1)
    tracker.take(view('s', 'one', 1, [fails('route.other', { hints: [text], moreHints: 0 })]), 's')
    expect(tracker.at('s')).toMatchObject({ sameReason: 2, hintsUsedUp: true })
  })
})
