import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { safeParse } from '../../server/error/safe-parse.js'
import { packageRoot } from '../../server/package-root.js'

it('refuses what JavaScript makes no number of, wherever it stands', () => {
  const strange = JSON.parse('{"length": {"toString": 1}, "size": {"valueOf": null, "toString": 0}}') as unknown
  const schemas = [
    z.string().max(4),
    z.array(z.string()).min(1),
    z.object({ id: z.string().min(1) }),
    z.set(z.int()).max(2),
  ]
  for (const schema of schemas) {
    for (const value of [strange, { id: strange }, [strange]]) {
      const { success, error } = safeParse<z.ZodType>(schema, value)
      expect([success, error?.issues.length]).toEqual([false, expect.any(Number)])
    }
  }
  expect(safeParse(z.string().max(4), 'abcd')).toEqual({ success: true, data: 'abcd' })
  expect(safeParse(z.string().max(4), 'abcde').error?.issues).toMatchObject([{ code: 'too_big' }])
})

it('goes on with what is no fault of the value', () => {
  const broken = z.string().transform((): string => {
    throw new RangeError('of ours')
  })
  expect(() => safeParse(broken, 'x')).toThrow('of ours')
})

it('is what the server reads with everywhere', () => {
  const directory = join(packageRoot, 'server')
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const own = files.filter(
    (name) => name !== 'error/safe-parse.ts' && /\.safeParse\(/.test(readFileSync(join(directory, name), 'utf8')),
  )
  expect(own).toEqual([])
})
