import { it } from 'vitest'
import { z } from 'zod'
import { Course } from '../../server/course/course.js'
import { Override } from '../../server/course/policy.js'
import { expectPrinted } from '../house/printed.js'

interface Schema {
  description?: string
  default?: unknown
  properties?: Record<string, Schema>
  items?: Schema
}

const schemaOf = (type: z.ZodType) => z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' }) as Schema

function rows({ properties = {} }: Schema, above = ''): string[] {
  return Object.entries(properties).flatMap(([key, field]) => {
    const path = above === '' ? key : `${above}.${key}`
    const plain = ['string', 'number'].includes(typeof field.default) ? `\`${field.default}\`` : ''
    const own = [`| \`${path}\` | ${field.description ?? ''} | ${plain} |`]
    const isOverride = key === 'learners' || (key === 'groups' && above !== '')
    return [...own, ...(isOverride ? [] : [...rows(field, path), ...rows(field.items ?? {}, `${path}[]`)])]
  })
}

const table = (lines: string[]) => `${['| field | what it is | default |', '|---|---|---|', ...lines].join('\n')}\n`

it('docs/grade.md has all of course.yaml', () => {
  expectPrinted('docs/grade.md', 'course', table(rows(schemaOf(Course))))
  expectPrinted('docs/grade.md', 'overrides', table(rows(schemaOf(Override))))
})
