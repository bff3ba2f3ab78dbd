import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { classTables } from '../../server/bench/class-page.js'
import type { FoundClass } from '../../server/bench/find-class.js'
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

it('docs/operate.md shows the largest class that was found', () => {
  const found: FoundClass = measured('bench-class.json')
  const run = found.runs.find(({ learners }) => learners === found.most)
  expect(run).toBeDefined()
  expectPrinted('docs/operate.md', 'class', classTables(run!, found))
})
