import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readShelf, type Shelf } from '../../server/lab/shelf.js'
import { fromPackage } from '../../server/package-root.js'
import { newId } from '../../server/store/id.js'
import { racksThatNeverOpen } from '../session/racks-that-never-open.js'
import { House, token } from '../web/house.js'
import { chineseFaults, drawn, layoutFaults, setLanguage } from './looks.js'
import { accessibilityProblems, chromiumOptions, expectNoSidewaysScroll } from './site.js'

/**
 * Paths, search, and what comes after a lab, on the labs that come with vethlab. No host is opened for it: the real server, without racks.
 * With `SHOTS=folder` pictures are kept there, to be looked at.
 */

let shelf: Shelf
let house: House
let browser: Browser
const complaints: string[] = []

beforeAll(async () => {
  shelf = await readShelf([fromPackage('labs')])
  house = await House.start({ shelf, built: true, racks: racksThatNeverOpen })
  browser = await chromium.launch(chromiumOptions)
})
afterAll(async () => {
  await browser?.close()
  await house?.stop()
})

async function visit(path = '/', options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...options })
  const page = await context.newPage()
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${page.url()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`${page.url()}: threw ${error.message}`))
  await page.goto(`${house.origin}${path}?token=${token}`)
  return page
}

/** As if the local learner had done that many steps of a lab, or all, in a session that is over. */
async function done(id: string, count = Number.POSITIVE_INFINITY): Promise<void> {
  const lab = shelf.labs.find((one) => one.id === id)!
  const session = newId()
  const learner = await house.records.localLearner()
  await house.records.createSession({ id: session, learner, lab: id, labHash: lab.contentHash })
  for (const step of lab.steps.slice(0, count)) await house.records.setStep(session, step.id, 'passed')
  await house.records.endSession(session, 'left')
}

async function keep(page: Page, scene: string): Promise<void> {
  if (!process.env.SHOTS) return
  mkdirSync(process.env.SHOTS, { recursive: true })
  await page.screenshot({ path: join(process.env.SHOTS, `catalogue ${scene}.png`) })
}

const titleOf = (id: string) => shelf.labs.find((lab) => lab.id === id)!.title.en
const search = (page: Page) => page.getByRole('searchbox')
const pathOf = (page: Page, name: string) => page.getByRole('region', { name })
const titlesIn = (page: Page, name: string) => pathOf(page, name).getByRole('heading', { level: 3 }).allInnerTexts()

it('shows paths in their order, each with its labs in theirs, and leaves out those without labs', async () => {
  const page = await visit()
  await page.getByRole('heading', { level: 2 }).first().waitFor()
  const shown = shelf.paths.filter(({ labs }) => labs.length > 0)
  expect(shown.length).toBeLessThanOrEqual(shelf.paths.length)
  expect(await page.getByRole('heading', { level: 2 }).allInnerTexts()).toEqual(shown.map(({ title }) => title.en))
  for (const { title, labs } of shown) expect(await titlesIn(page, title.en)).toEqual(labs.map(titleOf))
  expect(await page.locator('.entry').count()).toBe(shelf.labs.length)
  // Nothing has been begun: nobody is told where to go on.
  expect(await page.locator('.left-off, .entry .next').count()).toBe(0)
  // A level leaves the order, and the places on the path, as they are.
  await page.getByRole('radio', { name: 'Intermediate' }).check()
  const foundations = shown[0]!.labs.filter((id) => shelf.labs.find((lab) => lab.id === id)!.level === 'intermediate')
  expect(await titlesIn(page, 'Foundations')).toEqual(foundations.map(titleOf))
  const place = shown[0]!.labs.indexOf(foundations[0]!) + 1
  expect(await pathOf(page, 'Foundations').getByRole('listitem').first().getAttribute('value')).toBe(`${place}`)
  expect(complaints).toEqual([])
  await page.context().close()
})

it('says how far one is on a path, and where it goes on', async () => {
  const [first, second] = shelf.paths[0]!.labs as [string, string]
  const steps = shelf.paths[0]!.labs.flatMap((id) => shelf.labs.find((lab) => lab.id === id)!.steps).length
  const ofFirst = shelf.labs.find((lab) => lab.id === first)!.steps.length
  await done(first)
  const page = await visit()
  const { length } = shelf.paths[0]!.labs
  const foundations = pathOf(page, 'Foundations')
  await foundations.getByText(`1 of ${length} labs, ${ofFirst} of ${steps} steps`).waitFor()
  await foundations.getByRole('article').nth(1).getByText('Next on this path').waitFor()
  const onward = page.getByRole('link', { name: 'Next in “Foundations”' })
  expect(await onward.innerText()).toContain(titleOf(second))
  await done(second, 1)
  await page.reload()
  await page.getByRole('link', { name: `Continue where you left off ${titleOf(second)}` }).waitFor()
  await foundations.getByRole('article').nth(1).getByText('Go on here').waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
})

it('the end of a lab leads to the next one of its path, and beyond the last one to the next path', async () => {
  const [first, second] = shelf.paths.filter(({ labs }) => labs.length > 0) as [Shelf['paths'][0], Shelf['paths'][0]]
  const last = first.labs.at(-1)!
  await done(last)
  for (const [lab, words, next] of [
    [first.labs[0]!, `Next in “${first.title.en}”: `, first.labs[1]!],
    [last, `On to “${second.title.en}”: `, second.labs[0]!],
  ] as const) {
    const page = await visit(`/labs/${lab}`)
    const onward = page.locator('#finish').getByRole('link', { name: `${words}${titleOf(next)}` })
    await onward.waitFor()
    // The author's words beside it name the same lab.
    const finish = page.locator('section', { has: page.locator('#finish') })
    expect(await finish.locator('.prose').innerText()).toContain(`Next: ${titleOf(next)}`)
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 800 })
      for (const language of ['zh', 'en'] as const) {
        await setLanguage(page, language)
        await page.locator('#finish').scrollIntoViewIfNeeded()
        await expectNoSidewaysScroll(page)
        await keep(page, `finish of ${lab} ${width} ${language}`)
      }
    }
    await onward.click()
    await page.waitForURL(`**/labs/${next}*`)
    await page.getByRole('heading', { level: 1, name: titleOf(next) }).waitFor()
    await page.context().close()
  }
  expect(complaints).toEqual([])
})

it('finds commands and terms in the pages, in both languages, and leads to the step', async () => {
  const page = await visit()
  await search(page).fill('--dns-search')
  const found = page.getByRole('region', { name: 'What was found' })
  await found.getByRole('article').first().waitFor()
  expect(await found.getByRole('heading', { level: 3 }).allInnerTexts()).toEqual([titleOf('dns')])
  expect(await found.locator('mark').first().innerText()).toBe('dns-search')
  // From the keyboard: Enter goes to the first thing that was found, Tab on to its steps.
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  const step = found.getByRole('link', { name: /^Step 3: / })
  expect(await step.evaluate((link) => link === document.activeElement)).toBe(true)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/labs/dns#section-options')
  await expect
    .poll(() => page.locator('#section-options').evaluate((heading) => heading.getBoundingClientRect().top))
    .toBeLessThan(300)
  await page.goBack()
  expect(await search(page).inputValue()).toBe('--dns-search')

  // Chinese in an English page: found all the same, in Chinese.
  await search(page).fill('轮询')
  await found.getByRole('heading', { level: 3, name: titleOf('aliases') }).waitFor()
  expect(await found.locator('li[lang=zh-CN]').count()).toBeGreaterThan(0)
  await setLanguage(page, 'zh')
  const results = page.getByRole('region', { name: '搜索结果' })
  await results
    .getByRole('link', { name: /^第 \d 步：/ })
    .first()
    .waitFor()
  await expect.poll(() => results.locator('mark').first().innerText()).toBe('轮询')

  await search(page).fill('zzzz')
  await page.getByText('没有找到与“zzzz”有关的实验').waitFor()
  await page.getByRole('button', { name: '显示全部实验' }).click()
  await page.getByRole('heading', { level: 2, name: '基础' }).waitFor()
  // What is typed is a text and nothing else, and there is an end to it.
  await search(page).fill('<img src=x onerror=alert(1)>'.repeat(10))
  expect((await search(page).inputValue()).length).toBe(100)
  await page.getByText('没有找到与').waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
})

it('says that the server is away, and searches again', async () => {
  const page = await visit()
  await page.locator('.entry').first().waitFor()
  await page.route('**/api/search*', (route) => route.abort())
  await search(page).fill('iptables')
  await page.getByText('The server does not answer.').waitFor()
  await page.unroute('**/api/search*')
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByRole('region', { name: 'What was found' }).getByRole('article').first().waitFor()
  complaints.length = 0
  await page.context().close()
})

it('fits windows of all sizes, in both languages, in light and in dark', async () => {
  const faults: string[] = []
  for (const width of [1280, 768, 360]) {
    const page = await visit('/', { viewport: { width, height: 800 }, reducedMotion: 'reduce' })
    for (const [language, colorScheme] of [
      ['en', 'light'],
      ['zh', 'dark'],
    ] as const) {
      await page.emulateMedia({ colorScheme })
      await setLanguage(page, language)
      for (const words of ['', 'iptables', 'zzzz']) {
        await search(page).fill(words)
        await page
          .locator(words === 'iptables' ? '.found mark' : words === '' ? '.topic' : '.nothing')
          .first()
          .waitFor()
        await drawn(page)
        const scene = `${width} ${language} ${colorScheme} ${words || 'paths'}`
        const told = [
          ...(await layoutFaults(page)),
          ...(await accessibilityProblems(page)),
          // What is found is quoted as it stands, with code between.
          ...(language === 'zh' && words === '' ? await chineseFaults(page) : []),
        ]
        faults.push(...told.map((fault) => `${scene}: ${fault}`))
        await expectNoSidewaysScroll(page)
        await keep(page, scene)
      }
    }
    await page.context().close()
  }
  expect(faults).toEqual([])
  expect(complaints).toEqual([])
})
