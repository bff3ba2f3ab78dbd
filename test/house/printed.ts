import { readFileSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { fromPackage } from '../../server/package-root.js'

/**
 * Expects that a page holds, between `<!-- NAME -->` and `<!-- /NAME -->`, just what the code prints. With `PRINT=1` in the
 * environment the page is written first: `PRINT=1 npm run test:unit`.
 */
export function expectPrinted(page: string, name: string, text: string): void {
  const file = fromPackage(page)
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`]
  const whole = readFileSync(file, 'utf8')
  const from = whole.indexOf(begin)
  const to = whole.indexOf(end)
  expect(from >= 0 && to > from, `${page} has the marks ${begin.trim()} and ${end}`).toBe(true)
  const printed = whole.slice(0, from + begin.length) + text + whole.slice(to)
  if (process.env.PRINT === '1' && printed !== whole) writeFileSync(file, printed)
  expect(readFileSync(file, 'utf8'), `${page} is printed by the code: PRINT=1 npm run test:unit writes it again`).toBe(
    printed,
  )
}
