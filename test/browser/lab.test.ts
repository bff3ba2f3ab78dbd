import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { LabPage } from './lab-page.js'
import { accessibilityProblems, expectNoSidewaysScroll, Site } from './site.js'

let site: Site
let lab: Lab
beforeAll(async () => {
  site = await Site.open()
  lab = await loadLab(fromPackage(join('labs', 'user-bridge')))
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})
beforeEach(() => {
  site.complaints.length = 0
  site.expectOutage = false
})

const path = '/labs/user-bridge'
const step = (id: string) => lab.steps.find((one) => one.id === id)!

async function visitLab(options = {}): Promise<LabPage> {
  const labPage = new LabPage(await site.visit(path, options), lab, site.racks)
  await labPage.opened()
  return labPage
}

it('says what is wrong, and turns green when it is right, without a reload', async () => {
  const learner = await visitLab()
  const panel = learner.panel(step('create'))
  await learner.type('docker network create --subnet 10.99.0.0/24 shop')
  await panel.getByText('10.99.0.0/24').first().waitFor()
  expect(await panel.getByText('Expected').count()).toBeGreaterThan(0)
  expect(await panel.getAttribute('class')).not.toContain('passed')
  await learner.type('docker network rm shop')
  await learner.doStep(step('create'))
  await learner.expectPassed(step('create'))
  expect(site.complaints).toEqual([])
  await learner.page.context().close()
})

it('goes on after a reload in the middle of a command', async () => {
  const learner = await visitLab()
  await learner.page.locator('.terminal-pane:not([hidden]) .xterm').click()
  await learner.page.keyboard.type('echo begun; sleep 3; echo the-$((40 + 2))-end\n')
  await learner.page.reload()
  await learner.opened()
  await learner.screen.getByText('the-42-end').waitFor()
  const text = await learner.screen.innerText()
  expect(text.match(/the-42-end/g)).toHaveLength(1)
  await learner.settled()
  await learner.type('echo same-shell-$?')
  await learner.screen.getByText('same-shell-0', { exact: true }).waitFor()
  expect(site.complaints).toEqual([])
  await learner.page.context().close()
})

it('loses nothing when the server is killed and started again while ping runs', async () => {
  const learner = await visitLab()
  await learner.type('clear')
  await learner.page.locator('.terminal-pane:not([hidden]) .xterm').click()
  await learner.page.keyboard.type('ping -i 0.2 -c 40 127.0.0.1\n')
  await learner.screen.getByText('icmp_seq=3 ').waitFor()
  site.expectOutage = true
  await site.restartServer()
  await learner.screen.getByText('40 packets transmitted, 40 received').waitFor({ timeout: 60_000 })
  site.expectOutage = false
  await learner.settled()
  // All lines are there, once each: scrolled back to the beginning.
  const lines = await learner.terminalText()
  const sequence = [...lines.matchAll(/icmp_seq=(\d+) /g)].map((match) => Number(match[1]))
  expect(sequence).toEqual(Array.from({ length: 40 }, (_, n) => n + 1))
  await learner.page.context().close()
}, 300_000)

it('shows the same terminal and steps in two windows', async () => {
  const one = await visitLab()
  const other = await visitLab()
  await one.type('echo from-$((100 + 1))')
  await other.screen.getByText('from-101', { exact: true }).waitFor()
  await other.type('echo from-$((200 + 2))')
  await one.screen.getByText('from-202', { exact: true }).waitFor()
  const skip = step('names')
  await one.panel(skip).getByRole('button', { name: 'Skip' }).click()
  await one.page.getByRole('dialog').getByRole('button', { name: 'Skip' }).click()
  await other.panel(skip).getByText('Skipped').waitFor()
  expect(site.complaints).toEqual([])
  await one.page.context().close()
  await other.page.context().close()
})

it('changes the language, and remembers it', async () => {
  const learner = await visitLab()
  const { page } = learner
  await page.getByRole('button', { name: '中文' }).click()
  await page.getByRole('heading', { level: 1, name: lab.title.zh }).waitFor()
  await page.getByRole('button', { name: '检查' }).first().waitFor()
  expect(await page.getAttribute('html', 'lang')).toMatch(/^zh/)
  // Quotation marks are those of a Chinese face, and what is stressed has no dots below, which look odd under Latin letters.
  const face = await page.evaluate(() => getComputedStyle(document.body).fontFamily)
  expect(face).toMatch(/^"?Chinese marks"?, /)
  await page.reload()
  await page.getByRole('heading', { level: 1, name: lab.title.zh }).waitFor()
  expect(await accessibilityProblems(page)).toEqual([])
  await page.goto(new URL('/', site.server.address).href)
  await page.getByRole('link', { name: lab.title.zh }).first().waitFor()
  expect(await accessibilityProblems(page)).toEqual([])
  expect(site.complaints).toEqual([])
  await page.context().close()
})

it('works from 360 pixels on', async () => {
  const page = await site.visit('/', { viewport: { width: 360, height: 740 } })
  await page.getByRole('link', { name: lab.title.en, exact: true }).first().waitFor()
  await expectNoSidewaysScroll(page)
  expect(await accessibilityProblems(page)).toEqual([])
  await page.getByRole('link', { name: lab.title.en, exact: true }).first().click()
  await page.getByRole('button', { name: 'Check', exact: true }).first().waitFor()
  await expectNoSidewaysScroll(page)
  expect(await accessibilityProblems(page)).toEqual([])
  await page.getByRole('button', { name: 'Terminal', exact: true }).click()
  const learner = new LabPage(page, lab, site.racks)
  await learner.opened()
  await learner.type('echo narrow')
  await expectNoSidewaysScroll(page)
  expect(await accessibilityProblems(page)).toEqual([])
  expect(site.complaints).toEqual([])
  await page.context().close()
})

it('can be used with the keyboard alone', async () => {
  const page = await site.visit()
  await page.getByRole('link', { name: lab.title.en, exact: true }).first().waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('bridge of your own')
  await tabTo(page, 'a[href="/labs/user-bridge"]')
  await page.keyboard.press('Enter')
  const learner = new LabPage(page, lab, site.racks)
  await learner.opened()
  await page.keyboard.press('Alt+Shift+T')
  await page.locator('.xterm-helper-textarea:focus').waitFor({ state: 'attached' })
  await page.keyboard.type('echo typed-$((6 * 7))\n')
  await learner.screen.getByText('typed-42', { exact: true }).waitFor()
  // Out of the terminal, to a block's Run button, and back in.
  await page.keyboard.press('Alt+Shift+I')
  await page.locator('#content:focus').waitFor()
  await tabTo(page, 'div.block button.run')
  await page.keyboard.press('Enter')
  await learner.settled()
  await page.keyboard.press('Alt+Shift+I')
  await page.locator('div.block button.run:focus').waitFor()
  await page.keyboard.press('Shift+?')
  const shortcuts = page.getByRole('dialog')
  await shortcuts.getByText('Check the current step').waitFor()
  expect(await accessibilityProblems(page)).toEqual([])
  await page.keyboard.press('Escape')
  await shortcuts.waitFor({ state: 'hidden' })
  await page.keyboard.press('Alt+Shift+C')
  expect(site.complaints).toEqual([])
  await page.context().close()

  async function tabTo(target: typeof page, selector: string): Promise<void> {
    for (let presses = 0; presses < 60; presses++) {
      await target.keyboard.press('Tab')
      if (await target.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector)) return
    }
    throw new Error(`Tab does not lead to ${selector}`)
  }
})
