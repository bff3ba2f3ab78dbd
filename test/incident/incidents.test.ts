import { expect, it } from 'vitest'
import { incidents } from '../../server/incident/incidents.js'
import { incidentTable } from '../../server/incident/page.js'
import { expectPrinted } from '../house/printed.js'

it('are what docs/incidents.md lists', () => {
  expectPrinted('docs/incidents.md', 'incidents', incidentTable())
})

it('have names of their own', () => {
  const names = incidents.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})
