import { expect, it } from 'vitest'
import { hostsPage } from './hosts-page.js'

it('is what docs/hosts.md says; `vitest -u` writes it anew', async () => {
  await expect(hostsPage()).toMatchFileSnapshot('../../docs/hosts.md')
})
