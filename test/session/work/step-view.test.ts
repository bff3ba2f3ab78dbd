import { beforeAll, expect, it } from 'vitest'
import type { Finding } from '../../../server/check/verdict.js'
import type { Lab } from '../../../server/lab/lab.js'
import { loadLab } from '../../../server/lab/read-lab.js'
import { fromPackage } from '../../../server/package-root.js'
import type { Look } from '../../../server/session/work/check-runner.js'
import type { Progress } from '../../../server/session/work/progress.js'
import { stepView } from '../../../server/session/work/step-view.js'

let lab: Lab
let puzzle: Lab
beforeAll(async () => {
  lab = await loadLab(fromPackage('labs/default-bridge'))
  puzzle = await loadLab(fromPackage('labs/broken-web'))
})

it('shows findings, with the hints asked for, and nothing of the server where a check could not be made', () => {
  const step = lab.steps[1]!
  const progress = {
    state: () => 'open',
    hints: (_step: string, check: number) => (check === 1 ? 1 : 0),
    help: () => ({ shown: true, done: false }),
  } as unknown as Progress
  const [container, answer] = step.checks
  const error = (reason: string, why: string): Finding => ({ outcome: 'error', reason, why: { en: why, zh: why } })
  const look = (finding: Finding): Look => ({
    checking: 'asked',
    verdicts: [
      { index: 0, family: 'container', finding, hints: container!.hints, tookMs: 1 },
      { index: 1, family: 'answer', finding, hints: answer!.hints, tookMs: 1 },
    ],
  })
  const view = stepView(lab, step, progress, look(error('rackd.unreachable', '/srv/rackd.sock: gone')), {})
  expect(view).toMatchObject({
    id: 'cable',
    checking: 'asked',
    checks: [
      { index: 0, hints: [], moreHints: 1 },
      { index: 1, hints: [answer!.hints[0]], moreHints: 1 },
    ],
    solution: [{ ref: { step: 'cable', solution: 0 }, host: 'node1' }],
  })
  // Which of them judges the answer that was just handed in.
  expect(view.checks.map(({ answer: id }) => id)).toEqual([undefined, 'cable'])
  expect(view.answered).toBeUndefined()
  const { answered } = stepView(lab, step, progress, look(error('check.broken', '')), { answered: 'cable' })
  expect(answered).toBe('cable')
  expect(JSON.stringify(view)).not.toContain('/srv')
  expect(JSON.stringify(stepView(lab, step, progress, look(error('check.broken', '/srv/x')), {}))).not.toContain('/srv')
  const own = stepView(lab, step, progress, look(error('reference.unknown', 'there is no web')), {})
  expect(own.checks[0]!.finding).toMatchObject({ why: { en: 'there is no web' } })
})

it('keeps the reason for itself until the first hint, where finding it is the task', () => {
  const step = puzzle.steps[0]!
  const text = { en: 'said', zh: '说' }
  const why = { en: 'docker network connect cures it', zh: '用 docker network connect' }
  const finding: Finding = { outcome: 'fail', reason: 'reach.silent', expected: text, observed: text, why }
  const look: Look = { verdicts: [{ index: 0, family: 'reach', finding, hints: step.checks[0]!.hints, tookMs: 1 }] }
  const seen = (of: Lab, hints: number) => {
    const progress = { state: () => 'open', hints: () => hints, help: () => ({}) } as unknown as Progress
    return stepView(of, step, progress, look, {}).checks[0]!
  }
  expect(seen(puzzle, 0)).toMatchObject({ traceable: false, finding: { expected: text, observed: text } })
  expect(JSON.stringify(seen(puzzle, 0))).not.toContain('docker network connect cures')
  expect(seen(puzzle, 1)).toMatchObject({ traceable: true, finding: { why } })
  expect(seen({ ...puzzle, explain: 'at-once' }, 0)).toMatchObject({ traceable: true, finding: { why } })
})

it('has the packet of a cell traced once a prediction was measured, and keeps its cause where that is the task', async () => {
  const desk = await loadLab(fromPackage('test/lab/desk'))
  const step = desk.steps.find(({ id }) => id === 'foresee')!
  const text = { en: 'said', zh: '说' }
  const seen = (finding: Finding, of: Lab = desk, hints = 0) => {
    const progress = { state: () => 'open', hints: () => hints, help: () => ({}) } as unknown as Progress
    const look: Look = { verdicts: [{ index: 0, family: 'prediction', finding, hints: [text], tookMs: 1 }] }
    return stepView(of, step, progress, look, {}).checks[0]!
  }
  const none: Finding = { outcome: 'fail', reason: 'prediction.none', expected: text, observed: text, why: text }
  const cause = { en: 'a rule drops it', zh: '被规则丢弃' }
  const cells = [{ row: 0, column: 1, measured: false, why: cause }]
  const differs: Finding = { ...none, reason: 'prediction.differs', why: cause, cells }
  expect(seen(none)).toMatchObject({ answer: 'reaches', traceable: false })
  expect(seen(differs)).toMatchObject({ traceable: true, finding: { cells } })
  const hidden = seen(differs, { ...desk, explain: 'after-hint' })
  expect(hidden).toMatchObject({ traceable: false, finding: { cells: [{ row: 0, column: 1, measured: false }] } })
  expect(JSON.stringify(hidden)).not.toContain('a rule drops it')
  expect(seen(differs, { ...desk, explain: 'after-hint' }, 1)).toMatchObject({ traceable: true, finding: { cells } })
})
