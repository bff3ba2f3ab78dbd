import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { LabPage } from './lab-page.js'
import { accessibilityProblems, Site } from './site.js'

/** `LABS`, ids with commas between them, says which others. */
const { LABS } = process.env
const labs = LABS === undefined ? ['user-bridge', 'overlay', 'macvlan', 'segments'] : LABS.split(',')

let site: Site
beforeAll(async () => {
  site = await Site.open()
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})

for (const id of labs) {
  it(`leads a learner through ${id}, from the catalogue to the finish, by clicking and typing, and the map with them`, async () => {
    const lab = await loadLab(fromPackage(join('labs', id)))
    const page = await site.visit()
    const learner = await LabPage.fromCatalogue(page, lab, site.racks)
    expect(await accessibilityProblems(page)).toEqual([])
    const map = await learner.map()
    await map.expectTrue('at first')
    for (const step of lab.steps) {
      await learner.doStep(step)
      await learner.expectPassed(step)
      await map.expectTrue(step.id)
    }
    await learner.expectFinished()
    expect(await accessibilityProblems(page)).toEqual([])

    await page.getByRole('link', { name: 'All labs' }).first().click()
    const entry = page.getByRole('article').filter({ has: page.getByRole('link', { name: lab.title.en, exact: true }) })
    await entry.getByText('Finished').waitFor()
    expect(site.complaints).toEqual([])
    await page.context().close()
  }, 600_000)
}
