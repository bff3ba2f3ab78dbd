import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { fromPackage } from '../../server/package-root.js'

/** What the browser may have of the server's program; it imports nothing itself. All else is types. */
const shared = 'server/protocol/lab-address.js'

it('the client imports only types of the server, so that no schema and no program of it comes to the browser', () => {
  const files = readdirSync(fromPackage('client'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.tsx?$/.test(name),
  )
  expect(files.length).toBeGreaterThan(50)
  const values = files.flatMap((name) => {
    const text = readFileSync(join(fromPackage('client'), name), 'utf8')
    const imports = text.matchAll(
      /^(?:import|export)\b(?!\s+type\b)[^'"]*?from '([^']*server\/[^']*)'|import\('([^']*server\/[^']*)'\)/gm,
    )
    return [...imports].map(([, from, lazily]) => `${name}: ${from ?? lazily}`).filter((one) => !one.endsWith(shared))
  })
  expect(values).toEqual([])
  expect(readFileSync(fromPackage(shared.replace('.js', '.ts')), 'utf8')).not.toMatch(/^import/m)
})
