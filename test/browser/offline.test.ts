import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { LabPage } from './lab-page.js'
import { accessibilityProblems, Site } from './site.js'

/** A network that goes away and comes back: nothing is lost without a word, and no word is left standing once it is over. */

const patient = { timeout: 30_000 }

let site: Site
beforeAll(async () => {
  site = await Site.open()
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})

it('says what does not work while the network is away, and takes that back when it is there again', async () => {
  const lab = await loadLab(fromPackage(join('labs', 'default-bridge')))
  const page = await site.visit('/labs/default-bridge', { reducedMotion: 'reduce' })
  const learner = new LabPage(page, lab, site.racks)
  await learner.opened()
  await page.locator('.element').first().waitFor(patient)
  const drawings = page.locator('figure.mermaid')
  const last = drawings.last()
  expect(await drawings.count()).toBeGreaterThan(1)
  await learner.type('clear')

  site.expectOutage = true
  await page.context().setOffline(true)
  const banner = page.locator('.terminal-away')
  await banner.getByText('Connection lost; your shells keep running.').waitFor(patient)
  // A key for the terminal, a check, a trace, a diagram that is seen for the first time.
  await page.locator('.terminal-pane:not([hidden]) .xterm').click()
  await page.keyboard.type('echo lost')
  await banner.getByText('What you type now does not arrive.').waitFor(patient)
  await learner.panel(lab.steps[0]!).getByRole('button', { name: 'Check', exact: true }).click()
  const bar = page.locator('.bars .trouble')
  await bar.getByText('The server does not answer at the moment.').waitFor(patient)
  await page.getByRole('button', { name: 'Trace', exact: true }).click()
  const trace = page.getByRole('region', { name: 'Trace a packet' })
  await trace.getByLabel('From').selectOption('laptop')
  await trace.getByLabel('To', { exact: true }).fill('192.168.1.11')
  await trace.getByRole('button', { name: 'Send' }).click()
  await trace.getByText('The server does not answer at the moment.').waitFor(patient)
  await last.scrollIntoViewIfNeeded()
  await page.locator('figure.mermaid.failed details[open] p').last().waitFor(patient)
  expect(await accessibilityProblems(page)).toEqual([])
  // What is told over a terminal lies beside, never upon each other.
  const notes = page.locator('.terminal-away, .terminal-hint, .terminal-note-place > *').filter({ visible: true })
  const boxes = await notes.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON() as DOMRect))
  expect(boxes.length).toBeGreaterThan(0)
  const lieOver = (a: DOMRect, b: DOMRect) =>
    a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1
  expect(boxes.flatMap((a, at) => boxes.slice(at + 1).filter((b) => lieOver(a, b)))).toEqual([])

  await page.context().setOffline(false)
  await banner.waitFor({ state: 'detached', ...patient })
  // That keys were lost is said, and what was typed is not run later.
  await page.getByText('Not all that you typed has arrived.').first().waitFor(patient)
  await bar.waitFor({ state: 'detached', ...patient })
  await last.locator('.drawing svg').waitFor(patient)
  expect(await page.locator('figure.mermaid.failed').count()).toBe(0)
  // The question is still there to be asked.
  expect(await trace.getByRole('alert').count()).toBe(0)
  expect(await trace.getByLabel('To', { exact: true }).inputValue()).toBe('192.168.1.11')
  await trace.getByRole('button', { name: 'Send' }).click()
  await trace.getByText('Answered', { exact: true }).waitFor(patient)
  await page.locator('.terminal-pane:not([hidden]) .xterm').click()
  await page.keyboard.type('echo back\n')
  await expect.poll(() => learner.terminalText(), patient).toMatch(/^back$/m)
  expect(await learner.terminalText()).not.toContain('lost')
  site.expectOutage = false
  expect(site.complaints).toEqual([])
  await page.context().close()
})
