import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Policy } from '../../server/course/policy.js'
import { type Attempt, type Grading, type Overrides, type Score, score } from '../../server/course/score.js'

const hour = 3_600_000
const day = 24 * hour
const due = Date.UTC(2026, 2, 1, 22, 59)
const iso = (at: number) => new Date(at).toISOString()

/** Handed in so long after the deadline, with so many of ten points. */
const attempt = (afterMs: number, points: number, open = 0): Attempt => ({ at: due + afterMs, points, of: 10, open })
const policy = (more: object = {}): Policy =>
  Policy.parse({ due: iso(due), late: { percent: 10, per: 'day', floor: 50, until: '7d' }, ...more })
const points = (attempts: Attempt[], more: object = {}, overrides: Overrides = {}) =>
  score(attempts, policy(more), overrides).points

describe('score', () => {
  it.each<[string, Attempt[], object, number]>([
    ['in time', [attempt(-1, 8)], {}, 8],
    ['to the millisecond', [attempt(0, 8)], {}, 8],
    ['a moment late: a day that has begun counts', [attempt(1, 8)], {}, 7.2],
    ['within the grace', [attempt(15 * 60_000, 8)], { grace: '15m' }, 8],
    ['behind the grace, from the deadline on', [attempt(15 * 60_000 + 1, 8)], { grace: '15m' }, 7.2],
    ['a day and a bit', [attempt(day + 1, 8)], {}, 6.4],
    ['down to the floor', [attempt(6.5 * day, 8)], {}, 4],
    ['until the end', [attempt(7 * day, 8)], {}, 4],
    ['behind the end', [attempt(7 * day + 1, 8)], {}, 0],
    ['by the hour', [attempt(2.5 * hour, 8)], { late: { percent: '2.5', per: 'hour' } }, 7.4],
    ['late, and nothing said of lateness', [attempt(1, 8)], { late: undefined }, 0],
    ['without a deadline', [attempt(99 * day, 8)], { due: undefined }, 8],
    ['before the release', [attempt(-2 * day, 10), attempt(-hour, 3)], { release: iso(due - day) }, 3],
    ['the best of several, lateness included', [attempt(-hour, 7), attempt(hour, 7.5), attempt(day + hour, 10)], {}, 8],
    ['the last of several', [attempt(-hour, 7), attempt(-1, 5)], { counts: 'last' }, 5],
    ['the first two, where two count', [attempt(-3, 1), attempt(-2, 2), attempt(-1, 9)], { attempts: 2 }, 2],
    ['worth more in the course', [attempt(-1, 8)], { points: 25 }, 20],
    ['nothing', [], {}, 0],
  ])('%s', (_, attempts, more, wanted) => {
    expect(points(attempts, more)).toBe(wanted)
  })

  it.each<[string, Attempt[], object, Overrides, number]>([
    ['extra time', [attempt(2 * hour, 8)], {}, { learner: { extraTime: 2 * hour } }, 8],
    ['a deadline of the group', [attempt(day, 8)], {}, { groups: [{ due: due + day }] }, 8],
    ['the most generous of several groups', [attempt(day, 8)], {}, { groups: [{ due }, { due: due + day }] }, 8],
    [
      "a learner's own before that of groups",
      [attempt(day, 8)],
      {},
      { learner: { due }, groups: [{ due: due + day }] },
      7.2,
    ],
    ['no cost of lateness', [attempt(3 * day, 8)], {}, { learner: { waiveLate: true } }, 8],
    ['no cost of lateness, up to the end', [attempt(8 * day, 8)], {}, { learner: { waiveLate: true } }, 0],
    ['more attempts', [attempt(-3, 1), attempt(-2, 9)], { attempts: 1 }, { learner: { attempts: 2 } }, 9],
    [
      'an earlier release',
      [attempt(-2 * day, 8)],
      { release: iso(due - day) },
      { groups: [{ release: due - 3 * day }] },
      8,
    ],
    [
      'an outage before the deadline',
      [attempt(hour, 8)],
      {},
      { outages: [{ from: due - 2 * hour, to: due - hour }] },
      8,
    ],
    [
      'an outage over the deadline, whose end leaves the time that it took',
      [attempt(3 * hour, 8)],
      {},
      { outages: [{ from: due - hour, to: due + 2 * hour }] },
      8,
    ],
    [
      'no outage behind the deadline',
      [attempt(hour, 8)],
      {},
      { outages: [{ from: due + 1, to: due + 9 * hour }] },
      7.2,
    ],
    [
      'outages at the same time once',
      [attempt(hour + 1, 8)],
      {},
      {
        outages: [
          { from: due - 2 * hour, to: due - hour },
          { from: due - 2 * hour, to: due - hour },
        ],
      },
      7.2,
    ],
    [
      'an outage of before the release not at all',
      [attempt(1, 8)],
      { release: iso(due - day) },
      { outages: [{ from: due - 3 * day, to: due - 2 * day }] },
      7.2,
    ],
  ])('with %s', (_, attempts, more, overrides, wanted) => {
    expect(points(attempts, more, overrides)).toBe(wanted)
  })
})

describe('What could not be told', () => {
  it('takes nothing from what was sure before, and may still add', () => {
    for (const counts of ['best', 'last']) {
      const found = score([attempt(-2, 8), attempt(-1, 2, 8)], policy({ counts }))
      expect(found).toMatchObject({ points: 8, isPending: true })
    }
    expect(score([attempt(-2, 8), attempt(-1, 2, 3)], policy())).toMatchObject({ points: 8, isPending: false })
    expect(score([attempt(-1, 2, 3)], policy())).toMatchObject({ points: 2, isPending: true })
  })

  it('uses up none of the attempts', () => {
    expect(points([attempt(-2, 0, 10), attempt(-1, 9)], { attempts: 1 })).toBe(9)
  })

  it('is over where a later one counts that could be told', () => {
    expect(score([attempt(-2, 0, 10), attempt(-1, 9)], policy({ counts: 'last' }))).toMatchObject({
      points: 9,
      isPending: false,
    })
  })
})

describe('An attempt that was judged again', () => {
  const judged = (points: number, open = 0): Grading => ({ points, of: 10, open })
  const again = (first: Attempt, ...regradings: Grading[]): Attempt => ({ ...first, regradings })

  it.each<[string, Attempt[], object, number, boolean]>([
    ['is one attempt', [again(attempt(-1, 2), judged(5))], { attempts: 1 }, 5, false],
    ['has the better grading', [again(attempt(-1, 5), judged(2), judged(4))], {}, 5, false],
    ['has the newer one, where that is said', [again(attempt(-1, 5), judged(2))], { regraded: 'newer' }, 2, false],
    ['is as late as it was', [again(attempt(day, 2), judged(5))], {}, 4.5, false],
    ['leaves room for others', [again(attempt(-2, 2), judged(5)), attempt(-1, 9)], { attempts: 2 }, 9, false],
    ['is the last, whatever its gradings', [again(attempt(-1, 2), judged(5))], { counts: 'last' }, 5, false],
    [
      'loses nothing by what could not be told',
      [again(attempt(-1, 5), judged(0, 10))],
      { regraded: 'newer' },
      5,
      false,
    ],
    ['is sure, where one grading is', [again(attempt(-1, 2), judged(3, 7))], {}, 2, false],
    ['is settled by a grading that could be told', [again(attempt(-1, 2, 8), judged(2))], {}, 2, false],
    ['could not be told at all', [again(attempt(-1, 2, 8), judged(3, 7))], { regraded: 'newer' }, 3, true],
    [
      'counts by its share, where the lab counts otherwise now',
      [again(attempt(-1, 5), { points: 5, of: 20, open: 0 })],
      { points: 10 },
      5,
      false,
    ],
  ])('%s', (_, attempts, more, wanted, isPending) => {
    expect(score(attempts, policy(more))).toMatchObject({ points: wanted, isPending })
  })

  it('is told with what each grading gave, and why one holds', () => {
    const said = (more: object, ...regradings: Grading[]) => {
      const { en, zh } = score([again(attempt(-1, 2), ...regradings)], policy(more)).explanation[1]!
      return [en, zh]
    }
    expect(said({}, judged(5))).toEqual([
      'Attempt 1 was judged 2 times: 2 points, then 5 points. What holds is 5 points, the better one.',
      '第 1 次提交评过 2 次分：2 分、5 分。以较高的一次为准：5 分。',
    ])
    expect(said({ regraded: 'newer' }, judged(1))).toEqual([
      'Attempt 1 was judged 2 times: 2 points, then 1 points. What holds is 1 points, the newer one.',
      '第 1 次提交评过 2 次分：2 分、1 分。以较新的一次为准：1 分。',
    ])
    expect(said({ regraded: 'newer' }, judged(3, 7))).toEqual([
      'Attempt 1 was judged 2 times: 2 points, then 3 points (not all could be judged). What holds is 2 points, the newer one of those that could be judged.',
      '第 1 次提交评过 2 次分：2 分、3 分（有些没能判定）。以能判定的较新一次为准：2 分。',
    ])
  })
})

describe('The explanation', () => {
  const said = ({ explanation }: Score, language: 'en' | 'zh') => explanation.map((line) => line[language])

  it('says how it came about, in both languages and in the time of the course', () => {
    const found = score(
      [attempt(-day, 8), attempt(2 * hour, 9), attempt(2 * day, 3, 7), attempt(9 * day, 10)],
      policy(),
      { learner: { extraTime: hour }, outages: [{ from: due - hour, to: due - hour / 2 }] },
      'Europe/Berlin',
    )
    expect(said(found, 'en')).toEqual([
      'The deadline is 2026-03-01 23:59 Europe/Berlin, with 1 hour of extra time and 30 minutes for an outage: 2026-03-02 01:29 Europe/Berlin.',
      'Attempt 1 (2026-02-28 23:59 Europe/Berlin): 8 of 10 points, in time.',
      'Attempt 2 (2026-03-02 01:59 Europe/Berlin): 9 of 10 points, 30 minutes late: 10 % off, 8.1 points.',
      'Attempt 3 (2026-03-03 23:59 Europe/Berlin): 3 of 10 points are sure, the rest could not be judged and is not lost.',
      'Attempt 4 (2026-03-10 23:59 Europe/Berlin): it came 8 days 22 hours 30 minutes after the deadline, and does not count.',
      'Attempt 2 counts, the best one: 8.1 of 10 points.',
    ])
    expect(said(found, 'zh')).toEqual([
      '截止时间是 2026-03-01 23:59 Europe/Berlin，加上延长的 1 小时和故障补偿的 30 分钟：2026-03-02 01:29 Europe/Berlin。',
      '第 1 次提交（2026-02-28 23:59 Europe/Berlin）：8/10 分，按时提交。',
      '第 2 次提交（2026-03-02 01:59 Europe/Berlin）：9/10 分，迟交 30 分钟，扣 10%，得 8.1 分。',
      '第 3 次提交（2026-03-03 23:59 Europe/Berlin）：确定的有 3/10 分，其余没能判定，不会因此扣掉。',
      '第 4 次提交（2026-03-10 23:59 Europe/Berlin）：超过截止时间 8 天 22 小时 30 分钟，不计分。',
      '第 2 次提交计分（取最好的一次）：8.1/10 分。',
    ])
  })

  it('says that there is no final grade yet', () => {
    const found = score([attempt(-1, 2, 3)], policy())
    expect(said(found, 'en').slice(-2)).toEqual([
      'Sure so far, from attempt 1: 2 of 10 points.',
      'There is no final grade yet: an attempt could not be judged, through no fault of the learner, and is to be judged again.',
    ])
    expect(said(score([], policy()), 'en').at(-1)).toBe('Nothing counts so far: 0 of 0 points.')
  })
})

describe('Whatever was handed in,', () => {
  const time = fc.integer({ min: -3 * day, max: 10 * day })
  const grading = fc
    .record({ points: fc.integer({ min: 0, max: 40 }), open: fc.integer({ min: 0, max: 40 }) })
    .map(({ points, open }) => ({
      points: points / 4,
      of: 10,
      open: open < 30 ? 0 : Math.min(open / 4, 10 - points / 4),
    }))
  const attempts = fc.array(
    fc
      .record({ after: time, first: grading, regradings: fc.array(grading, { maxLength: 2 }) })
      .map(({ after, first, regradings }) => ({ at: due + after, ...first, regradings })),
    { maxLength: 6 },
  )
  const override = fc.record(
    {
      release: time.map((after) => due + after - 5 * day),
      due: time.map((after) => due + after),
      extraTime: fc.integer({ min: 0, max: 3 * day }),
      attempts: fc.integer({ min: 1, max: 4 }),
      waiveLate: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  const outages = fc.array(
    fc.record({ from: time, length: fc.integer({ min: 1, max: 2 * day }) }).map(({ from, length }) => ({
      from: due + from,
      to: due + from + length,
    })),
    { maxLength: 3 },
  )
  const policies = fc
    .record({
      points: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
      grace: fc.constantFrom('0m', '30m', '2h'),
      late: fc.option(
        fc.record({
          per: fc.constantFrom('hour', 'day'),
          percent: fc.integer({ min: 0, max: 100 }),
          floor: fc.integer({ min: 0, max: 100 }),
          until: fc.option(fc.constantFrom('1h', '2d', '7d'), { nil: undefined }),
        }),
        { nil: undefined },
      ),
      attempts: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
      counts: fc.constantFrom('best', 'last'),
      regraded: fc.constantFrom('better', 'newer'),
    })
    .map((fields) => policy(fields))
  const overrides = fc.record({ learner: override, groups: fc.array(override, { maxLength: 2 }), outages })
  const hold = (judge: (attempts: Required<Attempt>[], policy: Policy, overrides: Overrides) => void) =>
    fc.assert(fc.property(attempts, policies, overrides, judge), { numRuns: 300 })

  it('the points are between none and all, and what lateness takes is the rest of what was earned', () => {
    hold((all, policy, over) => {
      const { points, of, earned, penalty } = score(all, policy, over)
      expect(points).toBeGreaterThanOrEqual(0)
      expect(points).toBeLessThanOrEqual(of)
      expect(points + penalty).toBeCloseTo(earned, 5)
      expect(penalty).toBeGreaterThanOrEqual(0)
    })
  })

  it('the order in which attempts are given does not matter, and asking again changes nothing', () => {
    hold((all, policy, over) => {
      const distinct = [...new Map(all.map((one) => [one.at, one])).values()]
      const once = score(distinct, policy, over)
      expect(score(distinct.toReversed(), policy, over)).toEqual(once)
      expect(score(distinct, policy, over)).toEqual(once)
    })
  })

  it('an attempt that could not be told never takes a point', () => {
    hold((all, policy, over) => {
      const sure = all.flatMap(({ at, regradings, ...first }) => {
        const [one, ...others] = [first, ...regradings].filter(({ open }) => open === 0)
        return one ? [{ at, ...one, regradings: others }] : []
      })
      const without = score(sure, policy, over)
      expect(score(all, policy, over).points).toBeGreaterThanOrEqual(sure.length > 0 ? without.points : 0)
    })
  })

  it('a day more time never takes a point where the best counts', () => {
    hold((all, policy, over) => {
      const best = { ...policy, counts: 'best' as const }
      delete best.attempts
      const more = { ...over, learner: { ...over.learner, extraTime: (over.learner?.extraTime ?? 0) + day } }
      const { attempts: _, ...learner } = over.learner ?? {}
      const groups = (over.groups ?? []).map(({ attempts: _, extraTime: __, ...group }) => group)
      const base = { ...over, learner: { ...learner, extraTime: over.learner?.extraTime ?? 0 }, groups }
      const given = { ...base, learner: { ...learner, extraTime: more.learner.extraTime } }
      expect(score(all, best, given).points).toBeGreaterThanOrEqual(score(all, best, base).points)
    })
  })

  it('being later never gives a point', () => {
    hold((all, policy, over) => {
      const later = all.map((one) => ({ ...one, at: one.at + hour }))
      const free = { ...policy, counts: 'best' as const }
      delete free.release
      delete free.attempts
      const { outages } = over
      expect(score(later, free, { outages: outages ?? [] }).points).toBeLessThanOrEqual(
        score(all, free, { outages: outages ?? [] }).points,
      )
    })
  })

  it('one attempt at most counts, and it is one of those that may', () => {
    hold((all, policy, over) => {
      const found = score(all, policy, over)
      const counting = found.attempts.filter(({ state }) => state === 'counts')
      expect(counting.length).toBeLessThanOrEqual(1)
      for (const { state, points } of found.attempts)
        if (['too-early', 'too-late', 'beyond-limit'].includes(state)) expect(points).toBe(0)
      for (const { en, zh } of found.explanation) {
        expect(en).toMatch(/\.$/)
        expect(zh).toMatch(/。$/)
        expect(`${en}${zh}`).not.toMatch(/undefined|NaN/)
      }
    })
  })
})
