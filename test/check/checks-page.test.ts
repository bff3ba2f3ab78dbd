import { expect, it } from 'vitest'
import { families, parseCheck } from '../../server/check/checks.js'
import { checksPage, examples } from './checks-page.js'

it('is what docs/checks.md says; `vitest -u` writes it again', async () => {
  await expect(checksPage()).toMatchFileSnapshot('../../docs/checks.md')
})

it.each(families.map(({ key }) => key))('%s has an example that can be read', (key) => {
  const parsed = parseCheck(examples[key], [])
  expect(parsed).toMatchObject({ check: { family: key } })
})
