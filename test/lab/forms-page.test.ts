import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { formsPage } from './forms-page.js'

it('is what docs/forms.md says; `vitest -u` writes it again', async () => {
  const folders = readdirSync(fromPackage('labs'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'images')
    .map(({ name }) => fromPackage(join('labs', name)))
  const labs = await Promise.all(folders.map((folder) => loadLab(folder)))
  expect(labs.length).toBeGreaterThanOrEqual(9)
  await expect(formsPage(labs.toSorted((a, b) => a.order - b.order))).toMatchFileSnapshot('../../docs/forms.md')
})
