import { afterEach, beforeEach, expect, it } from 'vitest'
import type { SessionView, StepView } from '../../server/protocol/protocol.js'
import { newId } from '../../server/store/id.js'
import { withoutFindings } from '../../server/web/withheld.js'
import { racksThatNeverOpen } from '../session/racks-that-never-open.js'
import { ask, House } from './house.js'

let house: House
beforeEach(async () => {
  house = await House.start({ racks: racksThatNeverOpen })
})
afterEach(() => house.stop())

const text = (en: string) => ({ en, zh: en })
const soon = { timeout: 8_000 }

it('of a locked step nothing is told but that it is there, and how it stands', () => {
  const why = text('there is no container web')
  const finding = { outcome: 'fail' as const, reason: 'container.missing', expected: why, observed: why, why }
  const step: StepView = {
    id: 'first',
    state: 'open',
    points: 2,
    optional: true,
    checking: 'by-itself',
    checks: [{ index: 0, finding, hints: [why], moreHints: 0, traceable: true }],
    answered: 'name',
    checkedAt: '2026-01-01T00:00:00.000Z',
    solution: [{ ref: { page: 0 }, host: 'node1', text: 'docker run web' }],
    done: [{ host: 'node1', text: 'docker run web' }],
  }
  const view = { steps: [step, { ...step, id: 'second' }] } as unknown as SessionView
  expect(withoutFindings(view, { steps: new Set(), solutions: false })).toEqual(view)
  expect(withoutFindings(view, { steps: new Set(['first']), solutions: false }).steps).toEqual([
    { id: 'first', state: 'open', points: 2, optional: true, checks: [] },
    { ...step, id: 'second' },
  ])
  const { solution: _, done: __, ...rest } = step
  expect(withoutFindings(view, { steps: new Set(), solutions: true }).steps).toEqual([rest, { ...rest, id: 'second' }])
})

it('what is shown of a step is gone from open pages once the class locks it, and there again when it is opened', async () => {
  const { people } = house.records
  const { id } = await people.createClass({ title: 'Networks', labs: ['default-bridge'] })
  await people.changeClass(id, { code: 'ABCD1234' })
  const joined = await house.post('/join', { code: 'ABCD1234', name: 'Ada' })
  const socket = await house.connect({ cookie: joined.headers['set-cookie']![0]!.split(';')[0]! })
  if (typeof socket === 'string') throw new Error(socket)
  let view: SessionView | undefined
  socket.on('session', (next) => {
    // As pages do: views may come late.
    if (view === undefined || view.id !== next.id || next.version > view.version) view = next
  })
  const { learner } = (await people.seats(id))[0]!
  const session = newId()
  await house.records.createSession({ id: session, learner, lab: 'default-bridge', labHash: 'a'.repeat(64) })
  await house.records.setHelp(session, 'first', { shown: true })
  const join = async () => {
    const answered = await ask(socket as never, 'session.join', { lab: 'default-bridge', open: false })
    return (answered as { value: SessionView }).value
  }
  const solutionOf = (shown: SessionView | undefined) => shown?.steps.find((step) => step.id === 'first')?.solution
  view = await join()
  expect(solutionOf(view)).not.toBeUndefined()

  for (const locked of [{ steps: ['first'] }, { solutions: true as const }]) {
    await people.changeClass(id, { locks: { 'default-bridge': locked } })
    await expect.poll(() => solutionOf(view), soon).toBeUndefined()
    expect(solutionOf(await join())).toBeUndefined()
    await people.changeClass(id, { locks: {} })
    await expect.poll(() => solutionOf(view), soon).not.toBeUndefined()
  }

  await people.changeClass(id, { locks: { 'default-bridge': { steps: ['first'] } } })
  const check = () => ask(socket as never, 'trace.check', { session, step: 'first', check: 0 })
  await expect.poll(check, soon).toMatchObject({ trouble: { code: 'step.locked' } })

  // Who is brought to a later step has the open ones before it done, as their solutions have it.
  const bring = (step = 'nat') => ask(socket as never, 'rack.replay', { session, step })
  expect(await bring()).toMatchObject({ trouble: { code: 'step.locked' } })
  await people.changeClass(id, { locks: { 'default-bridge': { solutions: true } } })
  await expect.poll(bring, soon).toMatchObject({ trouble: { code: 'solution.locked' } })
  expect(await bring('first')).toMatchObject({ trouble: { what: { en: 'The hosts of this lab are not running.' } } })
}, 40_000)
