import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { fromPackage } from '../../../server/package-root.js'
import { problemsOf, valuesOf } from './own-lab.js'

const guide = readFileSync(fromPackage('docs/write-a-lab.md'), 'utf8')
const [, parameters = ''] = /^```yaml parameters\nparameters:\n([\s\S]*?)^```$/m.exec(guide) ?? []

it('the example of the guide can be drawn, and has a parameter of each kind', () => {
  const body = '{{shop_gateway}} {{db_address}} {{web_port}} {{copies}} {{shop}} {{fault.break}} {{fault.cure}}'
  const lab = { parameters: parameters.trimEnd(), body }
  expect(problemsOf(lab)).toEqual([])
  expect(problemsOf(lab, 'mine')).toEqual([])
  expect(Object.keys(valuesOf(lab, 'mine'))).toHaveLength(7)
  for (const kind of ['subnet', 'address', 'port', 'count', 'name', 'oneOf']) {
    expect(parameters).toMatch(new RegExp(`\\b${kind}:`))
    expect(guide).toContain(`| \`${kind}\` |`)
  }
})
