import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { classCsv, classJsonLines } from '../../server/classroom/export.js'
import { duplicates, liveCells, recordedCells, withHints } from '../../server/classroom/matrix.js'
import type { SeatView } from '../../server/protocol/classes.js'
import type { SessionView } from '../../server/protocol/protocol.js'
import type { SeatRecord } from '../../server/store/people.js'
import { withheldFrom, withoutLocked } from '../../server/web/withheld.js'

const text = (en: string) => ({ en, zh: en })
const fail = {
  outcome: 'fail',
  reason: 'route.missing',
  expected: text('a'),
  observed: text('b'),
  why: text('no route'),
}

function session(steps: object[], phase = 'open', current = 'two'): SessionView {
  return { phase: { name: phase }, current, steps } as unknown as SessionView
}

describe('cells', () => {
  const passed = { id: 'one', state: 'passed', checks: [] }
  const failing = {
    id: 'two',
    state: 'open',
    checkedAt: 'x',
    checks: [{ index: 1, finding: fail, hints: [text('h')] }],
  }
  const later = { id: 'three', state: 'open', checks: [] }

  it('say where somebody is and why it does not pass', () => {
    expect(liveCells(session([passed, failing, later]))).toEqual({
      one: { state: 'passed' },
      two: { state: 'failing', why: text('no route'), reason: 'route.missing', check: 1 },
    })
    expect(liveCells(session([passed, { ...failing, checks: [] }, later])).two).toEqual({ state: 'working' })
  })

  it('say nothing of steps that nobody is at', () => {
    expect(liveCells(session([passed, failing, later], 'closed'))).toEqual({ one: { state: 'passed' } })
  })

  it('come from the record where no session is in memory', () => {
    expect(recordedCells([{ lab: 'mtu', session: 's', states: { one: 'helped' } }])).toEqual({
      mtu: { one: { state: 'helped' } },
    })
  })
})

describe('help by hints', () => {
  const given = { seat: 'a', lab: 'mtu', step: 'one', check: 0, hint: 1, by: 'Grace', at: 'now' }
  it('is in the cell of its step, also of one that was passed or not begun, and says what of it staff gave', () => {
    const cells = { mtu: { one: { state: 'passed' as const } } }
    const progress = [{ lab: 'mtu', session: 's', states: {}, hints: { one: 2, two: 1 } }]
    expect(withHints(cells, progress, [given])).toEqual({
      mtu: { one: { state: 'passed', hints: 2, given: 1 }, two: { state: 'open', hints: 1 } },
    })
    expect(withHints(cells, [], [])).toEqual(cells)
    expect(withHints({}, [], [{ ...given, lab: 'constructor', step: '__proto__' }])).toEqual(
      Object.fromEntries([['constructor', Object.fromEntries([['__proto__', { state: 'open', given: 1 }]])]]),
    )
  })
})

describe('duplicates', () => {
  const seat = (id: string, name: string, student?: string) =>
    ({ id, name, ...(student ? { student } : {}) }) as SeatRecord
  it('are of one name, unless ids tell them apart', () => {
    expect([...duplicates([seat('a', 'Li Wei', '1'), seat('b', 'li wei', '2')])]).toEqual([])
    expect([...duplicates([seat('a', 'Li Wei'), seat('b', 'li wei')])]).toEqual(['a', 'b'])
    expect([...duplicates([seat('a', 'Li', 'X1'), seat('b', 'Wei', 'x1'), seat('c', 'Ada')])]).toEqual(['a', 'b'])
  })
})

describe('an export', () => {
  const labs = [
    { id: 'mtu', title: text('MTU'), steps: ['one', 'two'].map((id) => ({ id, heading: text(id), optional: false })) },
  ]
  const seats = [
    {
      id: 'a',
      name: '=HYPERLINK("http://x")',
      student: '+1',
      cells: { mtu: { one: { state: 'passed', hints: 2, given: 1 } } },
    },
    { id: 'b', name: '王"小",明\nx', cells: {} },
  ] as unknown as SeatView[]

  it('opens in a parser, and no cell is a formula', () => {
    const csv = classCsv({ labs, assessed: { mtu: { shows: 'points' } } }, seats)
    expect(csv.split('\r\n')[0]).toBe('name,id,email,group,lab,work,step,state,hints,hints_given')
    const rows = parse(csv, { columns: true }) as Record<string, string>[]
    expect(rows).toHaveLength(4)
    expect(rows[0]).toMatchObject({
      name: `'=HYPERLINK("http://x")`,
      id: "'+1",
      step: 'one',
      work: 'assessed',
      state: 'passed',
      hints: '2',
      hints_given: '1',
    })
    expect(rows[3]).toMatchObject({ name: '王"小",明\nx', step: 'two', state: 'open' })
    const lines = classJsonLines({ labs, assessed: {} }, seats).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).state)).toEqual(['passed', 'open', 'open', 'open'])
  })
})

describe('what is withheld', () => {
  const locks = { mtu: { steps: ['two'], solutions: true as const } }
  const learner = {
    person: 'p',
    roles: [
      { role: 'learner' as const, class: 'c', labs: ['mtu'], isOpen: true, closed: {}, due: {}, assessed: [], locks },
    ],
  }
  const page = {
    sections: [
      { heading: 'About', html: 'a' },
      { id: 'one', heading: 'One', html: 'b' },
      { id: 'two', heading: 'Two', html: 'secret' },
    ],
    steps: [
      { id: 'one', answers: [] },
      { id: 'two', answers: [{ id: 'q' }] },
    ],
  } as never

  it('is not in the page, nor its questions', () => {
    const given = JSON.stringify(withoutLocked(page, withheldFrom(learner, 'mtu'), 'en'))
    expect(given).not.toContain('secret')
    expect(given).not.toContain('"q"')
    expect(given).toContain('"b"')
    expect(withoutLocked(page, withheldFrom(learner, 'dns'), 'en')).toBe(page)
    expect(withheldFrom(learner, 'constructor').steps.size).toBe(0)
  })

  it('is given to staff', () => {
    const both = { ...learner, roles: [...learner.roles, { role: 'teacher' as const, class: 'd' }] }
    expect(withheldFrom(both, 'mtu')).toEqual({ steps: new Set(), solutions: false })
  })
})
