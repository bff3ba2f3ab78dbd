import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { LabPage } from './lab-page.js'
import { accessibilityProblems, Site } from './site.js'

/** Where the focus goes, and where one comes back to: by keys, by reloading, on a phone. */

const patient = { timeout: 10_000 }

let site: Site
let lab: Lab
beforeAll(async () => {
  site = await Site.open()
  lab = await loadLab(fromPackage(join('labs', 'published-ports')))
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})

/** What has the focus: its name, or what it is. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const one = document.activeElement
    return one?.getAttribute('aria-label') ?? one?.textContent?.trim() ?? one?.tagName ?? ''
  })
const isOnBody = (page: Page) =>
  page.evaluate(() => document.activeElement === null || document.activeElement === document.body)
const settled = async (page: Page) => {
  await page.waitForTimeout(300)
  expect(await isOnBody(page), `focus on ${await focused(page)}`).toBe(false)
}

it('never loses the focus to the top of the page, and leads back to where it was', async () => {
  const page = await site.visit('/labs/published-ports')
  const learner = new LabPage(page, lab, site.racks)
  await learner.opened()
  // How a lab works is said once; put away by its button, brought back by the menu.
  const welcome = page.getByRole('complementary', { name: 'How a lab works' })
  expect(await accessibilityProblems(page)).toEqual([])
  await welcome.getByRole('button', { name: 'Got it' }).focus()
  await page.keyboard.press('Enter')
  await welcome.waitFor({ state: 'detached' })
  await settled(page)
  // Each Run says which command it is for.
  const names = await page.locator('button.run').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')))
  expect(names.length).toBeGreaterThan(3)
  expect(new Set(names).size).toBe(names.length)
  for (const name of names) expect(name).toMatch(/^Run: \S/)

  const run = page.locator('button.run').first()
  const command = await run.getAttribute('aria-label')
  await run.focus()
  await page.keyboard.press('Enter')
  await expect.poll(() => focused(page), patient).toMatch(/^Terminal /)
  await page.keyboard.press('Alt+Shift+I')
  await expect.poll(() => focused(page), patient).toBe(command)
  await page.keyboard.press('Alt+Shift+T')
  await expect.poll(() => focused(page), patient).toMatch(/^Terminal /)

  // Ports: the first item keeps the focus while addresses come.
  await learner.toHost('node1')
  await learner.type('docker run -d --name mine -p 8095:80 nginx')
  const ports = page.getByRole('button', { name: 'Open port' })
  await ports.waitFor()
  await ports.focus()
  await page.keyboard.press('Enter')
  await page.locator('a[role=menuitem][href]').first().waitFor()
  expect(await page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('menuitem')
  await page.keyboard.press('Escape')
  await expect.poll(() => focused(page), patient).toBe('Open port')

  // Dialogs from the menu, left by Escape and by what they are for.
  const menu = page.getByRole('button', { name: 'Menu' })
  await page.reload()
  await learner.opened()
  expect(await welcome.count()).toBe(0)
  for (const item of ['Settings', 'Keyboard shortcuts', 'Start over']) {
    await menu.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('menuitem', { name: item }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await settled(page)
  }
  // Help, one after the other: what was pressed is not there any more.
  const current = page.locator('.section.current .check')
  for (const name of [/^Show me/, /^Do it for me/]) {
    const button = current.getByRole('button', { name })
    await button.focus()
    await page.keyboard.press('Enter')
    await page.waitForTimeout(200)
    if (await page.getByRole('dialog').isVisible()) {
      await page.getByRole('dialog').getByRole('button').last().focus()
      await page.keyboard.press('Enter')
    }
    await settled(page)
  }
  await page.getByText('Doing this step for you').waitFor({ state: 'detached', timeout: 60_000 })
  await settled(page)
  expect(site.complaints).toEqual([])
  await page.context().close()
})

it('comes back to the step, by reload, Back and address', async () => {
  const page = await site.visit('/labs/published-ports')
  await new LabPage(page, lab, site.racks).opened()
  const step = lab.steps[2]!.id
  const top = () => page.locator(`#section-${step}`).evaluate((heading) => heading.getBoundingClientRect().top)
  await page.locator('nav.path a').nth(2).click()
  await expect.poll(() => new URL(page.url()).hash, patient).toBe(`#section-${step}`)
  const before = await top()
  await page.reload()
  await expect.poll(top, patient).toBeLessThan(before + 200)
  expect(await top()).toBeGreaterThan(-200)
  await page.locator('a[href="/"]').first().click()
  await page.getByRole('searchbox').fill('dnat')
  await page.getByRole('link', { name: lab.title.en, exact: true }).waitFor()
  await page.goBack()
  await expect.poll(top, patient).toBeLessThan(before + 200)
  expect(site.complaints).toEqual([])
  await page.context().close()
})

it('has on a phone the keys that its keyboard lacks', async () => {
  const page = await site.visit('/labs/published-ports', {
    viewport: { width: 375, height: 667 },
    hasTouch: true,
    isMobile: true,
  })
  await page.getByRole('button', { name: 'Terminal', exact: true }).tap()
  const learner = new LabPage(page, lab, site.racks)
  await learner.opened()
  const keys = page.getByRole('toolbar', { name: 'Keys' })
  expect(await accessibilityProblems(page)).toEqual([])
  await learner.type('echo first-line')
  await keys.getByRole('button', { name: 'Up' }).tap()
  await page.keyboard.type(' again')
  await page.keyboard.press('Enter')
  await expect.poll(() => learner.terminalText(), patient).toMatch(/^first-line again$/m)
  await page.keyboard.type('cat')
  await page.keyboard.press('Enter')
  await keys.getByRole('button', { name: 'Ctrl' }).tap()
  await page.keyboard.type('c')
  await learner.type('ls /etc/host')
  await keys.getByRole('button', { name: 'Up' }).tap()
  await keys.getByRole('button', { name: 'Tab' }).tap()
  await expect.poll(() => learner.terminalText(), patient).toMatch(/\/etc\/host(name|s)?/)
  expect(site.complaints).toEqual([])
  await page.context().close()
})
