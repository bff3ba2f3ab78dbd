import { describe, expect, it } from 'vitest'
import { busiestLab, byNeed, groupsOf, nameless, summaryOf } from '../../client/teach/summary.js'
import type { CellView, HandView, SeatView } from '../../server/protocol/classes.js'

const text = (en: string) => ({ en, zh: en })
const lab = {
  id: 'lab',
  title: text('Lab'),
  steps: ['one', 'two'].map((id) => ({ id, heading: text(id), optional: false })),
}

function seat(name: string, cells: Record<string, CellView> = {}, rest: Partial<SeatView> = {}): SeatView {
  const isSo = { isOfRoster: false, hasJoined: true, isDuplicate: false, isHere: true, isWaiting: false }
  return { id: name, name, ...isSo, cells: { lab: cells }, ...rest }
}

function hand(of: string, rest: Partial<HandView> = {}): HandView {
  return { seat: of, lab: 'lab', step: 'one', at: '2026-01-01T00:00:00.000Z', ...rest }
}

const failing = (why: string, check = 0): CellView => ({ state: 'failing', why: text(why), check, reason: why })
const passed: CellView = { state: 'passed' }

describe('the order by need', () => {
  const seats = [
    seat('never came', {}, { hasJoined: false }),
    seat('done', { one: passed, two: { state: 'helped' } }),
    seat('away', { one: passed }),
    seat('works', { one: { state: 'working' } }),
    seat('fails', { one: failing('x') }),
    seat('stuck', { one: { state: 'working', stuck: text('20 minutes') } }),
    seat('helped now', { one: passed, two: passed }),
    seat('waits', { one: passed, two: passed }),
    seat('waits longer', { one: { state: 'working' } }),
  ]
  const hands = [hand('helped now', { helper: 'Grace' }), hand('waits longer'), hand('waits')]
  const order = (...args: Parameters<typeof byNeed>) => byNeed(...args).map(({ name }) => name)

  it('has raised hands first, longest waiting before others, then who is stuck, then who fails', () => {
    const rest = ['stuck', 'fails', 'works', 'away', 'done', 'helped now', 'never came']
    expect(order(lab, seats, hands)).toEqual(['waits longer', 'waits', ...rest])
  })

  it('is that of names among those of one need, and in a class without labs', () => {
    const same = ['b', 'a', 'c'].map((name) => seat(name, { one: failing(name) }))
    expect(order(lab, same, [])).toEqual(['a', 'b', 'c'])
    expect(order(undefined, same, [hand('c')])).toEqual(['c', 'a', 'b'])
  })

  it('goes by the lab that is shown', () => {
    const elsewhere = { ...seat('a'), cells: { other: { one: { state: 'failing', stuck: text('x') } as CellView } } }
    expect(order(lab, [elsewhere, seat('b', { one: { state: 'working' } })], [])).toEqual(['b', 'a'])
  })
})

describe('the class in one look', () => {
  it('says how many are at a step, have passed it, and what most of them fail by', () => {
    const seats = [
      seat('a', { one: failing('no network', 1) }),
      seat('b', { one: failing('no container') }),
      seat('c', { one: failing('no container') }),
      seat('d', { one: { state: 'helped' }, two: { state: 'working' } }),
      seat('e', { one: passed, two: { state: 'skipped' } }),
    ]
    expect(summaryOf(lab, seats)).toEqual([
      { step: 'one', heading: text('one'), at: 3, passed: 2, reason: { why: text('no container'), count: 2 } },
      { step: 'two', heading: text('two'), at: 1, passed: 0 },
    ])
  })

  it('shows the lab in which most are, and the first where nobody is in one', () => {
    const labs = [lab, { ...lab, id: 'other' }]
    expect(busiestLab(labs, [seat('a', {}, { lab: 'other' })])).toBe('other')
    expect(busiestLab(labs, [seat('a')])).toBe('lab')
    expect(busiestLab([], [])).toBeUndefined()
  })

  it('names nobody on a projector, by whatever is known of them', () => {
    const known = { student: 'A7', section: 'Tuesday', email: 'ada@example.org' }
    expect(nameless(seat('Ada', { one: passed }, known), 'Learner 1')).toEqual({
      ...seat('Ada', { one: passed }),
      name: 'Learner 1',
    })
  })
})

describe('raised hands', () => {
  it('stand together where lab, step and reason are the same, in the order of the one that waits longest', () => {
    const hands = [
      hand('a', { reason: 'network.missing' }),
      hand('b', { reason: 'container.missing' }),
      hand('c', { reason: 'network.missing' }),
      hand('d', { reason: 'network.missing', step: 'two' }),
      hand('e'),
      hand('f', { lab: 'other' }),
      hand('g'),
    ]
    const groups = groupsOf(hands).map((group) => group.map((one) => one.seat))
    expect(groups).toEqual([['a', 'c'], ['b'], ['d'], ['e', 'g'], ['f']])
    expect(groupsOf([])).toEqual([])
  })
})
