import { beforeAll, expect, it } from 'vitest'
import type { Lab } from '../../../server/lab/lab.js'
import { loadLab } from '../../../server/lab/read-lab.js'
import { fromPackage } from '../../../server/package-root.js'
import { blockAt, solutionOf, stepNamed } from '../../../server/session/work/blocks.js'

let lab: Lab
beforeAll(async () => {
  lab = await loadLab(fromPackage('labs/default-bridge'))
})

it('gives blocks by reference, and solutions only to whom they were shown', () => {
  const shown = () => true
  const hidden = () => false
  expect(blockAt(lab, { page: 1 }, hidden).text).toBe('docker run -d --name web nginx')
  expect(blockAt(lab, { step: 'names', solution: 0 }, shown).text).toContain('docker network create app')
  const refused = expect.objectContaining({ code: 'argument.invalid' })
  expect(() => blockAt(lab, { step: 'names', solution: 0 }, hidden)).toThrow(refused)
  for (const ref of [
    { page: 999 },
    { page: -1 },
    { page: 0.5 },
    { step: 'names', solution: 9 },
    { step: 'x', solution: 0 },
  ]) {
    expect(() => blockAt(lab, ref, shown)).toThrow(refused)
  }
  expect(() => stepNamed(lab, '__proto__')).toThrow(refused)
  // The first step has no solution of its own: its page says it all.
  expect(solutionOf(lab, lab.steps[0]!).map(({ ref }) => ref)).toEqual([0, 1, 2, 3].map((page) => ({ page })))
  expect(solutionOf(lab, lab.steps[4]!)[0]!.ref).toEqual({ step: 'names', solution: 0 })
})
