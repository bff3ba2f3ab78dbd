import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, it } from 'vitest'
import { labJsonSchema } from '../../server/lab/json-schema.js'
import { parseYaml } from '../../server/lab/yaml-file.js'
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

const validate = new Ajv2020({ strict: false, allErrors: true }).compile(
  JSON.parse(readFileSync(fromPackage('labs/lab.schema.json'), 'utf8')) as object,
)
const read = (path: string) => parseYaml(readFileSync(fromPackage(path, 'lab.yaml'), 'utf8')).value as object

it.each(['labs/user-bridge', 'labs/published-ports', 'labs/default-bridge', 'labs/overlay', 'test/trial/drawn'])(
  'an editor finds nothing wrong with %s, in which parameters stand for numbers and addresses',
  (path) => {
    expect(validate(read(path)), JSON.stringify(validate.errors)).toBe(true)
  },
)

it('an editor finds a word where a number or a parameter should be', () => {
  const lab = JSON.parse(JSON.stringify(read('test/trial/drawn'))) as {
    parameters: { door: { port: { from: unknown } } }
    steps: { checks: { reach?: { port: unknown } }[] }[]
  }
  lab.steps[0]!.checks[0]!.reach!.port = 'http'
  expect(validate(lab)).toBe(false)
  lab.steps[0]!.checks[0]!.reach!.port = '{{other}}'
  expect(validate(lab)).toBe(true)
  // What parameters are drawn from is no parameter itself.
  lab.parameters.door.port.from = '{{other}}'
  expect(validate(lab)).toBe(false)
})
