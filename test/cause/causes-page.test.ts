import { expect, it } from 'vitest'
import { causesPage } from '../../server/cause/page.js'

/** Whether the answers in it are the measured ones is for test/hosts/causes.test.ts. */
it('is what docs/causes.md says; `vitest -u` writes it again', async () => {
  await expect(causesPage()).toMatchFileSnapshot('../../docs/causes.md')
})
