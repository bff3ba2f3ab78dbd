import { expect, it } from 'vitest'
import { type FeatureState, featureNames } from '../../server/machine/features.js'
import { lacksOf } from '../../server/web/lacks.js'

it('tells a learner in both languages what a machine lacks, and nothing of what it has', () => {
  const states: FeatureState[] = ['absent', 'unknown', 'present']
  const reports = featureNames.flatMap((name, n) => ({
    name,
    state: states[n % 3]!,
    needed: 'lab' as const,
    found: '',
    fails: '',
    cure: '',
  }))
  const lacks = lacksOf(reports)
  expect(Object.keys(lacks)).toEqual(featureNames.filter((_, n) => n % 3 !== 2))
  for (const [name, { what, cure }] of Object.entries(lacks)) {
    for (const text of [what, cure]) expect([name, text.zh]).toEqual([name, expect.stringMatching(/\p{Script=Han}/u)])
    expect(what.en).toContain(name)
  }
})
