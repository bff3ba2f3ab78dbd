import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { vandalTable } from '../../server/bench/vandal-page.js'
import { vandals } from '../../server/bench/vandals.js'
import { fromPackage } from '../../server/package-root.js'
import { expectPrinted } from '../house/printed.js'

it('docs/vandal.md shows what was measured last', () => {
  const file = fromPackage('docs/bench-vandal.json')
  expect(existsSync(file)).toBe(true)
  expectPrinted('docs/vandal.md', 'vandals', vandalTable(JSON.parse(readFileSync(file, 'utf8'))))
})

it('what is measured has names of its own', () => {
  expect(new Set(vandals.map(({ name }) => name)).size).toBe(vandals.length)
})
