import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { fromPackage } from '../../server/package-root.js'
import { causeCodes } from '../../server/trace/story.js'

/** Whether the answers are the measured ones is for test/hosts/causes.test.ts. */
it('docs/causes.md has a row for each of the twenty causes, and tells of all others', async () => {
  const page = await readFile(fromPackage('docs/causes.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code!)
  expect(rows.toSorted()).toEqual(causeCodes.slice(0, 20).toSorted())
  for (const code of causeCodes.slice(20)) expect(page).toContain(`\`${code}\``)
})
