import { readFileSync } from 'node:fs'
import { it } from 'vitest'
import { gradeTables } from '../../server/bench/grade-page.js'
import { traceTables } from '../../server/bench/trace-page.js'
import { fromPackage } from '../../server/package-root.js'
import { expectPrinted } from '../house/printed.js'

const measured = (file: string) => JSON.parse(readFileSync(fromPackage('docs', file), 'utf8'))

it('docs/incidents.md shows what was measured last', () => {
  expectPrinted('docs/incidents.md', 'measured', traceTables(measured('bench-trace.json')))
})

it('docs/grade.md shows what was measured last', () => {
  expectPrinted('docs/grade.md', 'measured', gradeTables(measured('bench-grade.json')))
})
