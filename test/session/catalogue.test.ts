import { beforeAll, expect, it } from 'vitest'
import { parseCheck } from '../../server/check/checks.js'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { inOrder, labCard, pageSteps, pathViews, wayOn } from '../../server/session/catalogue.js'

let lab: Lab
let overlay: Lab
beforeAll(async () => {
  lab = await loadLab(fromPackage('labs/default-bridge'))
  overlay = await loadLab(fromPackage('labs/overlay'))
})

it('counts steps for the catalogue, and says what the machine lacks', () => {
  expect(labCard(lab, { first: 'passed', cable: 'helped', nat: 'skipped', gone: 'passed' }, {})).toMatchObject({
    id: 'default-bridge',
    hosts: { docker: 1, plain: 1 },
    steps: 5,
    passed: 2,
    helped: 1,
    states: expect.arrayContaining(['passed', 'helped', 'skipped', 'open']),
    finished: false,
    lacks: [],
  })
  const all = Object.fromEntries(lab.steps.map(({ id }) => [id, 'passed' as const]))
  expect(labCard(lab, all, {})).toMatchObject({ passed: 5, finished: true })
  const lack = { what: { en: 'No VXLAN.', zh: '没有 VXLAN。' }, cure: { en: 'Load it.', zh: '加载它。' } }
  expect(labCard(overlay, {}, { vxlan: lack, macvlan: lack }).lacks).toEqual([{ feature: 'vxlan', ...lack }])
  expect(inOrder([overlay, lab]).map(({ id }) => id)).toEqual(['default-bridge', 'overlay'])
  expect(pageSteps(lab, 'me')[1]).toMatchObject({
    id: 'cable',
    points: 2,
    answers: [{ id: 'cable', ask: { zh: /.*/ } }],
  })
})

it('offers what can be chosen in an order of its own to each learner, and says nothing of what is right', () => {
  const text = (word: string) => ({ en: word, zh: `${word}。` })
  const options = ['north', 'east', 'south', 'west'].map((id, at) => ({
    id,
    text: text(id),
    ...(at === 0 ? { right: 'yes' } : { why: text(`${id} is not it`) }),
  }))
  const asking = (more: object) => {
    const parsed = parseCheck({ choice: { id: 'way', ask: text('Which?'), options, ...more } }, [])
    if (!('check' in parsed)) throw new Error('no check')
    return { ...lab, steps: [{ ...lab.steps[0]!, checks: [parsed.check] }] }
  }
  const orderFor = (learner: string, more = {}) =>
    pageSteps(asking(more), learner)[0]!.answers[0]!.choose!.options.map(({ id }) => id)
  const orders = Array.from({ length: 40 }, (_, n) => orderFor(`learner ${n}`))
  expect(new Set(orders.map(([first]) => first)).size).toBe(4)
  expect(orderFor('learner 7')).toEqual(orders[7])
  expect(orderFor('learner 7', { shuffle: 'no' })).toEqual(['north', 'east', 'south', 'west'])
  expect(JSON.stringify(pageSteps(asking({}), 'me'))).not.toMatch(/right|is not it/)
})

it('the way on is along the path, then to the next path, then to labs of none; past what is not open', async () => {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f']
  const labs = ids.map((id) => ({ ...lab, id, title: { en: id, zh: id } }))
  const text = (word: string) => ({ en: word, zh: word })
  const paths = pathViews(
    [
      { id: 'one', title: text('One'), summary: text(''), labs: ['a', 'c', 'gone'] },
      { id: 'none', title: text('None'), summary: text(''), labs: ['gone'] },
      { id: 'two', title: text('Two'), summary: text(''), labs: ['b', 'd'] },
    ],
    (id) => ids.includes(id),
  )
  expect(paths.map(({ id, labs }) => [id, labs])).toEqual([
    ['one', ['a', 'c']],
    ['two', ['b', 'd']],
  ])
  const from = (id: string, isOpen = (_: string) => true) => {
    const { path, next } = wayOn(id, paths, labs, isOpen)
    return [path?.en, next?.id, next?.path?.en]
  }
  expect(ids.map((id) => from(id))).toEqual([
    ['One', 'c', undefined],
    ['Two', 'd', undefined],
    ['One', 'b', 'Two'],
    ['Two', 'e', undefined],
    [undefined, 'f', undefined],
    [undefined, undefined, undefined],
  ])
  expect(from('a', (id) => id !== 'c')).toEqual(['One', 'b', 'Two'])
  expect(from('nowhere')).toEqual([undefined, undefined, undefined])
  // Without any path, the order of the catalogue leads on.
  expect(wayOn('a', [], labs, () => true)).toEqual({ next: { id: 'b', title: text('b') } })
})
