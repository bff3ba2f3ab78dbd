import { expect, it } from 'vitest'
import { z } from 'zod'
import { schemaIssues } from '../../server/error/schema-issue.js'

it('a map that says of itself that it is no text is told as what it is', () => {
  const schema = z.strictObject({ port: z.int() })
  const value = { port: { toString: null } }
  const { error } = schema.safeParse(value)
  expect(schemaIssues(schema, error!, value)).toEqual([
    { path: ['port'], what: 'must be a whole number, and is a map', cure: 'Write digits, without quotes.' },
  ])
})
