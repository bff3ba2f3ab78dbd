import { expect, it } from 'vitest'
import { attackTables } from '../hosts/attack/page.js'
import { subjects } from '../hosts/attack/techniques.js'
import { expectPrinted } from '../house/printed.js'

const techniques = subjects.flatMap((subject) => subject.techniques)

it('docs/attacks.md lists what is tried', () => {
  expectPrinted('docs/attacks.md', 'attacks', attackTables())
})

it('techniques have names of their own', () => {
  expect(new Set(techniques.map(({ name }) => name)).size).toBe(techniques.length)
})

it('what comes of a technique in a host is nothing that shows it to work on the machine', () => {
  const alike = techniques.filter(({ inside, machine = [] }) => machine.some((outcome) => inside.includes(outcome)))
  expect(alike.map(({ name }) => name)).toEqual([])
})
