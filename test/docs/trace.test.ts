import { readFileSync } from 'node:fs'
import { it } from 'vitest'
import { traceTables } from '../../server/bench/trace-page.js'
import { fromPackage } from '../../server/package-root.js'
import { expectPrinted } from '../house/printed.js'

it('docs/incidents.md shows what was measured last', () => {
  const measured = JSON.parse(readFileSync(fromPackage('docs/bench-trace.json'), 'utf8'))
  expectPrinted('docs/incidents.md', 'measured', traceTables(measured))
})
