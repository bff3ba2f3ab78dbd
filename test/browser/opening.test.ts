import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { testState } from '../hosts/state.js'
import { LabPage } from './lab-page.js'
import { accessibilityProblems, Site } from './site.js'

/** For what comes by itself, on a busy machine too. */
const patient = { timeout: 10_000 }

let site: Site
let overlay: Lab
let bridge: Lab
beforeAll(async () => {
  // No host waits, so that an opening takes its time; and there is room for one.
  site = await Site.open(['--pool-docker', '0', '--pool-plain', '0', '--max-racks', '1'])
  overlay = await loadLab(fromPackage(join('labs', 'overlay')))
  bridge = await loadLab(fromPackage(join('labs', 'user-bridge')))
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})
beforeEach(() => {
  site.complaints.length = 0
  site.expectOutage = false
})

const pidOf = (record: string) => (JSON.parse(readFileSync(record, 'utf8')) as { pid: number }).pid

it('shows how far the opening is, and then a prompt', async () => {
  const page = await site.visit('/labs/overlay')
  await page.getByRole('heading', { name: 'Opening the lab' }).waitFor()
  const stages = page.locator('.stages > li')
  await expect
    .poll(async () => (await stages.allInnerTexts()).map((text) => text.split(':')[0]!.trim()), patient)
    .toEqual(['Hosts', 'Network between them', 'Docker Engines'])
  await page.getByText('You can start reading in the meantime.').waitFor()
  await page.locator('.stages > li.running').waitFor()
  await new LabPage(page, overlay, site.racks).opened()
  expect(await stages.count()).toBe(0)
  expect(await accessibilityProblems(page)).toEqual([])
  expect(site.complaints).toEqual([])
  await page.context().close()
})

it('waits for what takes its time after the commands, and turns green by itself', async () => {
  const page = await site.visit('/labs/overlay')
  const learner = new LabPage(page, overlay, site.racks)
  await learner.opened()
  const step = overlay.steps[0]!
  expect(step.checks.some(({ within }) => within > 0)).toBe(true)
  for (const block of overlay.pages.en.sections.find(({ id }) => id === step.id)!.blocks) await learner.typeBlock(block)
  for (const block of step.solution) await learner.typeBlock(block)
  await learner.expectPassed(step)
  expect(site.complaints).toEqual([])
  await page.context().close()
})

it('says that there is no room, who has it and for how long, and leads there', async () => {
  const page = await site.visit('/labs/user-bridge')
  await page.getByRole('heading', { name: 'The lab could not be opened' }).waitFor()
  const overlayTitle = overlay.title.en
  await page.getByText(`This machine has no room for another lab: 1 is open now. Yours: "${overlayTitle}".`).waitFor()
  await page.getByText(/A place should be free in \d+ minutes\./).waitFor()
  expect(await accessibilityProblems(page)).toEqual([])
  await page.locator('.machines').getByRole('link', { name: overlayTitle }).click()
  await page.getByRole('heading', { level: 1, name: overlayTitle }).waitFor()
  await new LabPage(page, overlay, site.racks).opened()
  await page.getByRole('button', { name: 'Menu' }).click()
  await page.getByRole('menuitem', { name: 'Close the hosts' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Close the hosts' }).click()
  await page.getByText('They were closed.').waitFor()
  await page.goBack()
  await page.getByRole('heading', { level: 1, name: bridge.title.en }).waitFor()
  await new LabPage(page, bridge, site.racks).opened()
  expect(site.complaints).toEqual([])
  await leave(page)
})

it('says why an opening failed and what helps, and tries again', async () => {
  // The rack service is ended as by a crash, and nobody starts it again for a while.
  const serve = pidOf(join(testState.run, 'serve.json'))
  process.kill(serve, 'SIGSTOP')
  try {
    process.kill(pidOf(testState.rackdRecord), 'SIGKILL')
    const page = await site.visit('/labs/default-bridge')
    await page.getByRole('heading', { name: 'The lab could not be opened' }).waitFor()
    await page.getByText("The part of the server that runs the labs' hosts does not answer.").waitFor()
    await page.getByText('Try again in a moment.').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    process.kill(serve, 'SIGCONT')
    const prompt = page.locator('.xterm-rows', { hasText: '#' })
    await expect
      .poll(
        async () => {
          const again = page.getByRole('button', { name: 'Try again' })
          if ((await again.count()) > 0) await again.click()
          return await prompt.count()
        },
        { timeout: 60_000, interval: 1000 },
      )
      .toBe(1)
    expect(site.complaints).toEqual([])
    await leave(page)
  } finally {
    process.kill(serve, 'SIGCONT')
  }
})

it('says in both languages that there is no such lab or page', async () => {
  // The browser itself says that what it asked for is not there.
  site.expectOutage = true
  const page = await site.visit('/labs/no-such-lab')
  await page.getByRole('heading', { level: 1, name: 'There is no such lab.' }).waitFor()
  expect(await accessibilityProblems(page)).toEqual([])
  await page.getByRole('link', { name: 'All labs' }).click()
  await page.getByRole('button', { name: '中文' }).click()
  await page.getByRole('link', { name: overlay.title.zh }).first().waitFor()
  await page.goto(new URL('/labs/no-such-lab', site.server.address).href)
  await page.getByRole('heading', { level: 1, name: '没有这个实验。' }).waitFor()
  await page.goto(new URL('/no/such/page', site.server.address).href)
  await page.getByText('没有这个页面').first().waitFor()
  expect(await accessibilityProblems(page)).toEqual([])
  await page.getByRole('link', { name: '全部实验' }).click()
  await page.getByRole('link', { name: overlay.title.zh }).first().waitFor()
  await page.context().close()
})

it('lets nobody in without the token, and says how', async () => {
  site.expectOutage = true
  const page = await site.visit('/labs/user-bridge', { stranger: true })
  await page.getByText('This page opens with the full address that was printed when the server started.').waitFor()
  await page.getByText('请使用服务器启动时显示的完整地址打开本页。').waitFor()
  expect(await accessibilityProblems(page)).toEqual([])
  const answer = await page.request.get(site.server.address.origin)
  expect(answer.status()).toBe(401)
  await page.context().close()
})

async function leave(page: Awaited<ReturnType<Site['visit']>>): Promise<void> {
  await page.getByRole('button', { name: 'Menu' }).click()
  await page.getByRole('menuitem', { name: 'Close the hosts' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Close the hosts' }).click()
  await page.getByText('They were closed.').waitFor()
  await page.context().close()
}
