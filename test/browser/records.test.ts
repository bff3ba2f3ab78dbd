import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import type { PostgresAddress } from '../../server/store/postgres-address.js'
import { addressText } from '../../server/store/postgres-database.js'
import { PostgresServer } from '../store/postgres-server.js'
import { LabPage } from './lab-page.js'
import { accessibilityProblems, expectNoSidewaysScroll, Site } from './site.js'

const slow = { timeout: 30_000 }
/** So long the database is away in mid-class. */
const awayMs = 20_000

let database: PostgresServer
let address: PostgresAddress
let site: Site
let lab: Lab
beforeAll(async () => {
  database = await PostgresServer.start()
  address = await database.newDatabase()
  site = await Site.open(['--database', addressText(address)])
  lab = await loadLab(fromPackage('labs', 'default-bridge'))
})
// A test that fails while the database is away leaves the next one its database all the same.
afterEach(() => database?.run(), 120_000)
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
  await database?.remove()
}, 120_000)

it('a learner goes on while PostgreSQL is away and reads that records are behind; nothing is lost, though the web is killed then', async () => {
  const page = await site.visit('/labs/default-bridge')
  const learner = new LabPage(page, lab, site.racks)
  await learner.opened()
  await database.stop()

  const [first] = lab.steps
  await learner.doStep(first!)
  await learner.expectPassed(first!)
  const note = page.locator('.bars .notice.records')
  await expect.poll(() => note.innerText(), slow).toContain('Progress is saved with a delay right now.')
  expect(await accessibilityProblems(page)).toEqual([])
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/behind-lab.png` })
  const narrow = await site.visit('/', { locale: 'zh-CN', viewport: { width: 360, height: 740 } })
  await narrow.getByText('学习记录暂时延迟保存。').waitFor()
  await expectNoSidewaysScroll(narrow)
  expect(await accessibilityProblems(narrow)).toEqual([])
  if (process.env.SHOTS) await narrow.screenshot({ path: `${process.env.SHOTS}/behind-catalogue.png` })

  // The next web begins without the database: it knows the rack and how far its learner is.
  const before = site.server.webPid
  site.expectOutage = true
  process.kill(before, 'SIGKILL')
  await expect.poll(() => site.server.webPid !== before, slow).toBe(true)
  const answers = () =>
    fetch(site.server.address, { redirect: 'manual' }).then(
      ({ status }) => status,
      () => 0,
    )
  await expect.poll(answers, slow).toBe(303)
  await page.reload()
  await learner.opened()
  await learner.expectPassed(first!)
  await expect.poll(() => note.innerText(), slow).toContain('delay')

  await database.run()
  await note.waitFor({ state: 'hidden' })
  await narrow.getByText('学习记录暂时延迟保存。').waitFor({ state: 'hidden' })
  const steps = await database.sql(address.database, 'SELECT id, state FROM step')
  expect(steps).toEqual([{ id: first!.id, state: 'passed' }])
  const verdicts = await database.sql(
    address.database,
    "SELECT check_index FROM verdict WHERE outcome = 'pass' ORDER BY number",
  )
  expect(verdicts).toEqual(first!.checks.map((_, index) => ({ check_index: index })))
  expect(await database.sql(address.database, 'SELECT ended_at FROM session')).toEqual([{ ended_at: null }])
  expect(site.complaints).toEqual([])
})

it('a class goes on while PostgreSQL is away for 20 s: its teacher sees a learner pass, both read that records are behind, and nothing is lost', async () => {
  site.expectOutage = false
  const teacher = await site.visit('/')
  await teacher.getByRole('link', { name: 'Classes' }).click()
  await teacher.getByRole('button', { name: 'New class' }).click()
  await teacher.getByLabel('Title').fill('Away')
  await teacher.getByRole('button', { name: 'Make the class' }).click()
  const code = await teacher.locator('.join .code').innerText()
  const ada = await site.visit('/join', { stranger: true })
  await ada.locator('#code').fill(code)
  await ada.locator('#name').fill('Ada')
  await ada.locator('form').first().locator('button').click()
  await ada.getByRole('heading', { name: 'You are in' }).waitFor()
  await ada.goto(new URL('/labs/default-bridge', site.server.address).href)
  const learner = new LabPage(ada, lab, site.racks)
  await learner.opened()
  const cell = teacher
    .locator('.matrix tbody tr', { has: teacher.getByText('Ada', { exact: true }) })
    .locator('.cell')
    .first()
  await cell.getByText('at it').waitFor(slow)

  await database.stop()
  const since = Date.now()
  const [first] = lab.steps
  await learner.doStep(first!)
  await learner.expectPassed(first!)
  await cell.getByText('passed').waitFor(slow)
  const behind = (page: Page) => page.getByText('Progress is saved with a delay right now.')
  for (const page of [ada, teacher]) await behind(page).waitFor(slow)
  // What only the database can know is refused in words.
  const hand = ada.getByRole('button', { name: 'Raise your hand' })
  await hand.click()
  await ada.getByText("The database with everybody's progress can't be reached right now.").waitFor()
  expect(await accessibilityProblems(teacher)).toEqual([])
  if (process.env.SHOTS) await teacher.screenshot({ path: `${process.env.SHOTS}/behind-class.png` })
  await ada.waitForTimeout(Math.max(0, awayMs - (Date.now() - since)))
  expect(await behind(ada).count()).toBe(1)

  await database.run()
  for (const page of [ada, teacher]) await behind(page).waitFor({ state: 'hidden', ...slow })
  const rows = async (table: string, rest: string) =>
    database.sql(
      address.database,
      `SELECT ${rest} FROM ${table} JOIN session ON session.id = ${table}.session JOIN seat USING (learner) WHERE seat.name = 'Ada'`,
    )
  expect(await rows('step', 'step.id, state')).toEqual([{ id: first!.id, state: 'passed' }])
  expect(await rows('verdict', "bool_or(outcome = 'pass') AS passed")).toEqual([{ passed: true }])
  expect(await rows('timeline', 'count(*) > 0 AS kept')).toEqual([{ kept: true }])
  await teacher.reload()
  await cell.getByText('passed').waitFor(slow)
  await hand.click()
  await teacher.locator('.hand-group').getByText('Ada').waitFor(slow)
  expect(site.complaints).toEqual([])
})
