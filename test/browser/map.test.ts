import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { LabPage } from './lab-page.js'
import { settleMs } from './map-view.js'
import { accessibilityProblems, expectNoSidewaysScroll, Site } from './site.js'

/** The map as learners meet it: beside their terminals, while they type. */

let site: Site
let lab: Lab
let learner: LabPage
let page: Page
beforeAll(async () => {
  site = await Site.open()
  lab = await loadLab(fromPackage(join('labs', 'user-bridge')))
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})
beforeEach(async () => {
  site.complaints.length = 0
  learner = await visit()
  page = learner.page
})
afterEach(async () => {
  await page?.context().close()
})

async function visit(options = {}): Promise<LabPage> {
  const labPage = new LabPage(await site.visit('/labs/user-bridge', options), lab, site.racks)
  await labPage.opened()
  await labPage.page.locator('.element').first().waitFor()
  return labPage
}

const container = (name: string) => page.locator(`.element[data-id="node1/container:${name}"]`)

it('says what just changed, leads from there to the map, and leaves what stood where it stood', async () => {
  await learner.type('docker run -d --name first nginx')
  await container('first').waitFor()
  const before = await page.locator('.element[data-id="node1/container:first"] .outline').getAttribute('y')
  await learner.type('docker run -d --name second nginx')
  await container('second').waitFor()
  const strip = page.getByRole('region', { name: 'What just changed' })
  await strip.getByText('docker run -d --name second nginx').waitFor()
  const sentence = strip.getByRole('button', { name: /^Container second \(nginx\) started/ })
  await sentence.waitFor({ timeout: settleMs })
  await page.locator('[role=status]', { hasText: /^What just changed: .*second/ }).waitFor({ state: 'attached' })
  expect(await page.locator('.element[data-id="node1/container:first"] .outline').getAttribute('y')).toBe(before)
  await sentence.click()
  await page.getByRole('region', { name: /^Facts: second/ }).waitFor()
  expect(await container('second').getAttribute('aria-pressed')).toBe('true')
  await strip.getByRole('button', { name: 'Dismiss' }).click()
  expect(await strip.getByText('second').count()).toBe(0)
  await learner.type('docker rm -f first second')
  await container('first').waitFor({ state: 'detached' })
  expect(site.complaints).toEqual([])
})

it('steps back through the timeline, by keys, while things go on', async () => {
  await learner.type('docker run -d --name early nginx')
  await container('early').waitFor()
  await page.getByRole('button', { name: 'Timeline', exact: true }).click()
  const timeline = page.getByRole('region', { name: 'Timeline' })
  await timeline.getByRole('button', { name: /^Container early/ }).waitFor({ timeout: settleMs })
  await timeline.locator('[aria-current=step]').focus()
  await page.keyboard.press('ArrowUp')
  const banner = page.locator('.past-banner')
  await banner.getByText(/^As it was at \d/).waitFor()
  await container('early').waitFor({ state: 'detached' })
  expect(await accessibilityProblems(page)).toEqual([])
  // What happens now comes into the list, not into the picture.
  await learner.type('docker rm -f early')
  await timeline.getByText('docker rm -f early').waitFor({ timeout: settleMs })
  // A container that starts may be seen before it runs, and before its terminal tells of the command, as a moment of its own.
  const next = page.getByRole('button', { name: 'Next moment' })
  const ofCommand = banner.getByText('docker run -d --name early nginx')
  for (let moment = 0; moment < 3; moment++) {
    await next.click()
    const isThere = await Promise.all([
      ofCommand.waitFor({ timeout: 5000 }),
      container('early').waitFor({ timeout: 5000 }),
    ])
      .then(() => true)
      .catch(() => false)
    if (isThere) break
  }
  await ofCommand.waitFor()
  await container('early').waitFor()
  await page.getByRole('button', { name: 'Back to now' }).click()
  await banner.waitFor({ state: 'detached' })
  await container('early').waitFor({ state: 'detached' })
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('BUTTON')
  expect(site.complaints).toEqual([])
})

it('can be used by keys alone', async () => {
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-id'))
  const ids = await (await learner.map()).idsIn('.element[data-id]')
  await page.keyboard.press('Alt+Shift+M')
  await expect.poll(focused).toBe(ids[0])
  await page.keyboard.press('ArrowDown')
  expect(await focused()).toBe(ids[1])
  await page.keyboard.press('End')
  expect(await focused()).toBe(ids.at(-1))
  await page.keyboard.press('Enter')
  const facts = page.getByRole('region', { name: /^Facts:/ })
  await facts.waitFor()
  const tied = facts.locator('.tied button').first()
  await page.keyboard.press('Home')
  await page.keyboard.press('Enter')
  await tied.focus()
  await page.keyboard.press('Enter')
  const other = await page.locator('.element[aria-pressed=true]').getAttribute('data-id')
  expect(other).not.toBe(ids[0])
  // Commands are copied by their buttons.
  const command = facts.locator('.see li').first()
  const text = await command.locator('code').innerText()
  await command.getByRole('button').focus()
  await page.keyboard.press('Enter')
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(text)
  await page.keyboard.press('Escape')
  await facts.waitFor({ state: 'detached' })
  expect(await focused()).toBe(other)
  // Sizes of the drawing.
  const scale = () => page.locator('svg.network-map > g').getAttribute('transform')
  // Facts that opened may have moved it. The map learns of the room that they leave a frame after they are gone.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  await page.keyboard.press('0')
  const before = await scale()
  await page.keyboard.press('+')
  await expect.poll(scale).not.toBe(before)
  await page.keyboard.press('0')
  await expect.poll(scale).toBe(before)
  const splitter = page.getByRole('separator', { name: 'Height of the map' })
  await splitter.focus()
  const height = Number(await splitter.getAttribute('aria-valuenow'))
  await page.keyboard.press('ArrowDown')
  await expect.poll(async () => Number(await splitter.getAttribute('aria-valuenow'))).toBe(height + 2)
  await page.keyboard.press('Enter')
  expect(await accessibilityProblems(page)).toEqual([])
  expect(site.complaints).toEqual([])
})

it('is kept as SVG and as Mermaid, as it is now', async () => {
  const keep = async (kind: string) => {
    await page.getByRole('button', { name: 'Download' }).click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: kind }).click(),
    ])
    return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') }
  }
  const svg = await keep('SVG')
  expect(svg.name).toMatch(/^user-bridge-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.svg$/)
  // Alone on a page it looks the same: it needs no style sheet, and says nothing that is no drawing.
  expect(svg.text).toMatch(/^<svg [^>]*viewBox=/)
  expect(svg.text).toContain('docker0')
  expect(svg.text).not.toMatch(/class=|var\(|<script|style=/)
  expect(svg.text).toMatch(/fill="(rgb|color)\(/)
  const mermaid = await keep('Mermaid')
  expect(mermaid.name).toMatch(/^user-bridge-.*\.mmd$/)
  expect(mermaid.text).toMatch(/^flowchart LR\n[\s\S]*subgraph n\d+ \["node1/)
  expect(site.complaints).toEqual([])
})

it('makes room for the terminals, and remembers that', async () => {
  const toggle = page.getByRole('button', { name: 'Map', exact: true })
  await toggle.click()
  await page.locator('.network').waitFor({ state: 'detached' })
  await page.reload()
  await learner.opened()
  expect(await page.locator('.network').count()).toBe(0)
  await toggle.click()
  await page.locator('.element').first().waitFor()
  expect(site.complaints).toEqual([])
})

it('fits a narrow window, in Chinese', async () => {
  const narrow = await site.visit('/labs/user-bridge', { viewport: { width: 360, height: 640 }, locale: 'zh-CN' })
  await narrow.getByRole('button', { name: '网络图', exact: true }).click()
  await narrow.locator('.element.bridge').first().waitFor({ timeout: settleMs })
  await expectNoSidewaysScroll(narrow)
  expect(await accessibilityProblems(narrow)).toEqual([])
  await narrow.locator('.element.bridge').first().click()
  const facts = narrow.getByRole('region', { name: /^详细信息/ })
  await facts.waitFor()
  expect(await facts.innerText()).toContain('网桥')
  await expectNoSidewaysScroll(narrow)
  expect(await accessibilityProblems(narrow)).toEqual([])
  await facts.getByRole('button', { name: '关闭' }).click()
  await narrow
    .locator('.network-bar button', { has: narrow.locator('.icon') })
    .nth(1)
    .click()
  await narrow
    .getByRole('dialog', { name: '用文字描述网络' })
    .getByText(/局域网 lan/)
    .first()
    .waitFor()
  await narrow.keyboard.press('Escape')
  await narrow.context().close()
  expect(site.complaints).toEqual([])
})

it('stands on a page of its own, which follows and opens nothing', async () => {
  const own = await site.visit('/labs/user-bridge/map')
  await own.locator('.element').first().waitFor()
  expect(await own.title()).toMatch(/^Network map: A bridge of your own/)
  await learner.type('docker network create elsewhere')
  await own.locator('.element.bridge', { hasText: 'elsewhere' }).waitFor({ timeout: settleMs })
  expect(await accessibilityProblems(own)).toEqual([])
  await learner.type('docker network rm elsewhere')
  await own.locator('.element.bridge', { hasText: 'elsewhere' }).waitFor({ state: 'detached' })
  const racks = (await site.racks.list()).length
  await own.goto(new URL('/labs/no-network/map', site.server.address).href)
  await own.getByText('The lab is not open.').waitFor()
  expect((await site.racks.list()).length).toBe(racks)
  await own.context().close()
  const chinese = await site.visit('/labs/user-bridge/map', { locale: 'zh-CN' })
  await chinese.locator('.element').first().waitFor()
  expect(await chinese.title()).toBe(`网络图：${lab.title.zh} · vethlab`)
  await chinese.context().close()
  expect(site.complaints).toEqual([])
})

it('refits when panels open and close, keeps letters readable, and is put away also while a diagnosis is open', async () => {
  await page.setViewportSize({ width: 1280, height: 720 })
  await learner.type('docker run -d --name panels-have-names-that-are-long nginx')
  const long = container('panels-have-names-that-are-long')
  await long.waitFor()
  // What is cut in the picture is whole for those who hear it.
  await page.getByRole('button', { name: /^panels-have-names-that-are-long *container *172\./ }).waitFor()
  const transform = () => page.locator('svg.network-map > g').getAttribute('transform')
  const scale = async () => Number(/scale\(([\d.]+)\)/.exec((await transform())!)![1])
  const smallest = async () =>
    (await scale()) *
    Math.min(
      ...(await page
        .locator('svg.network-map text')
        .evaluateAll((texts) => texts.map((text) => Number.parseFloat(getComputedStyle(text).fontSize)))),
    )
  await expect.poll(smallest).toBeGreaterThanOrEqual(11)
  const before = await transform()
  const side = page.locator('.network-side')
  const inMap = async (id: string) => {
    const [box, window] = await Promise.all([
      page.locator(`.element[data-id="${id}"] .outline`).boundingBox(),
      page.locator('.map-window').boundingBox(),
    ])
    return box!.x >= window!.x - 1 && box!.x + box!.width <= window!.x + window!.width + 1
  }
  // Facts.
  await long.locator('.label').click()
  await side.getByRole('button', { name: 'Close' }).waitFor()
  await expect.poll(() => inMap('node1/container:panels-have-names-that-are-long')).toBe(true)
  await expect.poll(smallest).toBeGreaterThanOrEqual(11)
  await page.locator('.map-overview').waitFor()
  await side.getByRole('button', { name: 'Close' }).click()
  await expect.poll(transform).toBe(before)
  // Timeline, and a trace above it.
  const timelineButton = page.getByRole('button', { name: 'Timeline', exact: true })
  await timelineButton.click()
  await page.getByRole('button', { name: 'Trace', exact: true }).click()
  await side.locator('select').first().selectOption('node1')
  await side.locator('input').first().fill('panels-have-names-that-are-long')
  await side.locator('input').first().press('Enter')
  await side.getByRole('button', { name: 'Again' }).waitFor({ timeout: settleMs })
  const pane = page.getByRole('region', { name: 'Timeline' })
  expect((await pane.boundingBox())!.height).toBeGreaterThanOrEqual(120)
  await side.getByRole('button', { name: '10 more times' }).focus()
  const heading = side.getByRole('heading', { name: 'Trace a packet' })
  for (let tabs = 0; tabs < 30; tabs++) {
    await page.keyboard.press('Tab')
    if (await pane.evaluate((one) => one.contains(document.activeElement))) break
  }
  expect(await pane.evaluate((one) => one.contains(document.activeElement))).toBe(true)
  const network = (await page.locator('.network').boundingBox())!
  expect((await side.boundingBox())!.y).toBeGreaterThanOrEqual(network.y)
  expect(
    await page.locator('.network-body').evaluate((body) => [body.scrollTop, body.parentElement!.scrollTop]),
  ).toEqual([0, 0])
  await heading.waitFor()
  expect(await accessibilityProblems(page)).toEqual([])
  await side.locator('.inquiry').getByRole('button', { name: 'Close' }).click()
  await timelineButton.click()
  await expect.poll(transform).toBe(before)
  // A diagnosis, and the map put away with it.
  await long.locator('.label').click()
  await side.getByRole('button', { name: 'Diagnose' }).click()
  await side.getByRole('heading', { name: /panels-have-names/ }).waitFor()
  await page.getByRole('button', { name: 'Hide the map' }).click()
  await page.locator('.network').waitFor({ state: 'detached' })
  expect(await page.evaluate(() => document.activeElement?.className)).toContain('map-switch')
  await page.getByRole('button', { name: 'Map', exact: true }).click()
  await page.locator('.element').first().waitFor()
  expect(await page.locator('.inquiry').count()).toBe(0)
  // Nothing of it is left outside the window when the hosts are made anew.
  await page.getByRole('button', { name: 'Menu' }).click()
  await page.getByRole('menuitem', { name: 'Reset all hosts' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Reset' }).click()
  await long.waitFor({ state: 'detached', timeout: settleMs })
  await page.locator('.element').first().waitFor({ timeout: settleMs })
  const ids = await (await learner.map()).idsIn('.element[data-id]:not(.gone *)')
  await expect.poll(async () => (await Promise.all(ids.map(inMap))).every(Boolean), { timeout: settleMs }).toBe(true)
  expect(site.complaints).toEqual([])
})

it('lights the published port that a packet went through', async () => {
  await learner.type('docker run -d --name lit -p 8080:80 nginx')
  await container('lit').waitFor()
  await page.getByRole('button', { name: 'Trace', exact: true }).click()
  const side = page.locator('.network-side')
  await side.locator('select').first().selectOption('node1')
  await side.locator('input').first().fill('192.168.1.11')
  await side.locator('select').nth(1).selectOption('tcp')
  await side.locator('input').nth(1).fill('8080')
  await side.locator('input').nth(1).press('Enter')
  await side.getByRole('button', { name: 'Again' }).waitFor({ timeout: settleMs })
  await page.locator('.element.port.way').waitFor()
  await page.locator('.tie-group.publishes.way').waitFor({ state: 'attached' })
  await page.locator('.element.container.way[data-id="node1/container:lit"]').waitFor()
  await side.locator('.inquiry').getByRole('button', { name: 'Close' }).click()
  await learner.type('docker rm -f lit')
  await container('lit').waitFor({ state: 'detached' })
  expect(site.complaints).toEqual([])
})

it('does nothing while nothing changes', async () => {
  await learner.type('true')
  // What came before has faded, and programs that begin to listen have begun.
  await page.waitForTimeout(5000)
  const work = await page.evaluate(
    () =>
      new Promise<{ changes: number; redraws: number }>((resolve) => {
        let changes = 0
        const observer = new MutationObserver((records) => {
          changes += records.length
        })
        observer.observe(document.querySelector('.network')!, {
          subtree: true,
          childList: true,
          attributes: true,
          characterData: true,
        })
        const count = () => performance.getEntriesByName('vethlab-map').length
        const before = count()
        setTimeout(() => {
          observer.disconnect()
          resolve({ changes, redraws: count() - before })
        }, 6000)
      }),
  )
  expect(work).toEqual({ changes: 0, redraws: 0 })
})
