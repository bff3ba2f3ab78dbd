import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ResultSchema } from '../../server/report/result.js'
import { accessibilityProblems, expectNoSidewaysScroll, Site } from './site.js'

/** A lab that is assessed, from the teacher's setting to what they take home. */

const slow = { timeout: 90_000 }

let site: Site
let teacher: Page
let ada: Page
beforeAll(async () => {
  site = await Site.open()
  teacher = await site.visit('/teach')
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})

const handIn = () => ada.locator('.hand-in')
const shot = async (page: Page, name: string) => {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` })
}

async function type(text: string): Promise<void> {
  await ada.locator('.terminal-pane:not([hidden]) .xterm').click()
  await ada.keyboard.type(`${text}\n`)
}

async function submit(text: RegExp): Promise<void> {
  await handIn().getByRole('button', { name: 'Submit' }).click()
  const dialog = ada.getByRole('dialog', { name: 'Hand in your work now?' })
  await dialog.getByText(text).waitFor()
  await dialog.getByRole('button', { name: 'Submit' }).click()
}

it('a teacher has a lab of the class assessed', async () => {
  await teacher.getByRole('button', { name: 'New class' }).click()
  await teacher.getByLabel('Title').fill('Exam')
  await teacher.getByRole('button', { name: 'Make the class' }).click()
  await teacher.locator('.join .code').waitFor()
  await teacher.locator('.choose-lab select').first().selectOption('default-bridge')
  await teacher.getByText('Assessed work · The default bridge').click()
  await teacher.getByLabel('This lab is assessed').check()
  await teacher.getByLabel('Attempts (empty: as many as they like)').fill('2')
  await teacher.getByLabel('What learners are told of it').selectOption('steps')
  await teacher.getByRole('button', { name: 'Save' }).first().click()
  await teacher.getByText('Saved.').first().waitFor()
  expect(await accessibilityProblems(teacher)).toEqual([])
  await shot(teacher, 'assess')
})

it('a learner is told that it counts, and hands in nothing without saying so twice', async () => {
  const code = await teacher.locator('.join .code').innerText()
  ada = await site.visit('/join', { stranger: true })
  await ada.locator('#code').fill(code)
  await ada.locator('#name').fill('Ada')
  await ada.locator('form').first().locator('button').click()
  await ada.getByRole('heading', { name: 'You are in' }).waitFor()
  await ada.getByRole('link', { name: 'To the labs' }).click()
  const entry = (title: string) =>
    ada.locator('.entry', { has: ada.getByRole('heading', { name: title, exact: true }) })
  await entry('The default bridge').getByText('Assessed').waitFor()
  expect(await entry('A bridge of your own').getByText('Assessed').count()).toBe(0)
  await ada.goto(new URL('/labs/default-bridge', site.server.address).href)
  await ada.locator('.xterm-rows', { hasText: /[#$]/ }).first().waitFor(slow)
  await ada.getByText('This lab is assessed: what you hand in counts.').first().waitFor()
  await ada.getByRole('button', { name: 'Hand in', exact: true }).click()
  await handIn().getByText('2 of 2 attempts left.').waitFor()
  await handIn().getByRole('button', { name: 'Submit' }).click()
  const dialog = ada.getByRole('dialog', { name: 'Hand in your work now?' })
  await dialog.getByText(/steps are still open/).waitFor()
  expect(await accessibilityProblems(ada)).toEqual([])
  await shot(ada, 'submit-sure')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  expect(await handIn().locator('.handed-in').count()).toBe(0)
})

it('what is handed in is judged as it is, and its learner reads what was accepted when, and what it gave', async () => {
  await type('docker run -d --name web nginx')
  await ada.locator('.section .passed, .step-path .passed').first().waitFor(slow)
  await submit(/steps are still open/)
  await ada.getByText('Your work is being judged as it is…').waitFor()
  await handIn().getByText('It is being judged.').waitFor()
  const first = handIn().locator('.handed-in > li').first()
  await first.getByText(/^1 of \d+ points$/).waitFor(slow)
  await first.getByText(/Attempt 1, accepted .+ by the server’s clock/).waitFor()
  await first.getByText(/The first container: passed, 1 of 1 points/).waitFor()
  await handIn().getByText('1 of 2 attempts left.').waitFor()
  expect(await accessibilityProblems(ada)).toEqual([])
  await handIn().scrollIntoViewIfNeeded()
  await shot(ada, 'submitted')
})

it('the last attempt is announced as such, and there is none behind it', async () => {
  await submit(/This is your last attempt\./)
  await handIn().locator('.handed-in > li').nth(1).waitFor(slow)
  await handIn().getByText('All 2 attempts are used up.').waitFor(slow)
  expect(await handIn().getByRole('button', { name: 'Submit' }).isDisabled()).toBe(true)
  await ada.reload()
  await handIn().getByText('All 2 attempts are used up.').waitFor(slow)
  await ada.setViewportSize({ width: 360, height: 740 })
  await ada.getByRole('button', { name: 'Read' }).click()
  await handIn().scrollIntoViewIfNeeded()
  await expectNoSidewaysScroll(ada)
  expect(await accessibilityProblems(ada)).toEqual([])
  await shot(ada, 'submitted-narrow')
  await ada.setViewportSize({ width: 1440, height: 900 })
})

it('says all of it in Chinese, too', async () => {
  const chinese = await ada.context().newPage()
  site.watch(chinese)
  await chinese.addInitScript(() => localStorage.setItem('vethlab.language', '"zh"'))
  await chinese.goto(new URL('/labs/default-bridge', site.server.address).href)
  const own = chinese.locator('.hand-in')
  await own.getByText('2 次提交机会已用完。').waitFor(slow)
  await own.getByText(/第 2 次，服务器接收时间/).waitFor()
  await own
    .getByText(/1 分，满分 \d+ 分/)
    .first()
    .waitFor()
  await own.scrollIntoViewIfNeeded()
  await shot(chinese, 'submitted-zh')
  await chinese.close()
})

it('the teacher sees it in the matrix and in the detail, and takes all of it home', async () => {
  const row = teacher.locator('.matrix tbody tr', { has: teacher.getByText('Ada', { exact: true }) })
  await row.getByText(/^1 of \d+ points$/).waitFor()
  await row.getByText(/^2 attempts · at /).waitFor()
  expect(await accessibilityProblems(teacher)).toEqual([])
  await shot(teacher, 'matrix-handed-in')
  await row.getByRole('button', { name: 'Actions for Ada' }).click()
  await teacher.getByRole('menuitem', { name: 'What was done' }).click()
  const dialog = teacher.getByRole('dialog')
  await dialog.getByText('Attempt 2').waitFor(slow)
  await dialog.getByText(/^evidence\/[0-9a-f]{32}\/default-bridge-2$/).waitFor()
  expect(await accessibilityProblems(teacher)).toEqual([])
  await shot(teacher, 'detail-handed-in')
  await teacher.keyboard.press('Escape')
  const [download] = await Promise.all([
    teacher.waitForEvent('download'),
    teacher.getByRole('button', { name: 'All that was handed in' }).click(),
  ])
  expect(download.suggestedFilename()).toBe('default-bridge-results.jsonl')
  const results = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\n')
    .map((line) => ResultSchema.parse(JSON.parse(line)))
  expect(results.map(({ points, attempt }) => [points, attempt.of])).toEqual([
    [1, 'session'],
    [1, 'session'],
  ])
  expect(site.complaints).toEqual([])
})

it('what is handed in late counts for less, and the learner reads what that costs', async () => {
  const hoursAgo = (hours: number) => {
    const at = new Date(Date.now() - hours * 3_600_000)
    return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
  }
  // The other window of this browser has said so for all of them.
  await ada.getByRole('button', { name: 'English' }).click()
  await teacher.getByLabel('Hours after it is due in which it may be handed in late (empty: none)').fill('48')
  await teacher.getByLabel('Percent that lateness takes off').fill('25')
  await teacher.getByLabel('for each', { exact: true }).selectOption('day')
  await teacher.getByLabel('Attempts (empty: as many as they like)').fill('3')
  expect(await accessibilityProblems(teacher)).toEqual([])
  await teacher.getByRole('button', { name: 'Save', exact: true }).first().click()
  await handIn().getByText('1 of 3 attempts left.').waitFor(slow)
  const dates = teacher.locator('details', { has: teacher.locator('form.dates') }).first()
  await dates.locator('summary').first().click()
  const form = dates.getByRole('form', { name: 'The default bridge' })
  await form.getByLabel('Due').fill(hoursAgo(1))
  await form.getByRole('button', { name: /^Save the dates/ }).click()
  await shot(teacher, 'late')

  // Both attempts came after that, and the lab is open still.
  await handIn()
    .getByText(/After that it is taken until .+, and each day that has begun takes 25 % off\./)
    .waitFor(slow)
  await handIn()
    .getByText(/1 of \d+ points; late: 25 % off, 0\.75 count/)
    .first()
    .waitFor(slow)
  expect(await handIn().getByRole('button', { name: 'Submit' }).isDisabled()).toBe(false)
  expect(await accessibilityProblems(ada)).toEqual([])
  await handIn().scrollIntoViewIfNeeded()
  await shot(ada, 'submitted-late')
  const row = teacher.locator('.matrix tbody tr', { has: teacher.getByText('Ada', { exact: true }) })
  await row.getByText(/^0\.75 of \d+ points$/).waitFor(slow)
  expect(site.complaints).toEqual([])
})
