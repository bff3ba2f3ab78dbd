import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { LabPage } from '../../server/protocol/protocol.js'
import { change, desk } from '../lab/desk.js'
import { accessibilityProblems, expectNoSidewaysScroll, Site } from './site.js'

let site: Site
let folder: string
let page: Page
beforeAll(async () => {
  folder = join(mkdtempSync(join(tmpdir(), 'vethlab-author-')), 'desk')
  cpSync(desk, folder, { recursive: true })
  // It begins with a lab that can't be used.
  change(folder, 'lab.yaml', ['steps:', 'stops:'])
  site = await Site.preview(folder)
})
afterAll(async () => {
  for (const rack of await site.racks.list()) await site.racks.close(rack.id)
  await site?.[Symbol.asyncDispose]()
  rmSync(dirname(folder), { recursive: true, force: true })
})

const section = (id: string) => page.locator('section.section', { has: page.locator(`#section-${id}`) })
const bar = () => page.getByRole('region', { name: 'Preview' })
const author = (id: string) => section(id).locator('.author-step')

it('shows what is wrong with a lab that can not be used, and the lab once it is mended', async () => {
  // The page of a lab that is not there yet is an answer of its own.
  site.expectOutage = true
  page = await site.visit('/labs/desk')
  await bar().getByText('unknown key "stops"').waitFor()
  await bar()
    .getByText(/^lab\.yaml:\d+$/)
    .first()
    .waitFor()
  await bar().getByText('It comes by itself once that is mended.').waitFor()
  await page.getByText("There is a mistake in the lab's files.").first().waitFor()
  change(folder, 'lab.yaml', ['stops:', 'steps:'])
  await page.getByRole('heading', { name: 'Read' }).waitFor()
  await bar().getByText('Lint finds nothing.').waitFor()
  await page.locator('.xterm-rows', { hasText: /[#$]/ }).first().waitFor({ timeout: 90_000 })
  site.expectOutage = false
})

it('lists the files of the hosts, and has them there', async () => {
  await page.getByText('3 files on your hosts').waitFor()
  await page.getByText('/root/desk/secret', { exact: true }).waitFor()
  await section('read').getByRole('button', { name: /^Run:/ }).click()
  await page
    .locator('.xterm-rows', { hasText: /-rw-r----- 1 nobody nogroup +18/ })
    .first()
    .waitFor({ timeout: 30_000 })
})

it('asks questions to choose from, by keys alone, and says what is wrong with what was chosen', async () => {
  const one = section('read').getByRole('group', { name: /Who may read the file secret/ })
  expect(await one.getByRole('radio').count()).toBe(3)
  await one.getByRole('radio', { name: 'Everybody' }).focus()
  await page.keyboard.press('Space')
  expect(await one.getByRole('radio', { name: 'Everybody' }).isChecked()).toBe(true)
  await page.keyboard.press('Enter')
  await section('read').getByText('has no r in the last place').first().waitFor()
  // Nothing that the page was given says which is right.
  const given = await page.evaluate(async () => (await fetch('/api/labs/desk?language=en')).text())
  expect(given).toContain('Its owner and its group')
  expect(given).not.toMatch(/"right"|its mode is/)
  await one.getByRole('radio', { name: 'Its owner and its group' }).focus()
  await page.keyboard.press('Space')
  await page.keyboard.press('Enter')
  const several = section('read').getByRole('group', { name: /Which drivers/ })
  await several.getByRole('checkbox', { name: 'bridge' }).focus()
  await page.keyboard.press('Space')
  // What was chosen and not handed in outlives a reload.
  await page.reload()
  await expect.poll(() => several.getByRole('checkbox', { name: 'bridge' }).isChecked()).toBe(true)
  await several.getByRole('checkbox', { name: 'bridge' }).focus()
  await page.keyboard.press('Enter')
  await section('read').getByText('something else is right as well').first().waitFor()
  expect(await accessibilityProblems(page)).toEqual([])
  await several.getByRole('checkbox', { name: 'macvlan' }).focus()
  await page.keyboard.press('Space')
  await page.keyboard.press('Enter')
  // Units are converted, and an answer of the wrong form is told what the form is.
  await section('read').getByLabel('How large is secret?').fill('0.018 kB')
  await page.keyboard.press('Enter')
  await section('read').getByLabel('Whose is secret? Write user and group').fill('nobody')
  await page.keyboard.press('Enter')
  await section('read').getByText('such as root:root').first().waitFor()
  await section('read').getByLabel('Whose is secret? Write user and group').fill('nobody:nogroup')
  await page.keyboard.press('Enter')
  await section('read').getByText('Step passed').waitFor()
  await section('read').getByText('bridge; macvlan').waitFor()
})

it('runs a mistake and a solution, and shows the state and the questions of a check', async () => {
  await author('build').locator('summary').first().click()
  await author('build').getByRole('button', { name: 'Mistake: left-alone' }).click()
  await author('build').getByText('As the lab’s files say.').waitFor({ timeout: 60_000 })
  await author('build').getByText('It should fail with container.network.').waitFor()
  await author('build').getByRole('button', { name: 'Look into check 2 (container)' }).click()
  await author('build').getByText('Nothing was asked of the network').waitFor()
  await author('build').getByText('The state of the network, as JSON').click()
  await author('build').locator('pre.state', { hasText: '"engine"' }).waitFor()
  await author('close').locator('summary').first().click()
  await author('close').getByRole('button', { name: 'Run the page and its solution' }).click()
  await author('close').getByText('As the lab’s files say.').waitFor({ timeout: 60_000 })
  expect(await accessibilityProblems(page)).toEqual([])
})

it('has a prediction filled in by keys alone, measures it only when it is complete, and tells each cell that differs', async () => {
  // The hosts are as the page and its solution have left them, with the web server that it is about.
  const table = section('foresee').getByRole('table', { name: /Who reaches whom\?/ })
  await expect.poll(() => table.getByRole('rowheader').allInnerTexts()).toEqual(['laptop', 'node1'])
  expect((await table.getByRole('columnheader').allInnerTexts()).map((text) => text.replace(/\s+/g, ' '))).toEqual([
    'From',
    'to web TCP 80',
    'to web ping',
    'to node1 ping',
  ])
  const cell = (from: string, to: string) => table.getByRole('group', { name: `${from} to ${to}` })
  expect(await table.getByRole('group').count()).toBe(5)
  const measure = section('foresee').getByRole('button', { name: 'Measure' })
  // One stop of the Tab key a cell; arrows choose within it.
  await cell('laptop', 'web TCP 80').getByRole('radio', { name: 'yes' }).focus()
  for (const down of [0, 1, 0, 0]) {
    await page.keyboard.press('Space')
    for (let n = 0; n < down; n++) await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Tab')
  }
  await section('foresee').getByText('4 of 5 filled in').waitFor()
  expect(await measure.isDisabled()).toBe(true)
  // Nothing that the page was given says what will be measured.
  const given = await page.evaluate(async () => (await fetch('/api/labs/desk?language=en')).json())
  const [question] = (given as LabPage).steps.find(({ id }) => id === 'foresee')!.answers
  expect(question).toEqual({
    id: 'reaches',
    ask: { en: 'Who reaches whom?', zh: '谁能访问谁？' },
    predict: {
      rows: [
        { from: 'laptop', asked: [true, true, true] },
        { from: 'node1', asked: [true, true, false] },
      ],
      columns: expect.any(Array),
    },
  })
  await page.reload()
  await section('foresee').getByText('4 of 5 filled in').waitFor()
  await cell('node1', 'web ping').getByRole('radio', { name: 'yes' }).focus()
  await page.keyboard.press('Space')
  await page.keyboard.press('Enter')
  await section('foresee').getByText('4 of 5 cells are as predicted').waitFor({ timeout: 30_000 })
  const difference = section('foresee').locator('.differences li')
  expect(await difference.count()).toBe(1)
  await difference.getByText('you said yes, measured: no.').waitFor()
  await difference
    .getByText(/shop|172\./)
    .first()
    .waitFor()
  expect(await cell('laptop', 'web TCP 80').evaluate((one) => one.getAttribute('aria-describedby'))).toBeTruthy()
  expect(await accessibilityProblems(page)).toEqual([])
  await expectNoSidewaysScroll(page)
  await page.setViewportSize({ width: 360, height: 760 })
  await table.scrollIntoViewIfNeeded()
  await expectNoSidewaysScroll(page)
  expect(await accessibilityProblems(page)).toEqual([])
  await page.setViewportSize({ width: 1280, height: 800 })
  // Where that packet went is asked from the cell.
  await difference.getByRole('button', { name: 'Where did the packet go? laptop → web' }).click()
  await page.getByRole('region', { name: /Trace/ }).getByText('laptop').first().waitFor({ timeout: 30_000 })
  await page.keyboard.press('Escape')
  await cell('laptop', 'web TCP 80').getByRole('radio', { name: 'no' }).check()
  await measure.click()
  await section('foresee').getByText('Step passed').waitFor({ timeout: 30_000 })
  expect(await table.getByRole('radio').count()).toBe(0)
  await table.getByRole('cell', { name: 'yes' }).first().waitFor()
})

it('follows its files beside hosts that stay, and says when these are of before', async () => {
  const [before] = await site.racks.list()
  writeFileSync(
    join(folder, 'en.md'),
    readFileSync(join(folder, 'en.md'), 'utf8').replace('## Build', 'See [nothing](#nowhere).\n\n## Build, and more'),
  )
  await page.getByRole('heading', { name: 'Build, and more' }).waitFor()
  await bar().getByText('there is no section #nowhere').waitFor()
  expect((await site.racks.list()).map(({ id }) => id)).toEqual([before!.id])
  expect(await bar().getByText('These hosts were made before').count()).toBe(0)
  await section('read').getByText('Step passed').waitFor()
  writeFileSync(join(folder, 'setup.sh'), 'touch /root/from-setup\n')
  await bar().getByText('These hosts were made before').waitFor()
  await bar().getByRole('button', { name: 'Make new hosts' }).click()
  await bar().getByText('These hosts were made before').waitFor({ state: 'detached', timeout: 90_000 })
  await vi.waitFor(
    async () => {
      const ids = (await site.racks.list()).map(({ id }) => id)
      expect(ids).toHaveLength(1)
      expect(ids).not.toContain(before!.id)
    },
    { timeout: 90_000, interval: 200 },
  )
})

it('is in Chinese as well, and fits a phone', async () => {
  await page.evaluate(() => localStorage.setItem('vethlab.language', '"zh"'))
  await page.setViewportSize({ width: 375, height: 800 })
  await page.reload()
  await page.getByRole('region', { name: '预览' }).getByText('1 个问题').waitFor()
  await expectNoSidewaysScroll(page)
  expect(site.complaints).toEqual([])
})
