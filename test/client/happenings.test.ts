import { describe, expect, it } from 'vitest'
import { happenings } from '../../client/lab/happenings.js'
import type { CheckView, SessionView, StepView } from '../../server/protocol/protocol.js'

const step = (id: string, over: Partial<StepView> = {}): StepView => ({
  id,
  state: 'open',
  points: 1,
  checks: [],
  ...over,
})
const view = (steps: StepView[], over: Partial<SessionView> = {}): SessionView => ({
  id: 's1',
  lab: 'lab',
  content: '0',
  newer: false,
  version: 1,
  phase: { name: 'open' },
  usedMs: 0,
  counting: true,
  steps,
  hosts: [],
  terminals: [],
  ports: [],
  answers: {},
  ...over,
})
const why = { en: 'db is elsewhere', zh: 'db 在别处' }
const pass: CheckView = {
  index: 0,
  finding: { outcome: 'pass', observed: why },
  hints: [],
  moreHints: 0,
  traceable: false,
}
const other = { en: 'another reason', zh: '别的原因' }
const fail: CheckView = {
  index: 1,
  finding: { outcome: 'fail', reason: 'r', expected: why, observed: why, why },
  hints: [],
  moreHints: 0,
  traceable: false,
}

describe('happenings', () => {
  it('tells of a step that turned green', () => {
    const before = view([step('a'), step('b')])
    expect(happenings(before, view([step('a', { state: 'passed' }), step('b')]))).toEqual([
      { what: 'done', step: 'a', how: 'passed' },
    ])
  })

  it('tells what a look has found that was asked for', () => {
    const before = view([step('a', { checking: 'asked' })])
    expect(happenings(before, view([step('a', { checks: [pass, fail] })]))).toEqual([
      { what: 'looked', step: 'a', passed: 1, of: 2, why },
    ])
  })

  it('tells of the answer that was handed in, not of what fails first', () => {
    const right = { ...pass, answer: 'q' }
    const wrong: CheckView = { ...fail, answer: 'q', finding: { ...fail.finding, why: other } as CheckView['finding'] }
    const before = view([step('a', { checking: 'asked' })])
    const told = (checks: CheckView[]) => happenings(before, view([step('a', { checks, answered: 'q' })]))
    expect(told([{ ...fail, index: 0 }, wrong])).toMatchObject([{ answered: 'q', why: other }])
    expect(told([fail, right])).toMatchObject([{ answered: 'q', why: (pass.finding as { observed: object }).observed }])
  })

  it('tells as soon as there is an answer, though the look goes on', () => {
    const before = view([step('a', { checking: 'asked' })])
    expect(happenings(before, view([step('a', { checking: 'by-itself', checks: [pass, fail] })]))).toEqual([
      { what: 'looked', step: 'a', passed: 1, of: 2, why },
    ])
  })

  it('says nothing of looks that come by themselves, nor of those that go on', () => {
    const own = view([step('a', { checking: 'by-itself' })])
    expect(happenings(own, view([step('a', { checks: [fail] })]))).toEqual([])
    const asked = view([step('a', { checking: 'asked' })])
    expect(happenings(asked, asked)).toEqual([])
  })

  it('says nothing of what is there at first, or in another session', () => {
    const after = view([step('a', { state: 'passed' })])
    expect(happenings(undefined, after)).toEqual([])
    expect(happenings(view([step('a')], { id: 's0' }), after)).toEqual([])
  })

  it('tells how the hosts are', () => {
    const opening = view([], { phase: { name: 'opening', stages: [] } })
    const open = view([])
    expect(happenings(undefined, opening)).toEqual([{ what: 'hosts', now: 'starting' }])
    expect(happenings(opening, open)).toEqual([{ what: 'hosts', now: 'ready' }])
    const closed = view([], { phase: { name: 'closed', reason: 'idle' } })
    expect(happenings(open, closed)).toEqual([{ what: 'hosts', now: 'idle' }])
    const resetting = view([], { busy: { what: 'resetting', host: 'node1' } })
    expect(happenings(open, resetting)).toEqual([{ what: 'begun', busy: resetting.busy }])
    expect(happenings(resetting, resetting)).toEqual([])
    expect(happenings(resetting, open)).toEqual([{ what: 'over', busy: resetting.busy }])
    // Whoever is told that they are closed need not hear of a reset.
    expect(happenings(resetting, closed)).toEqual([{ what: 'hosts', now: 'idle' }])
  })

  it('tells a hint that was asked for, and none that was there before', () => {
    const hinted = (hints: CheckView['hints']) => view([step('a', { checks: [{ ...fail, hints }] })])
    expect(happenings(hinted([]), hinted([why]))).toEqual([{ what: 'hint', text: why }])
    expect(happenings(hinted([why]), hinted([why, other]))).toEqual([{ what: 'hint', text: other }])
    expect(happenings(hinted([why]), hinted([why]))).toEqual([])
    expect(happenings(view([step('a')]), hinted([why]))).toEqual([])
  })

  it('tells a hint that came by itself, also with the first answer to a check', () => {
    const first = view([step('a', { checking: 'asked' })])
    const offered = view([step('a', { checks: [{ ...fail, hints: [other, why], offered: true }] })])
    const told = happenings(first, offered)
    expect(told).toEqual([
      { what: 'looked', step: 'a', passed: 0, of: 1, why },
      { what: 'hint', text: why },
    ])
    expect(happenings(offered, offered)).toEqual([])
  })

  it('tells that a shell has ended, once', () => {
    const terminal = { id: 't', host: 'node1', number: 1, atPrompt: true }
    const ended = { ...terminal, atPrompt: false, exited: { exitCode: 3, signal: null } }
    const alive = view([], { terminals: [terminal] })
    const after = view([], { terminals: [ended] })
    expect(happenings(alive, after)).toEqual([{ what: 'shell-ended', terminal: ended }])
    expect(happenings(after, after)).toEqual([])
    expect(happenings(view([]), after)).toEqual([])
  })
})
