import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { LabPage } from './lab-page.js'
import { accessibilityProblems, Site } from './site.js'

/** A server that gives the numbers of this seed. */
const seed = 'proof-7'

let site: Site
let lab: Lab
let page: Page
let learner: LabPage
beforeAll(async () => {
  site = await Site.open(['--seed', seed])
  lab = await loadLab(fromPackage(join('labs', 'user-bridge')), seed)
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})

const numbers = () => lab.drawn!.values as Record<string, string>

it('a page has the numbers of the seed, in text, diagrams and blocks', async () => {
  page = await site.visit()
  learner = await LabPage.fromCatalogue(page, lab, site.racks)
  const { shop_subnet, shop_gateway, db_address } = numbers()
  await page.getByText(`docker network create --subnet ${shop_subnet} --gateway ${shop_gateway} shop`).waitFor()
  await page.getByText(`with the fixed address ${db_address}`).waitFor()
  // It has none that was drawn beforehand: the browser draws it.
  await page
    .locator('.drawing svg', { hasText: `shop ${shop_subnet}` })
    .first()
    .waitFor({ timeout: 30_000 })
  await page.getByText('are your own: other learners have different ones').waitFor()
  const text = await page.locator('main').innerText()
  expect(text).not.toMatch(/\{\{[a-z]|10\.20\.0\.|10\.30\.0\./)
  expect(await accessibilityProblems(page)).toEqual([])
})

it('its checks want these numbers, and its blocks make what they want', async () => {
  for (const step of lab.steps.slice(0, 2)) {
    await learner.doStep(step)
    await learner.expectPassed(step)
  }
})

it('a reload, and another start of the server, change none of them', async () => {
  await page.reload()
  await page.getByText(`docker network create --subnet ${numbers().shop_subnet} --gateway`).waitFor()
  await learner.expectPassed(lab.steps[1]!)
  site.expectOutage = true
  await site.restartServer()
  await page.reload()
  site.expectOutage = false
  await page.getByText(`docker network create --subnet ${numbers().shop_subnet} --gateway`).waitFor()
  await learner.expectPassed(lab.steps[1]!)
  const third = lab.steps[2]!
  await learner.doStep(third)
  await learner.expectPassed(third)
  expect(site.complaints).toEqual([])
})
