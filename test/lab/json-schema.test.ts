import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { labJsonSchema } from '../../server/lab/json-schema.js'
import { fromPackage } from '../../server/package-root.js'

it('ships as labs/lab.schema.json; `vethlab lint --schema` prints it anew', () => {
  expect(JSON.parse(readFileSync(fromPackage('labs/lab.schema.json'), 'utf8'))).toEqual(
    JSON.parse(JSON.stringify(labJsonSchema())),
  )
})

it('describes every key that an author meets', () => {
  const schema = JSON.parse(JSON.stringify(labJsonSchema())) as { properties: Record<string, { description?: string }> }
  for (const [key, { description }] of Object.entries(schema.properties)) expect(description, key).toBeTruthy()
})
