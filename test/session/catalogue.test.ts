import { beforeAll, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { inOrder, labCard, pageSteps } from '../../server/session/catalogue.js'

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
  expect(pageSteps(lab)[1]).toMatchObject({ id: 'cable', points: 2, answers: [{ id: 'cable', ask: { zh: /.*/ } }] })
})
