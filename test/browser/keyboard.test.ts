import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { Flow, FocusWatch } from './focus-watch.js'
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
/** What was said aloud last. */
const said = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('[role=status].unseen')]
      .map((one) => one.textContent)
      .filter(Boolean)
      .join(),
  )
/** Notes all that stands there from now on, however short: a reset may take less time than it takes to ask. */
async function shownIn(page: Page, selector: string): Promise<() => Promise<string[]>> {
  const noted = await page.evaluateHandle((where) => {
    const texts = new Set<string>()
    const note = () => {
      for (const one of document.querySelectorAll(where)) texts.add(one.textContent ?? '')
    }
    new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true })
    return texts
  }, selector)
  return () => noted.evaluate((texts) => [...texts])
}
const isOnBody = (page: Page) =>
  page.evaluate(() => document.activeElement === null || document.activeElement === document.body)
const settled = async (page: Page) => {
  await page.waitForTimeout(300)
  expect(await isOnBody(page), `focus on ${await focused(page)}`).toBe(false)
}

it('takes at most three keys more than clicks, in every flow, and never loses the focus', async () => {
  // What fades in while it is looked at has less contrast than it will have.
  const page = await site.visit('/labs/published-ports', { reducedMotion: 'reduce' })
  const learner = new LabPage(page, lab, site.racks)
  await learner.opened()
  await page.keyboard.press('Alt+Shift+N')
  const watch = await FocusWatch.begin(page)
  const flow = (name: string) => new Flow(page, watch, name)
  const panel = page.locator('.section.current .check')
  const [publish, rule] = lab.steps.map((step) => learner.panel(step))
  const dialog = page.getByRole('dialog')

  const check = flow('check')
  // Wherever one has read to.
  await page.locator('.scroll').evaluate((text) => text.scrollTo(0, text.scrollHeight))
  await check.press('Alt+Shift+C')
  await expect
    .poll(async () => {
      const [box, text] = await Promise.all([panel.boundingBox(), page.locator('.scroll').boundingBox()])
      return box!.y + Math.min(box!.height, 60) > text!.y && box!.y < text!.y + text!.height
    }, patient)
    .toBe(true)
  // It can be read while it runs, and by those who don't see it.
  expect(await accessibilityProblems(page)).toEqual([])
  await panel.getByText('Expected').first().waitFor()
  await expect.poll(() => said(page), patient).toMatch(/^0 of 2 checks pass\. \S/)
  await check.ends({ clicks: 1 })

  const hint = flow('hint')
  await hint.press('Alt+Shift+H', 'Enter')
  await panel.getByRole('list', { name: 'Hint' }).first().waitFor()
  await expect.poll(() => said(page), patient).toMatch(/^Hint: \S/)
  // The last hint takes its button away.
  await hint.ends({ clicks: 1 })
  await flow('the last hint').press('Enter')

  const trace = flow('trace')
  await page.keyboard.press('Alt+Shift+C')
  await trace.press('Alt+Shift+H')
  if (!/Where did/.test(await focused(page))) await trace.press('Alt+Shift+H')
  expect(await focused(page)).toMatch(/Where did/)
  await trace.press('Enter')
  await page.locator('.inquiry, .trace').first().waitFor()
  await trace.ends({ clicks: 1 })
  expect(await accessibilityProblems(page)).toEqual([])

  const run = flow('run a block')
  await run.press('Alt+Shift+R', 'Enter')
  await expect.poll(() => focused(page), patient).toMatch(/^Terminal /)
  await run.ends({ clicks: 1 })
  await learner.settled()
  // The next time it is the next one.
  const next = flow('run the next block')
  await next.press('Alt+Shift+R', 'Enter')
  await expect.poll(() => learner.terminalText(), patient).toContain('docker run -d --name web')
  await next.ends({ clicks: 1 })
  await learner.expectPassed(lab.steps[0]!)
  expect(await publish!.getByText('Step passed').count()).toBe(1)

  const ports = flow('look at a port')
  await page.getByRole('button', { name: 'Open port' }).waitFor()
  await ports.press('Alt+Shift+P')
  await page.locator('a[role=menuitem][href]').first().waitFor()
  expect(await accessibilityProblems(page)).toEqual([])
  const opened = page.context().waitForEvent('page')
  await ports.press('Enter')
  await (await opened).close()
  await ports.ends({ clicks: 2 })

  const answer = flow('answer')
  await answer.press('Alt+Shift+A')
  await page.keyboard.type('192.168.1.11')
  await answer.press('Enter')
  await rule!.getByText('Expected').first().waitFor()
  await expect.poll(() => said(page), patient).toMatch(/checks pass\. Your answer to “To which address .*” /)
  await answer.ends({ clicks: 2 })

  const show = flow('show me')
  await show.press('Alt+Shift+S', 'Enter')
  await dialog.getByText(/recorded as done with help/).waitFor()
  await show.press('Tab', 'Enter')
  await rule!.getByText('One way to do it').waitFor()
  await show.ends({ clicks: 2 })

  const skip = flow('skip')
  await skip.press('Alt+Shift+S', 'End', 'Enter')
  await dialog.waitFor()
  await skip.press('Tab', 'Enter')
  await rule!.getByText('Skipped').waitFor()
  await skip.ends({ clicks: 2 })

  const terminal = flow('new terminal')
  await terminal.press('Alt+Shift+W', 'ArrowDown', 'Enter')
  await page.getByRole('tab', { name: /^laptop/, selected: true }).waitFor()
  await terminal.ends({ clicks: 2 })
  await expect.poll(() => focused(page), patient).toMatch(/^Terminal laptop/)
  const another = flow('another terminal')
  await another.press('Alt+Shift+T')
  await expect.poll(() => focused(page), patient).toMatch(/^Terminal node1/)
  await another.ends({ clicks: 2 })

  const language = flow('language')
  await language.press('Alt+Shift+L')
  await page.getByRole('heading', { level: 1, name: lab.title.zh }).waitFor()
  await page.keyboard.press('Alt+Shift+L')
  await page.getByRole('heading', { level: 1, name: lab.title.en }).waitFor()
  await language.ends({ clicks: 1 })

  const theme = flow('theme')
  await theme.press('Alt+Shift+O')
  expect(await accessibilityProblems(page)).toEqual([])
  await theme.press('s', 'e', 'Enter')
  await dialog.waitFor()
  await theme.press('Tab', 'ArrowDown', 'Escape')
  await dialog.waitFor({ state: 'detached' })
  await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme), patient).toBe('light')
  await theme.ends({ clicks: 4 })

  const bars = await shownIn(page, '.notice')
  const reset = flow('reset a host')
  await reset.press('Alt+Shift+O', 'Enter')
  await dialog.waitFor()
  await reset.press('Tab', 'Enter')
  await expect.poll(() => said(page), { timeout: 60_000 }).toMatch(/node1 is reset\./)
  expect(await bars()).toContainEqual(expect.stringContaining('Resetting node1'))
  await reset.ends({ clicks: 3 })
  await watch.expectKept()
  expect(site.complaints).toEqual([])
  await page.context().close()
})

it('is a menu as others are: arrows, Home, End, letters, Escape', async () => {
  const page = await site.visit('/labs/published-ports')
  await new LabPage(page, lab, site.racks).opened()
  const menu = page.getByRole('button', { name: 'Menu' })
  await menu.focus()
  await page.keyboard.press('ArrowUp')
  await expect.poll(() => focused(page), patient).toMatch(/^Keyboard shortcuts/)
  await page.keyboard.press('ArrowDown')
  expect(await focused(page)).toMatch(/^Reset node1/)
  await page.keyboard.press('End')
  expect(await focused(page)).toMatch(/^Keyboard shortcuts/)
  await page.keyboard.press('Home')
  await page.keyboard.press('s')
  expect(await focused(page)).toMatch(/^Start over/)
  await page.keyboard.press('c')
  expect(await focused(page)).toMatch(/^Screen-reader mode/)
  await page.keyboard.press('Escape')
  expect(await focused(page)).toBe('Menu')
  await page.context().close()
})

it('never loses the focus to the top of the page, and leads back to where it was', async () => {
  const page = await site.visit('/labs/published-ports')
  const learner = new LabPage(page, lab, site.racks)
  await learner.opened()
  // How a lab works is said once; put away by its button, brought back by the menu.
  const welcome = page.getByRole('complementary', { name: 'How a lab works' })
  expect(await accessibilityProblems(page)).toEqual([])
  for (const told of [
    /root, so you need no sudo/,
    /^Run types a command/,
    /^Most steps check/,
    /offline, unless/,
    /^The map shows/,
  ])
    await welcome.getByText(told).waitFor()
  await welcome.getByRole('button', { name: 'Got it' }).focus()
  await page.keyboard.press('Enter')
  await welcome.waitFor({ state: 'detached' })
  await settled(page)
  // Each Run says which command it is for.
  const namesOf = (buttons: string) =>
    page.locator(buttons).evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')))
  const names = await namesOf('button.run')
  expect(names.length).toBeGreaterThan(3)
  expect(new Set(names).size).toBe(names.length)
  for (const name of names) expect(name).toMatch(/^Run: \S/)
  for (const name of await namesOf('.block .buttons > :first-child')) expect(name).toMatch(/^Copy: \S/)

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
    await page
      .getByRole('dialog')
      .getByText(/recorded as done with help/)
      .waitFor()
    await page.getByRole('dialog').getByRole('button').last().focus()
    await page.keyboard.press('Enter')
    await settled(page)
  }
  await page.locator('.notice').getByText('Doing this step for you').waitFor({ state: 'detached', timeout: 60_000 })
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
  // Nothing of the lab is said on another page.
  expect(await said(page)).not.toMatch(/host|step|changed/i)
  await page.getByRole('searchbox').fill('dnat')
  await page.getByRole('link', { name: lab.title.en, exact: true }).waitFor()
  await page.goBack()
  await expect.poll(top, patient).toBeLessThan(before + 200)

  // What was half typed, and which terminal was in front: after a reload, and in a second window.
  const field = (one: Page) => one.locator('.answers input').first()
  const front = (one: Page) => one.getByRole('tab', { selected: true }).innerText()
  await new LabPage(page, lab, site.racks).toHost('laptop')
  await field(page).fill('172.17.')
  await page.reload()
  await expect.poll(() => field(page).inputValue(), patient).toBe('172.17.')
  await expect.poll(() => front(page), patient).toMatch(/^laptop/)
  const second = await page.context().newPage()
  await second.goto(page.url())
  await expect.poll(() => field(second).inputValue(), patient).toBe('172.17.')
  await expect.poll(() => front(second), patient).toMatch(/^laptop/)
  await second.close()

  // Brought to a step: there it goes on, and what was done for the learner was help.
  const last = lab.steps.at(-1)!.id
  await page.getByRole('button', { name: 'Menu' }).click()
  await page.getByRole('menuitem', { name: new RegExp(`^Step ${lab.steps.length}`) }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Bring them there' }).click()
  await page.locator(`nav.path li.current a[href="#section-${last}"]`).waitFor({ timeout: 90_000 })
  await expect.poll(() => page.evaluate(() => document.activeElement?.id), patient).toBe(`section-${last}`)
  expect(await page.locator('nav.path li.helped').count()).toBeGreaterThan(0)
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

  // A block that is to be typed is read whole, and comes to a prompt of its host without being entered.
  await page.getByRole('button', { name: 'Read', exact: true }).tap()
  const block = page.locator('.block', { has: page.locator('button.put') }).first()
  expect(await block.locator('pre').evaluate((pre) => pre.scrollWidth <= pre.clientWidth)).toBe(true)
  await block.locator('button.put').tap()
  await page.getByRole('tab', { name: /^laptop/, selected: true }).waitFor()
  await expect
    .poll(async () => (await learner.terminalText()).replace(/\n/g, ''), patient)
    .toMatch(/# echo hello \| socat .*7777$/)

  // On its side there are rows enough to read an answer.
  await page.setViewportSize({ width: 740, height: 360 })
  await expect.poll(() => learner.screen.locator('> div').count(), patient).toBeGreaterThanOrEqual(8)
  // The shell shows what was put there as selected, until the next key.
  await page.keyboard.press('End')
  expect(await accessibilityProblems(page)).toEqual([])
  expect(site.complaints).toEqual([])
  await page.context().close()
})
