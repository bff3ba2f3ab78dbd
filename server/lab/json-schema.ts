import { z } from 'zod'
import { commonFields, families } from '../check/checks.js'
import type { Family } from '../check/family.js'
import { Topology } from '../racks/topology.js'
import { LabFile } from './lab-file.js'

type JsonSchema = Record<string, unknown>

/** The form of `lab.yaml` as JSON Schema (draft 2020-12), so that editors complete and explain it. */
export function labJsonSchema(): JsonSchema {
  const check = (family: Family): JsonSchema => {
    const { key, schema } = family
    const { properties, required, ...rest } = of(commonFields) as { properties: JsonSchema; required?: string[] }
    return {
      ...rest,
      properties: { [key]: inner(family) ?? of(schema), ...properties },
      required: [key, ...(required ?? [])],
    }
  }
  const schema = of(LabFile) as { properties: Record<string, JsonSchema> }
  schema.properties.rack = { ...of(Topology), description: LabFile.shape.rack.description }
  for (const [key, value] of Object.entries(schema.properties))
    if (key !== 'parameters') schema.properties[key] = orPlaceholder(value) as JsonSchema
  const step = (schema.properties.steps as { items: { properties: Record<string, JsonSchema> } }).items
  step.properties.checks = { ...step.properties.checks, items: { $ref: '#/$defs/check' } }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A lab of vethlab',
    ...schema,
    $defs: {
      check: orPlaceholder({ anyOf: families.map(check) }),
      placeholder: {
        type: 'string',
        pattern: '\\{\\{[a-z][a-z0-9_.]*\\}\\}',
        description: 'a parameter, such as {{port}}, or a text with one in it',
      },
    },
  }
}

/** In the place of a number, or of a text of some form, a parameter may stand as well. */
function orPlaceholder(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(orPlaceholder)
  if (typeof schema !== 'object' || schema === null) return schema
  const { description, ...rest } = schema as JsonSchema
  const isLimited = rest.type === 'string' && ['pattern', 'enum', 'format', 'const'].some((key) => key in rest)
  if (['integer', 'number', 'boolean'].includes(String(rest.type)) || isLimited) {
    const { default: usual, ...form } = rest
    return {
      ...(description === undefined ? {} : { description }),
      ...(usual === undefined ? {} : { default: usual }),
      anyOf: [form, { $ref: '#/$defs/placeholder' }],
    }
  }
  const inner = Object.entries(schema).map(([key, value]) => [
    key,
    // Names of keys are no texts that something is put into.
    key === 'propertyNames' ? value : orPlaceholder(value),
  ])
  return Object.fromEntries(inner)
}

/** Checks within a check have no schema of their own: they are read one by one. */
function inner({ inner }: Family): JsonSchema | undefined {
  const check = { $ref: '#/$defs/check' }
  if (!inner) return undefined
  return inner.written === 'one' ? check : { type: 'array', minItems: 1, items: check }
}

function of(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
  return rest
}
