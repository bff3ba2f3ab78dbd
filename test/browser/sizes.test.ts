import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { LabPage } from './lab-page.js'
import { chineseFaults, drawn, layoutFaults, setLanguage } from './looks.js'
import { settleMs } from './map-view.js'
import { accessibilityProblems, expectNoSidewaysScroll, Site } from './site.js'

/**
 * Labs in windows of all sizes, in both languages and colours: all fits, and can be read. With `SHOTS=folder` each picture is kept there,
 * to be looked at; `LABS` names those that it is about.
 */

const sizes = {
  '1440x900': { width: 1440, height: 900 },
  '1280x720': { width: 1280, height: 720 },
  '800': { width: 800, height: 1000 },
  '375': { width: 375, height: 740 },
  // The first one, in a browser that shows everything twice as large.
  '200%': { width: 720, height: 450 },
}

const looks = [
  { language: 'en', colorScheme: 'light' },
  { language: 'zh', colorScheme: 'dark' },
] as const

let site: Site
beforeAll(async () => {
  site = await Site.open()
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})
beforeEach(() => {
  site.complaints.length = 0
})

class Album {
  readonly #faults: string[] = []

  constructor(
    private readonly page: Page,
    private readonly name: string,
  ) {}

  /** Looks at the page as it is now; with axe where that is worth its time. */
  async look(scene: string, withAxe = false): Promise<void> {
    await drawn(this.page)
    const faults = [...(await layoutFaults(this.page)), ...(withAxe ? await accessibilityProblems(this.page) : [])]
    const isChinese = await this.page.evaluate(() => document.documentElement.lang === 'zh-CN')
    if (isChinese) faults.push(...(await chineseFaults(this.page)))
    this.#faults.push(...faults.map((fault) => `${scene}: ${fault}`))
    if (!process.env.SHOTS) return
    mkdirSync(process.env.SHOTS, { recursive: true })
    await this.page.screenshot({ path: join(process.env.SHOTS, `${this.name} ${scene}.png`) })
  }

  end(): void {
    expect(this.#faults).toEqual([])
  }
}

/** Brings the parts of a lab's page into sight one after the other. */
async function lookAround(page: Page, album: Album, size: string, look: string): Promise<void> {
  const isNarrow = await page.locator('nav.halves').isVisible()
  const half = async (name: 'read' | 'terminal' | 'map') => {
    if (isNarrow) await page.locator('nav.halves button').nth({ read: 0, terminal: 1, map: 2 }[name]).click()
  }
  await half('read')
  await page.locator('.scroll').evaluate((text) => text.scrollTo(0, 0))
  await album.look(`${size} ${look} 1 top`)
  await page.locator('.section.current .check').evaluate((panel) => panel.scrollIntoView({ block: 'center' }))
  await album.look(`${size} ${look} 2 step`, true)
  await expectNoSidewaysScroll(page)
  if (!isNarrow) return
  await half('terminal')
  await album.look(`${size} ${look} 3 terminal`)
  await half('map')
  await page.locator('.element').first().waitFor({ timeout: settleMs })
  await album.look(`${size} ${look} 4 map`)
}

// Others by `LABS`, ids with commas between them: each takes half a minute.
const usual = ['segments', 'overlay']

for (const id of process.env.LABS?.split(',') ?? usual) {
  it(`${id} fits windows of all sizes, in both languages, in light and in dark`, async () => {
    const lab: Lab = await loadLab(fromPackage(join('labs', id)))
    const page = await site.visit(`/labs/${id}`, { reducedMotion: 'reduce' })
    const learner = new LabPage(page, lab, site.racks)
    await learner.opened()
    await page.locator('.element').first().waitFor({ timeout: settleMs })
    // A step that is done, and one that has failed, with all that is said of it.
    const [first, second] = lab.steps
    await learner.panel(first!).getByRole('button', { name: 'Do it for me' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Do it for me' }).click()
    await learner.expectHelped(first!)
    const panel = learner.panel(second!)
    await panel.getByRole('button', { name: 'Check', exact: true }).click()
    await panel.locator('.checks > li').first().waitFor({ timeout: settleMs })
    await panel.locator('.pulse').first().waitFor({ state: 'detached', timeout: settleMs })
    const hint = panel.getByRole('button', { name: /^Hint \(1 of/ }).first()
    if ((await hint.count()) > 0) await hint.click()

    const album = new Album(page, id)
    for (const [size, viewport] of Object.entries(sizes)) {
      await page.setViewportSize(viewport)
      for (const { language, colorScheme } of looks) {
        await page.emulateMedia({ colorScheme })
        await setLanguage(page, language)
        await lookAround(page, album, size, `${language} ${colorScheme}`)
      }
    }
    album.end()
    expect(site.complaints).toEqual([])
    await page.context().close()
    // The page of its map is looked at below.
    if (id !== 'overlay') await site.racks.close((await learner.rack()).info.id)
  }, 600_000)
}

it('the catalogue and the page of the map do as well', async () => {
  const page = await site.visit('/', { reducedMotion: 'reduce' })
  const album = new Album(page, 'pages')
  for (const [path, there] of [
    ['/', '.entry'],
    ['/labs/overlay/map', '.element'],
  ] as const) {
    await page.goto(new URL(path, site.server.address.origin).href)
    await page.locator(there).first().waitFor({ timeout: settleMs })
    for (const [size, viewport] of Object.entries(sizes)) {
      await page.setViewportSize(viewport)
      for (const { language, colorScheme } of looks) {
        await page.emulateMedia({ colorScheme })
        await setLanguage(page, language)
        const scene = path === '/' ? 'catalogue' : 'map'
        await album.look(`${scene} ${size} ${language} ${colorScheme}`, true)
        await expectNoSidewaysScroll(page)
      }
    }
  }
  album.end()
  expect(site.complaints).toEqual([])
  await page.context().close()
})
