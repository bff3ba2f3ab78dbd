import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { LabPage } from './lab-page.js'
import { accessibilityProblems, expectNoSidewaysScroll, Site } from './site.js'

/** Where a packet went, and what is wrong with a container: by clicks, in the lab whose faults are known. */

/** A trace and a diagnosis take some seconds, and more on a busy machine. */
const patient = { timeout: 45_000 }

let site: Site
let lab: Lab
beforeAll(async () => {
  site = await Site.open()
  lab = await loadLab(fromPackage(join('labs', 'broken-web')))
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})
beforeEach(() => {
  site.complaints.length = 0
})

async function visit(options = {}): Promise<LabPage> {
  const learner = new LabPage(await site.visit(`/labs/${lab.id}`, options), lab, site.racks)
  await learner.opened()
  return learner
}

const side = (page: Page): Locator => page.locator('.network-side')
const stepOf = (id: string) => lab.steps.find((one) => one.id === id)!

async function failedCheck(learner: LabPage, step: string): Promise<Locator> {
  const panel = learner.panel(stepOf(step))
  await panel.getByRole('button', { name: 'Check', exact: true }).click()
  const check = panel.locator('.checks > li.fail').first()
  await check.waitFor(patient)
  // This lab tells no reason, and traces none, before the first hint.
  expect(await check.getByRole('button', { name: 'Where did the packet go?' }).count()).toBe(0)
  await check.getByRole('button', { name: /^Hint \(1 of/ }).click()
  return check
}

it('keeps the cause back where finding it is the task, and says that it counts as help', async () => {
  const learner = await visit()
  const { page } = learner
  await page.getByRole('button', { name: 'Trace', exact: true }).click()
  const panel = side(page).getByRole('region', { name: 'Trace a packet' })
  await panel.getByLabel('From').selectOption('laptop')
  await panel.getByLabel('To', { exact: true }).fill('192.168.1.11')
  await panel.getByLabel('Protocol').selectOption('tcp')
  await panel.getByLabel('Port').fill('8080')
  await panel.getByRole('button', { name: 'Send' }).click()
  await panel.getByText('Stopped on the way').waitFor(patient)
  expect(await panel.locator('.withheld').innerText()).toMatch(/up to you[\s\S]*with help[\s\S]*Tell me the cause/)
  expect(await panel.locator('.cause').count()).toBe(0)
  expect(await panel.locator('.hops > li').count()).toBeGreaterThan(0)
  expect(await accessibilityProblems(page)).toEqual([])
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/withheld.png` })
  expect(site.complaints).toEqual([])
  await page.context().close()
})

it('traces a failed check to its cause, draws the way, and gives the focus back', async () => {
  const learner = await visit()
  const { page } = learner
  const check = await failedCheck(learner, 'network')
  const button = check.getByRole('button', { name: 'Where did the packet go?' })
  await button.focus()
  await page.keyboard.press('Enter')
  const panel = side(page).getByRole('region', { name: 'Trace a packet' })
  await panel.getByText('Stopped on the way').waitFor(patient)
  const cause = panel.locator('.cause')
  // web is on `front` alone, orders-db on `back` alone.
  expect(await cause.innerText()).toMatch(/Why[\s\S]*front[\s\S]*back[\s\S]*What to try[\s\S]*docker network connect/)
  expect(await panel.locator('.hops > li').count()).toBeGreaterThan(0)
  // Whoever listens hears it, and is where the story begins.
  await page
    .locator('[role=status]', { hasText: /orders-db/ })
    .first()
    .waitFor({ state: 'attached' })
  expect(
    await panel.getByRole('heading', { name: 'Trace a packet' }).evaluate((it) => it === document.activeElement),
  ).toBe(true)
  await page.locator('svg.network-map .element.way, svg.network-map .element.stop').first().waitFor()
  expect(await accessibilityProblems(page)).toEqual([])
  // The ends of the check are in the form, to go on from.
  expect(await panel.getByLabel('From').inputValue()).toBe('web')
  expect(await panel.getByLabel('To', { exact: true }).inputValue()).toBe('orders-db')
  await page.keyboard.press('Escape')
  await panel.waitFor({ state: 'hidden' })
  expect(await page.locator('svg.network-map .element:is(.way, .stop)').count()).toBe(0)
  await expect.poll(() => button.evaluate((it) => it === document.activeElement)).toBe(true)
  expect(site.complaints).toEqual([])
  await page.context().close()
})

it('takes its ends from the map, says what is missing, and can be cancelled', async () => {
  const learner = await visit()
  const { page } = learner
  await page.getByRole('button', { name: 'Trace', exact: true }).click()
  const panel = side(page).getByRole('region', { name: 'Trace a packet' })
  await panel.getByRole('button', { name: 'Send' }).click()
  await panel.getByRole('alert').getByText('Choose who sends.').waitFor()
  await panel.getByLabel('From').selectOption('laptop')
  await panel.getByLabel('To', { exact: true }).fill('192.168.1.11')
  await panel.getByLabel('Protocol').selectOption('tcp')
  await panel.getByRole('button', { name: 'Send' }).click()
  await panel.getByRole('alert').getByText('A port is a number').waitFor()
  expect(await accessibilityProblems(page)).toEqual([])
  await panel.getByLabel('Port').fill('8080')
  await panel.getByRole('button', { name: 'Send' }).click()
  await panel.getByRole('button', { name: 'Cancel' }).click()
  // The form is back, with what was asked; nothing more comes of the one that was cancelled.
  expect(await panel.getByLabel('To', { exact: true }).inputValue()).toBe('192.168.1.11')
  await page.waitForTimeout(3000)
  expect(await panel.locator('.outcome').count()).toBe(0)
  await panel.getByRole('button', { name: 'Send' }).click()
  await panel.getByText('Stopped on the way').waitFor(patient)
  // Published on 127.0.0.1 alone.
  expect(await panel.locator('.cause').innerText()).toContain('127.0.0.1')
  expect(site.complaints).toEqual([])
  await page.context().close()
})

it('keeps an answer under its own question, marks it once the network has changed, and asks again, once or ten times', async () => {
  const learner = await visit()
  const { page } = learner
  await page.getByRole('button', { name: 'Trace', exact: true }).click()
  const panel = side(page).getByRole('region', { name: 'Trace a packet' })
  await panel.getByLabel('From').selectOption('laptop')
  await panel.getByLabel('To', { exact: true }).fill('192.168.1.11')
  await panel.getByRole('button', { name: 'Send' }).click()
  const verdict = panel.getByText('Answered', { exact: true })
  await verdict.waitFor(patient)
  const fontOf = (of: Locator) => of.evaluate((it) => getComputedStyle(it).fontFamily)
  expect(await fontOf(verdict)).toBe(await fontOf(panel))
  expect(await panel.locator('.hops > li.stop').count()).toBe(0)
  const question = panel.locator('.ends-fold > summary')
  await question.click()
  await panel.getByLabel('To', { exact: true }).fill('node1/web')
  expect((await question.innerText()).replace(/\s+/g, ' ')).toBe('laptop → 192.168.1.11 ping')
  expect(await panel.locator('.ends button').innerText()).toBe('Send')
  expect(await panel.locator('.outdated').count()).toBe(0)
  const { info } = await learner.rack()
  await site.racks.exec(info.id, 'node1', ['docker', 'network', 'create', 'another'])
  await panel.getByText('Outdated: the network has changed').waitFor(patient)
  expect(await accessibilityProblems(page)).toEqual([])
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/outdated.png` })
  // Asked again is what was asked, not what is in the form by now.
  await panel.getByRole('button', { name: 'Again', exact: true }).click()
  await verdict.waitFor(patient)
  expect((await question.innerText()).replace(/\s+/g, ' ')).toBe('laptop → 192.168.1.11 ping')
  await panel.getByRole('button', { name: '10 more times' }).click()
  await panel.getByText('Answered each time').waitFor(patient)
  expect(await panel.locator('.series > li').innerText()).toMatch(/^`?192\.168\.1\.11`? \(node1\) .*: answered/)
  expect(await accessibilityProblems(page)).toEqual([])
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/series.png` })
  // What can't be asked is told above the form.
  await question.click()
  await panel.getByLabel('To', { exact: true }).fill('http://web')
  await panel.getByRole('button', { name: 'Send' }).click()
  await panel.getByText('Could not find out').waitFor(patient)
  expect(await panel.locator('.outcome').innerText()).toContain('neither a name nor an address')
  expect(site.complaints).toEqual([])
  await page.context().close()
})

it('diagnoses a container that was chosen on the map, in both languages', async () => {
  const learner = await visit()
  const { page } = learner
  await page.locator('.element[data-id="node1/container:orders-db"]').click()
  await side(page).getByRole('button', { name: 'Diagnose' }).click()
  const panel = side(page).getByRole('region', { name: 'Diagnosis of node1/orders-db' })
  await panel.getByText('Something is wrong').waitFor(patient)
  const stages = panel.locator('.four > li')
  expect(await stages.locator('.stage-title').allInnerTexts()).toEqual([
    'The container itself',
    'Same network',
    'To the outside',
    'From the outside',
  ])
  // The database listens on its loopback alone.
  const itself = stages.first()
  expect(await itself.getAttribute('class')).toContain('problem')
  expect(await itself.innerText()).toContain('5984')
  await itself.locator('li.problem').getByText('Evidence').click()
  await itself.getByText('tcp LISTEN 127.0.0.1:5984').waitFor()
  expect(await accessibilityProblems(page)).toEqual([])
  // Facts of something else, and back.
  await page.getByRole('button', { name: 'Fit to view' }).click()
  await page.locator('.element[data-id="node1/container:web"]').click()
  await side(page).getByRole('button', { name: 'Back to the diagnosis' }).click()
  await panel.getByText('Something is wrong').waitFor()

  await page.getByRole('button', { name: '中文' }).click()
  const chinese = side(page).getByRole('region', { name: 'node1/orders-db 的诊断' })
  await chinese.getByText('发现问题').waitFor()
  expect(await chinese.innerText()).toContain('只在回环地址上监听')
  expect(await chinese.innerText()).not.toMatch(/listens|problem|skipped/)
  // On the width of a phone too.
  await page.setViewportSize({ width: 360, height: 740 })
  await chinese.waitFor()
  await expectNoSidewaysScroll(page)
  expect(await accessibilityProblems(page)).toEqual([])
  expect(site.complaints).toEqual([])
  await page.context().close()
})
