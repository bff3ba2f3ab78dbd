import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { LabPage } from './lab-page.js'
import { accessibilityProblems, Site } from './site.js'

/** For what comes by itself, on a busy machine too. */
const patient = { timeout: 10_000 }

/** Long enough for each thing a test does between two signs of someone. */
const idleMs = 24_000

let site: Site
let lab: Lab
beforeAll(async () => {
  site = await Site.open(['--idle', `${idleMs / 60_000}`])
  lab = await loadLab(fromPackage(join('labs', 'user-bridge')))
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})

it('warns before it closes a rack that nobody uses, keeps the progress, and opens it again as it was', async () => {
  const page = await site.visit('/labs/user-bridge')
  const learner = new LabPage(page, lab, site.racks)
  await learner.opened()
  const step = lab.steps[0]!
  await learner.clickRun(lab.pages.en.sections.flatMap(({ blocks }) => blocks)[0]!)
  await learner.answer(step, step.solution[0]!)
  await learner.expectPassed(step)

  const warning = page.locator('.bars').getByText(/The hosts close in 0:\d\d/)
  await warning.waitFor({ timeout: idleMs * 2 })
  expect(await accessibilityProblems(page)).toEqual([])
  // It counts.
  const first = await warning.innerText()
  await expect.poll(() => warning.innerText(), patient).not.toBe(first)
  await page.getByRole('button', { name: 'Stay' }).click()
  await warning.waitFor({ state: 'hidden' })
  await learner.type('echo still-$((40 + 2))')
  await learner.screen.getByText('still-42', { exact: true }).waitFor()

  await warning.waitFor({ timeout: idleMs * 2 })
  await page.getByText('The hosts are closed', { exact: true }).waitFor({ timeout: idleMs * 2 })
  await page.getByText('Nobody typed for a while, so they made room for others. Your progress is kept.').waitFor()
  await warning.waitFor({ state: 'hidden' })
  await expect.poll(async () => (await site.racks.list()).length, patient).toBe(0)
  await learner.expectPassed(step)
  expect(await accessibilityProblems(page)).toEqual([])

  // Looking at the page again does not open it: whoever comes back decides.
  await page.getByRole('button', { name: 'Open again and bring me to step 2' }).click()
  await learner.opened()
  await learner.expectPassed(step)
  const rack = await learner.rack()
  const inspect = ['docker', 'network', 'inspect', '-f', '{{(index .IPAM.Config 0).Subnet}}', 'shop']
  const { stdout } = await site.racks.exec(rack.info.id, 'node1', inspect)
  expect(stdout.trim()).toBe('10.20.0.0/24')
  expect(await page.getByText('these hosts are new').count()).toBe(0)

  // All that time was used, but for the hosts' absence.
  const used = page.locator('.used')
  await expect
    .poll(
      async () => {
        await learner.type('true')
        return await used.innerText()
      },
      { timeout: 90_000, interval: 2000 },
    )
    .toMatch(/[1-9] min/)
  await page.reload()
  await learner.opened()
  expect(await used.innerText()).toMatch(/[1-9] min/)
  expect(site.complaints).toEqual([])
  await page.context().close()
})
