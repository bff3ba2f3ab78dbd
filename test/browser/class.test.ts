import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { lacking, seriesOf } from '../docs/figures.js'
import { testState } from '../hosts/state.js'
import { freePort } from './free-port.js'
import { accessibilityProblems, expectNoSidewaysScroll, Site } from './site.js'

/** A teacher and three learners, from the founding of a class to its end. */

const slow = { timeout: 60_000 }

let site: Site
let lab: Lab
let teacher: Page
let ada: Page
let ming: Page
let code = ''
let phrase = ''
let metricsPort: number
/** Names and labels of what is served for Prometheus before anybody has come. */
let series: string[]
beforeAll(async () => {
  metricsPort = await freePort()
  // Its teacher and one learner have hosts; a third has to wait.
  site = await Site.open(['--metrics-port', `${metricsPort}`, '--max-racks', '2'])
  series = seriesOf(await figures())
  lab = await loadLab(fromPackage('labs', 'default-bridge'))
  teacher = await site.visit('/')
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})

async function join(name: string, { student = '', locale = 'en-GB', as = code } = {}): Promise<Page> {
  const page = await site.visit('/join', { stranger: true, locale })
  await page.locator('#code').fill(as)
  await page.locator('#name').fill(name)
  await page.locator('#student').fill(student)
  await page.locator('form').first().locator('button').click()
  return page
}

/** As Prometheus fetches them. */
async function figures(): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
}

async function enterLab(page: Page): Promise<void> {
  await page.goto(new URL('/labs/default-bridge', site.server.address).href)
  await page.locator('.xterm-rows', { hasText: /[#$]/ }).first().waitFor({ timeout: 90_000 })
}

async function type(page: Page, text: string): Promise<void> {
  await page.locator('.terminal-pane:not([hidden]) .xterm').click()
  await page.keyboard.type(`${text}\n`)
}

const row = (name: string) => teacher.locator('.matrix tbody tr', { has: teacher.getByText(name, { exact: true }) })
const cell = (name: string, step: number) => row(name).locator('.cell').nth(step)

it('a teacher founds a class of two labs, and gets a code and a page for the projector', async () => {
  await teacher.getByRole('link', { name: 'Classes' }).click()
  await teacher.getByRole('button', { name: 'New class' }).click()
  await teacher.getByLabel('Title').fill('Networks, autumn')
  for (const { title } of await labsBut('default-bridge', 'user-bridge'))
    await teacher.getByRole('checkbox', { name: title, exact: true }).uncheck()
  expect(await accessibilityProblems(teacher)).toEqual([])
  await teacher.getByRole('button', { name: 'Make the class' }).click()
  code = await teacher.locator('.join .code').innerText()
  expect(code).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/)
  await teacher.getByText('Nobody has joined yet.').waitFor()
  expect(await accessibilityProblems(teacher)).toEqual([])
  await teacher.getByRole('button', { name: 'Show large' }).click()
  await teacher
    .getByRole('dialog')
    .getByRole('img', { name: /^QR: http.*\/join\/[0-9A-Z]{8}$/ })
    .waitFor()
  expect(await accessibilityProblems(teacher)).toEqual([])
  await teacher.keyboard.press('Escape')
})

it('learners join by code or by link, and have the labs of the class; two tabs are one seat', async () => {
  ada = await join('Ada')
  await ada.getByRole('heading', { name: 'You are in' }).waitFor()
  expect(await accessibilityProblems(ada)).toEqual([])
  phrase = await ada.locator('.phrase').innerText()
  await ada.getByRole('link', { name: 'To the labs' }).click()
  await ada.getByText('Networks, autumn').waitFor()
  expect(await ada.locator('.entry h3').allInnerTexts()).toEqual(['The default bridge', 'A bridge of your own'])
  expect(await accessibilityProblems(ada)).toEqual([])
  await row('Ada').waitFor()

  const other = await ada.context().newPage()
  await other.goto(new URL('/', site.server.address).href)
  await other.getByText('Networks, autumn').waitFor()
  await other.close()
  // A link that was sent has the code in it; the page is Chinese where the browser is.
  ming = await site.visit(`/join/${code.replace('-', '').toLowerCase()}`, { stranger: true, locale: 'zh-CN' })
  await ming.locator('#name').fill('王小明')
  await ming.getByRole('button', { name: '加入', exact: true }).click()
  await ming.getByRole('heading', { name: '你已加入' }).waitFor()
  await row('王小明').waitFor()
  expect(await teacher.locator('.matrix tbody tr').count()).toBe(2)
})

it('a seat is come back to from a new browser, by its five words', async () => {
  const back = await site.visit('/join', { stranger: true })
  await back.locator('#phrase').fill(phrase)
  await back.getByRole('button', { name: 'Go on where you were' }).click()
  await back.getByText('Networks, autumn').waitFor()
  expect(await teacher.locator('.matrix tbody tr').count()).toBe(2)
  await back.context().close()
})

it('a class for those on its list refuses others', async () => {
  await teacher.getByText('List of the class').click()
  await teacher.getByRole('textbox', { name: 'The list' }).fill('name,id\nGrace Hopper,G1\n')
  await teacher.getByRole('button', { name: 'Add to the list' }).click()
  await teacher.getByText('1 added, 0 were there already.').waitFor()
  await teacher.getByLabel('Only who is on the list may join').check()
  await row('Grace Hopper').getByText('not come yet').waitFor()
  site.expectOutage = true
  const mallory = await join('Mallory')
  await mallory.getByRole('alert').getByText('This class is for those on its list').waitFor()
  expect(await accessibilityProblems(mallory)).toEqual([])
  site.expectOutage = false
  const grace = await join('Grace', { student: 'g1' })
  await grace.getByRole('heading', { name: 'You are in' }).waitFor()
  await row('Grace Hopper').getByText('away').waitFor()
  expect(await accessibilityProblems(teacher)).toEqual([])
})

it('the matrix follows a learner who fails and passes', async () => {
  await enterLab(ada)
  await row('Ada').getByText('here').waitFor(slow)
  await cell('Ada', 0).getByText('at it').waitFor(slow)
  const check = ada.locator('.check').first()
  await check.getByRole('button', { name: /^Check/ }).click()
  await cell('Ada', 0).getByText('fails').waitFor(slow)
  await cell('Ada', 0).locator('.why').waitFor()
  for (const hint of ['Hint (1 of 2)', 'Hint (2 of 2)']) await check.getByRole('button', { name: hint }).click()
  await cell('Ada', 0).getByText('stuck: all hints are used up').waitFor(slow)
  expect(await accessibilityProblems(teacher)).toEqual([])
  expect(await figures()).toMatch(/^vethlab_check_duration_seconds_count [1-9]/m)
  await type(ada, 'docker run -d --name web nginx')
  await cell('Ada', 0).getByText('passed').waitFor(slow)
  expect(await cell('Ada', 0).locator('.stuck').count()).toBe(0)
  await cell('Ada', 1)
    .getByText(/at it|fails/)
    .waitFor(slow)
  expect(await accessibilityProblems(teacher)).toEqual([])
})

it('what a learner did is there to be read: verdicts, commands, and the network now and then', async () => {
  await askFor('What was done')
  const dialog = teacher.getByRole('dialog')
  await dialog.getByText('docker run -d --name web nginx').waitFor(slow)
  await dialog.getByText('Check 1: failed').or(dialog.getByText('check 1: failed')).first().waitFor()
  await dialog.locator('.watched-map .element[data-id="node1/container:web"]').waitFor(slow)
  expect(await accessibilityProblems(teacher)).toEqual([])
  await dialog.getByRole('button', { name: 'Map of then' }).last().click()
  await dialog.getByText(/^As it was at \d/).waitFor()
  await dialog.locator('.watched-map .element[data-id="node1/container:web"]').waitFor({ state: 'detached' })
  await teacher.keyboard.press('Escape')
})

it('a hand goes up with the step, and down when somebody has helped; words come to the learner', async () => {
  await ada.getByRole('button', { name: 'Raise your hand' }).click()
  await ada.getByText('Your hand is up. You are the next.').waitFor()
  const hands = teacher.locator('.hand-group')
  await hands.getByText('The default bridge · Two ends of a cable').waitFor()
  await hands.getByRole('button', { name: 'I help' }).click()
  await ada.getByText('is on the way to you.').waitFor()
  expect(await accessibilityProblems(ada)).toEqual([])
  if (process.env.SHOTS) {
    await teacher.screenshot({ path: `${process.env.SHOTS}/class.png` })
    await ada.screenshot({ path: `${process.env.SHOTS}/class-learner.png` })
  }
  await hands.getByRole('button', { name: 'Helped' }).click()
  await teacher.getByText('Nobody waits for help.').waitFor()
  await ada.getByRole('button', { name: 'Raise your hand' }).waitFor()
  await teacher.getByText('Tell the class').click()
  await teacher.getByLabel('What to tell').fill('Break until <b>eleven</b>')
  await teacher.getByRole('button', { name: 'Send' }).click()
  await ada.getByText('Break until <b>eleven</b>').waitFor()
  await ada.locator('.bars').getByRole('button', { name: 'Dismiss' }).click()
})

it('a teacher sees a learner’s terminal when that is given, types there when that is given, and no longer when it ends', async () => {
  await type(ada, 'echo seen-by-$((40+2))')
  await askFor('Look into terminals')
  await teacher.getByText('Ada was asked for a look into their terminals.').waitFor()
  expect(await teacher.locator('.watched').count()).toBe(0)
  await ada.getByText('asks to look into your terminals.').waitFor()
  await ada.getByRole('button', { name: /^Allow for/ }).click()
  await ada.getByText('can see your terminals.').waitFor()
  const watched = teacher.locator('.watched .xterm-rows')
  // What is out of sight is not drawn.
  await teacher.locator('.watched').scrollIntoViewIfNeeded()
  await watched.getByText('seen-by-42').first().waitFor(slow)
  await teacher.locator('.watched').click()
  await teacher.keyboard.type('echo not-$((1+1))\n')
  expect(await accessibilityProblems(teacher)).toEqual([])
  expect(await accessibilityProblems(ada)).toEqual([])

  await askFor('Look, and type')
  await ada.getByText('and to type in them.').waitFor()
  await ada.getByRole('button', { name: /^Allow for/ }).click()
  await teacher.locator('.watched').scrollIntoViewIfNeeded()
  await watched.getByText('seen-by-42').first().waitFor(slow)
  await teacher.locator('.watched').click()
  await teacher.keyboard.type('echo typed-$((1+1))\n')
  await ada.locator('.terminal-pane:not([hidden]) .xterm-rows').getByText('typed-2').first().waitFor(slow)
  expect(await ada.locator('.terminal-pane:not([hidden]) .xterm-rows').innerText()).not.toContain('not-2')

  await ada.getByRole('button', { name: 'End it now' }).click()
  await teacher.locator('.watched').waitFor({ state: 'detached' })
  await ada.getByText('can see your terminals').waitFor({ state: 'detached' })
})

it('a class is shown its teacher’s terminal, and no longer when the teacher ends it', async () => {
  const own = await teacher.context().newPage()
  site.watch(own)
  await enterLab(own)
  await type(own, 'echo shown-$((2+3))')
  await teacher.getByText('Show the class my terminals').click()
  await teacher.getByRole('button', { name: 'Show my terminals of “The default bridge”' }).click()
  await teacher.getByText('The class can look at your terminals.').waitFor()
  await ada.getByRole('button', { name: 'Watch' }).click()
  await ada.getByRole('dialog').locator('.watched .xterm-rows').getByText('shown-5').first().waitFor(slow)
  expect(await accessibilityProblems(ada)).toEqual([])
  await teacher.getByRole('button', { name: 'Show them no longer' }).click()
  await ada.getByRole('dialog').waitFor({ state: 'detached' })
  await own.close()
})

it('what is not open is not sent, whatever a page asks for', async () => {
  const pageText = () => ada.evaluate(async () => await (await fetch('/api/labs/default-bridge?language=en')).text())
  const last = lab.steps.at(-1)!
  expect(await pageText()).toContain(headingOf(last.id))
  await teacher.getByText('What is open').click()
  await teacher.getByRole('checkbox', { name: headingOf(last.id), exact: true }).uncheck()
  await teacher.getByLabel('Solutions, and “do it for me”').uncheck()
  await expect.poll(pageText, slow).toContain('Your class has not come to this step yet.')
  // The button is the page's; the server says no.
  await ada.reload()
  await ada.locator('.xterm-rows', { hasText: /[#$]/ }).first().waitFor({ timeout: 90_000 })
  await ada.getByText('Your class has not come to this step yet.').waitFor()
  await teacher.getByRole('checkbox', { name: headingOf(last.id), exact: true }).check()
  await expect.poll(pageText, slow).not.toContain('Your class has not come to this step yet.')
})

it('survives the server, both parts of it: seats, progress, hands and hosts are there again', async () => {
  await ada.getByRole('button', { name: 'Raise your hand' }).click()
  await teacher.locator('.hand-group').waitFor()
  site.expectOutage = true
  const before = site.server.webPid
  process.kill(before, 'SIGKILL')
  process.kill(rackdPid(), 'SIGKILL')
  await expect.poll(() => site.server.webPid !== before, slow).toBe(true)
  await expect
    .poll(
      () =>
        teacher.reload().then(
          () => true,
          () => false,
        ),
      slow,
    )
    .toBe(true)
  await row('Ada').waitFor(slow)
  await cell('Ada', 0).getByText('passed').waitFor(slow)
  await teacher.locator('.hand-group').getByText('Ada').waitFor(slow)
  await ada.getByText('Your hand is up.').waitFor(slow)
  await type(ada, 'docker ps --format "still-{{.Names}}"')
  await ada.locator('.terminal-pane:not([hidden]) .xterm-rows').getByText('still-web').first().waitFor(slow)
  site.expectOutage = false
})

it('who comes when all hosts are taken waits in a line, and goes in when a teacher closes hosts of another', async () => {
  await ming.goto(new URL('/labs/default-bridge', site.server.address).href)
  await ming.getByRole('heading', { name: '目前没有空位' }).waitFor(slow)
  expect(await ming.locator('.xterm-rows').count()).toBe(0)
  expect(await accessibilityProblems(ming)).toEqual([])
  if (process.env.SHOTS) await ming.screenshot({ path: `${process.env.SHOTS}/class-line.png` })
  await askFor('Close their hosts')
  await teacher.getByRole('dialog').getByRole('button', { name: 'Close their hosts' }).click()
  await ming.locator('.xterm-rows', { hasText: /[#$]/ }).first().waitFor({ timeout: 90_000 })
})

it('figures for Prometheus are those of the alerts and the dashboard, and nothing in them is of a learner', async () => {
  const served = await figures()
  expect(lacking(served)).toEqual([])
  // By then a class has worked in two labs, and the web was killed.
  expect(served).toMatch(/^vethlab_sessions\{phase="open"\} [1-9]/m)
  expect(served).toMatch(/^vethlab_request_duration_seconds_count\{request="class.follow"\} [1-9]/m)
  expect(seriesOf(served)).toEqual(series)
  for (const own of ['Ada', '小明', 'Grace', 'G1', 'default-bridge', 'node1', code, code.replace('-', '')])
    expect(served).not.toContain(own)
})

it('results open in a parser; the end of the class ends its labs', async () => {
  const download = teacher.waitForEvent('download')
  await teacher.getByRole('button', { name: 'CSV', exact: true }).first().click()
  const stream = await (await download).createReadStream()
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  const rows = parse(text, { columns: true }) as Record<string, string>[]
  expect(rows.find(({ name, step }) => name === 'Ada' && step === lab.steps[0]!.id)).toMatchObject({ state: 'passed' })
  expect(rows.some(({ name }) => name === '王小明')).toBe(true)

  await teacher.setViewportSize({ width: 360, height: 740 })
  await expectNoSidewaysScroll(teacher)
  expect(await accessibilityProblems(teacher)).toEqual([])
  await teacher.setViewportSize({ width: 1280, height: 900 })
  await teacher.getByText('Settings', { exact: true }).click()
  await teacher.getByRole('button', { name: 'End the class' }).click()
  await teacher.getByRole('dialog').getByRole('button', { name: 'End the class' }).click()
  await teacher.getByText(/^Ended · /).waitFor()
  site.expectOutage = true
  await ada.goto(new URL('/', site.server.address).href)
  await ada.getByText('The class is closed now').waitFor(slow)
  expect(await ada.locator('.entry').count()).toBe(0)
  site.expectOutage = false
  expect(site.complaints).toEqual([])
})

async function askFor(what: string): Promise<void> {
  await row('Ada').getByRole('button', { name: 'Actions for Ada' }).click()
  await teacher.getByRole('menuitem', { name: what, exact: true }).click()
}

function rackdPid(): number {
  return (JSON.parse(readFileSync(testState.rackdRecord, 'utf8')) as { pid: number }).pid
}

function headingOf(step: string): string {
  return lab.pages.en.sections.find(({ id }) => id === step)!.heading
}

async function labsBut(...ids: string[]): Promise<{ title: string }[]> {
  const { labs } = (await teacher.evaluate(async () => await (await fetch('/api/catalogue')).json())) as {
    labs: { id: string; title: { en: string } }[]
  }
  return labs.filter(({ id }) => !ids.includes(id)).map(({ title }) => ({ title: title.en }))
}
