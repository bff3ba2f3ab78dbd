import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { LabPage } from './lab-page.js'
import { accessibilityProblems, Site } from './site.js'

/** For what comes by itself, on a busy machine too. */
const patient = { timeout: 10_000 }

let site: Site
let bridge: Lab
let ports: Lab
beforeAll(async () => {
  site = await Site.open()
  bridge = await loadLab(fromPackage(join('labs', 'user-bridge')))
  ports = await loadLab(fromPackage(join('labs', 'published-ports')))
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})
beforeEach(() => {
  site.complaints.length = 0
})

async function visit(lab: Lab, options = {}): Promise<LabPage> {
  const learner = new LabPage(await site.visit(`/labs/${lab.id}`, options), lab, site.racks)
  await learner.opened()
  return learner
}

const stepOf = (lab: Lab, id: string) => lab.steps.find((one) => one.id === id)!
const confirm = (page: Page, action: string) => page.getByRole('dialog').getByRole('button', { name: action }).click()

/** As it is shown: what stands between backticks is code. */
const plain = (text: string) => text.replaceAll('`', '')

async function leaveFine({ page }: LabPage): Promise<void> {
  expect(await accessibilityProblems(page)).toEqual([])
  expect(site.complaints).toEqual([])
  await page.context().close()
}

it('says that an answer is wrong, gives hints one by one, and lets the right answer pass', async () => {
  const learner = await visit(bridge)
  const { page } = learner
  const step = stepOf(bridge, 'create')
  const panel = learner.panel(step)
  await learner.clickRun(bridge.pages.en.sections.flatMap(({ blocks }) => blocks)[0]!)
  await learner.typeAnswer(step, 'bridge', 'docker0')
  const check = panel.locator('.answers .checks > li')
  await check.getByText('Expected').waitFor()
  expect(await check.innerText()).toContain('docker0')
  // It stands at its question, and goes with it.
  const field = panel.getByRole('textbox')
  expect(await field.getAttribute('aria-invalid')).toBe('true')
  expect(await field.getAttribute('aria-describedby')).toBe(await panel.locator('.answers .checks').getAttribute('id'))
  // The right answer is not told.
  expect(await check.innerText()).not.toMatch(/br-[0-9a-f]{12}/)
  const { hints } = step.checks[1]!
  expect(hints).toHaveLength(2)
  const shown = check.getByRole('list', { name: 'Hint' }).getByRole('listitem')
  expect(await shown.count()).toBe(0)
  for (const [at, hint] of hints.entries()) {
    await check.getByRole('button', { name: `Hint (${at + 1} of 2)` }).click()
    await check.getByText(plain(hint.en), { exact: true }).waitFor()
    expect(await shown.count()).toBe(at + 1)
  }
  expect(await check.getByRole('button', { name: 'Hint' }).count()).toBe(0)
  expect(await accessibilityProblems(page)).toEqual([])

  await page.reload()
  await learner.opened()
  await check.getByText(plain(hints[1]!.en), { exact: true }).waitFor()
  expect(await shown.count()).toBe(2)
  expect(await learner.panel(step).getByRole('textbox').inputValue()).toBe('docker0')

  // A button that can't be used looks so under the pointer as well.
  const button = panel.getByRole('button', { name: 'Check', exact: true })
  const background = () => button.evaluate((it) => getComputedStyle(it).backgroundColor)
  await button.hover()
  expect(await background()).not.toBe('rgba(0, 0, 0, 0)')
  await button.evaluate((it) => it.toggleAttribute('disabled', true))
  await expect.poll(background).toBe('rgba(0, 0, 0, 0)')
  await button.evaluate((it) => it.toggleAttribute('disabled', false))

  await learner.answer(step, step.solution[0]!)
  await learner.expectPassed(step)
  await panel.getByText('Step passed').waitFor()
  await leaveFine(learner)
})

it('shows how a step is done, runs that by clicks, and remembers that there was help', async () => {
  const learner = await visit(bridge)
  const { page } = learner
  const step = stepOf(bridge, 'names')
  const panel = learner.panel(step)
  for (const block of bridge.pages.en.sections.find(({ id }) => id === 'names')!.blocks) await learner.clickRun(block)
  await panel.getByRole('button', { name: 'Show me' }).click()
  await page
    .getByRole('dialog')
    .getByText(/recorded as done with help/)
    .waitFor()
  await confirm(page, 'Show me')
  const solution = panel.locator('.solution')
  await solution.getByText('One way to do it').waitFor()
  const blocks = solution.locator('.block')
  expect(await blocks.locator('pre').allInnerTexts()).toEqual(step.solution.map(({ text }) => text))
  expect(await accessibilityProblems(page)).toEqual([])
  for (const n of step.solution.keys()) {
    await blocks.nth(n).getByRole('button', { name: /^Run:/ }).click()
    await learner.settled()
  }
  await learner.expectHelped(step)
  await panel.getByText('Done with help').waitFor()
  await leaveFine(learner)
})

it('does a step when asked to, and lists what it ran', async () => {
  const learner = await visit(bridge)
  const { page } = learner
  const step = stepOf(bridge, 'isolation')
  const panel = learner.panel(step)
  await panel.getByRole('button', { name: 'Do it for me' }).click()
  const dialog = page.getByRole('dialog', { name: 'Do this step for you?' })
  await dialog.getByText(/recorded as done with help/).waitFor()
  expect(await accessibilityProblems(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await dialog.waitFor({ state: 'hidden' })
  expect(await panel.getAttribute('class')).not.toContain('helped')

  await panel.getByRole('button', { name: 'Do it for me' }).click()
  await confirm(page, 'Do it for me')
  await learner.expectHelped(step)
  await panel.getByText('This was run for you').click()
  await panel.getByText('docker network create --subnet 10.30.0.0/24 audit').waitFor()
  await panel.getByText('DOCKER-ISOLATION-STAGE-2').first().waitFor()
  await learner.screen.waitFor()
  await leaveFine(learner)
})

it('skips a step, comes back to it, and counts in the catalogue', async () => {
  const learner = await visit(bridge)
  const { page } = learner
  const step = stepOf(bridge, 'two-networks')
  const panel = learner.panel(step)
  await panel.getByRole('button', { name: 'Skip' }).click()
  await confirm(page, 'Skip')
  await panel.getByText('Skipped').waitFor()
  await page.getByRole('navigation', { name: 'Steps' }).locator('li.skipped').waitFor()
  expect(await accessibilityProblems(page)).toEqual([])
  expect(await panel.getByRole('button', { name: 'Skip' }).count()).toBe(0)
  // Skipped is not the end of it.
  await learner.doStep(step)
  await learner.expectPassed(step)

  await page.getByRole('link', { name: 'All labs' }).first().click()
  const entry = page
    .getByRole('article')
    .filter({ has: page.getByRole('link', { name: bridge.title.en, exact: true }) })
  await entry.getByText('4 of 5 steps').waitFor()
  await entry.getByText('2 with help').waitFor()
  // What was done with help is done: the wire to it is that of a step that passed, and not that to an open one.
  const wires = await entry
    .locator('.wire i:not(:first-child)')
    .evaluateAll((steps) =>
      steps.map((step): [string, string] => [step.className, getComputedStyle(step, '::before').borderTopColor]),
    )
  const colours = (state: string) => new Set(wires.filter(([name]) => name === state).map(([, colour]) => colour))
  expect(colours('helped').size).toBe(1)
  expect(colours('helped')).toEqual(colours('passed'))
  expect(colours('helped')).not.toEqual(colours('open'))
  await entry.getByText('Running now').waitFor()
  await leaveFine(learner)
})

it('starts over: progress and hosts are as in the beginning', async () => {
  const learner = await visit(bridge)
  const { page } = learner
  await page.getByRole('button', { name: 'Menu' }).click()
  expect(await accessibilityProblems(page)).toEqual([])
  await page.getByRole('menuitem', { name: 'Start over' }).click()
  await confirm(page, 'Start over')
  const path = page.getByRole('navigation', { name: 'Steps' })
  // A reset of one host may be over before a busy page has drawn that it goes on.
  await expect.poll(() => path.locator('li.passed, li.helped, li.skipped').count(), { timeout: 60_000 }).toBe(0)
  await page.locator('.notice').getByText('Resetting all hosts').waitFor({ state: 'hidden', timeout: 60_000 })
  await path.locator('li.current').first().waitFor()
  const panel = learner.panel(stepOf(bridge, 'create'))
  expect(await panel.getByRole('textbox').inputValue()).toBe('')
  expect(await page.getByRole('tab').allInnerTexts()).toEqual(['node1'])
  await learner.settledAtPrompt()
  await learner.type('echo seen: $(docker network ls --format "{{.Name}}" | sort)')
  await learner.screen.getByText('seen: bridge host none', { exact: true }).waitFor()
  await leaveFine(learner)
})

it('copies what is to be typed, with values of now, and says where there are none yet', async () => {
  const learner = await visit(ports)
  const { page } = learner
  const blocks = ports.pages.en.sections.flatMap((section) => section.blocks)
  const copied = () => page.evaluate(() => navigator.clipboard.readText())
  const shownBlock = (text: string) => {
    const { index } = blocks.find((block) => block.text.includes(text))!
    return page.locator(`div.block[data-block="${index}"]`)
  }
  await shownBlock('-p 8080:80 nginx')
    .first()
    .getByRole('button', { name: /^Copy:/ })
    .click()
  await shownBlock('-p 8080:80 nginx').first().getByText('Copied').waitFor()
  expect(await copied()).toBe('docker run -d --name web -p 8080:80 nginx')

  // An error that is meant is announced as such.
  expect(await shownBlock('curl -sS -m 3 http://node1:8080').getByText('Shows an error on purpose').count()).toBe(1)

  const live = shownBlock('{{admin_address}}')
  await live.getByRole('button', { name: /^Copy:/ }).click()
  await live.getByText("The value {{admin_address}} can't be read now. Do the earlier steps first.").waitFor()
  await live.getByRole('button', { name: /^Run:/ }).click()
  await live.getByText("The value {{admin_address}} can't be read now.").waitFor()
  await live.scrollIntoViewIfNeeded()
  expect(await accessibilityProblems(page)).toEqual([])
  await learner.type('docker run -d --name admin -p 127.0.0.1:8081:80 nginx')
  await live.getByRole('button', { name: /^Copy:/ }).click()
  await live.getByText('Copied').waitFor()
  expect(await copied()).toMatch(/^curl -s http:\/\/172\.17\.0\.\d+$/m)
  expect(await copied()).not.toContain('{{')
  expect(await live.getByText("can't be read").count()).toBe(0)
  await leaveFine(learner)
})

it('runs a block in the terminal in front, or in another one where a program runs in it', async () => {
  const learner = await visit(ports)
  const { page } = learner
  const tabs = page.getByRole('tab', { name: /^node1\b/ })
  const front = page.getByRole('tab', { selected: true })
  const block = ports.pages.en.sections
    .flatMap((section) => section.blocks)
    .find(({ text }) => text === 'docker ps -a --filter name=blog')!
  await learner.toHost('node1')
  expect(await tabs.count()).toBe(1)
  await page.locator('.terminal-new button').click()
  await page.getByRole('menuitem', { name: 'node1', exact: true }).click()
  await page.waitForFunction(() => document.querySelectorAll('[role=tab]').length === 2)
  await learner.settledAtPrompt()
  const second = await front.getAttribute('id')
  expect(second).not.toBe(await tabs.first().getAttribute('id'))
  await learner.clickRun(block)
  expect(await front.getAttribute('id')).toBe(second)
  await learner.screen.getByText('CONTAINER ID').waitFor()

  await page.locator('.terminal-pane:not([hidden]) .xterm').click()
  await page.keyboard.type('sleep 1000\n')
  await page.locator('[role=tab][aria-selected=true] .dot.running').waitFor()
  await learner.clickRun(block)
  await page.locator(`[role=tab][aria-selected=true]:not([id="${second}"])`).waitFor()
  await learner.screen.getByText('CONTAINER ID').waitFor()
  expect(await tabs.count()).toBe(2)

  // All of them are busy: a new one.
  await page.locator('.terminal-pane:not([hidden]) .xterm').click()
  await page.keyboard.type('sleep 1000\n')
  await page.locator('[role=tab][aria-selected=true] .dot.running').waitFor()
  await page.locator(`div.block[data-block="${block.index}"]`).getByRole('button', { name: /^Run:/ }).click()
  await page.waitForFunction(() => document.querySelectorAll('[role=tab]').length === 3)
  await learner.screen.getByText('CONTAINER ID').waitFor()
  await leaveFine(learner)
})

it('resets a host: a new system and a new terminal, and progress stays', async () => {
  const learner = await visit(ports)
  const { page } = learner
  const publish = stepOf(ports, 'publish')
  const rack = await learner.rack()
  await site.racks.exec(rack.info.id, 'node1', ['docker', 'network', 'create', 'gone-soon'])
  // Terminals with programs in them are there already, of the test before.
  expect(await page.getByRole('tab', { name: /^node1\b/ }).count()).toBeGreaterThan(1)
  await learner.doStep(publish)
  await learner.expectPassed(publish)
  await page.getByRole('button', { name: 'Menu' }).click()
  await page.getByRole('menuitem', { name: 'Reset node1' }).click()
  await confirm(page, 'Reset node1')
  const networks = () =>
    site.racks.exec(rack.info.id, 'node1', ['docker', 'network', 'ls', '--format', '{{.Name}}']).then(
      ({ stdout }) => stdout.trim().split('\n').sort(),
      () => [],
    )
  // The notice of it may be over before a busy page has drawn it.
  await expect.poll(networks, { timeout: 60_000 }).toEqual(['bridge', 'host', 'none'])
  await page.locator('.notice').getByText('Resetting node1').waitFor({ state: 'hidden', timeout: 60_000 })
  await learner.expectPassed(publish)
  expect(await accessibilityProblems(page)).toEqual([])
  const tabs = await page.getByRole('tab').allInnerTexts()
  expect(tabs.toSorted()).toEqual(['laptop', 'node1'])
  await learner.toHost('node1')
  await learner.settledAtPrompt()
  await learner.type('echo new-$((40 + 2))')
  await learner.screen.getByText('new-42', { exact: true }).waitFor()
  await leaveFine(learner)
})

it('closes the hosts, and opens them again with what was done', async () => {
  const learner = await visit(ports)
  const { page } = learner
  await page.getByRole('button', { name: 'Menu' }).click()
  await page.getByRole('menuitem', { name: 'Close the hosts' }).click()
  await confirm(page, 'Close the hosts')
  await page.getByText('They were closed. Your progress is kept.').waitFor()
  await expect
    .poll(async () => (await site.racks.list()).filter(({ label }) => label.startsWith(ports.id)), patient)
    .toEqual([])
  expect(await accessibilityProblems(page)).toEqual([])
  await page.getByRole('button', { name: 'Open again and bring me to step 2' }).click()
  await learner.opened()
  await learner.expectPassed(stepOf(ports, 'publish'))
  const rack = await learner.rack()
  const { stdout } = await site.racks.exec(rack.info.id, 'node1', ['docker', 'ps', '--format', '{{.Names}}'])
  expect(stdout.trim()).toBe('web')
  await leaveFine(learner)
})

it('draws the diagrams, in light and in dark', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const learner = await visit(ports, { colorScheme })
    const { page } = learner
    const figures = page.locator('figure.mermaid')
    const count = await figures.count()
    expect(count).toBe(ports.pages.en.diagrams.length)
    for (let at = 0; at < count; at++) {
      const figure = figures.nth(at)
      await figure.scrollIntoViewIfNeeded()
      const drawing = figure.locator('.drawing svg')
      await drawing.waitFor()
      expect((await drawing.boundingBox())!.width).toBeGreaterThan(100)
    }
    expect(await page.locator('figure.mermaid.failed').count()).toBe(0)
    await leaveFine(learner)
  }
})
