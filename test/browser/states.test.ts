import { join } from 'node:path'
import type { Page, WebSocketRoute } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import type { Language } from '../../server/wording/text.js'
import { LabPage } from './lab-page.js'
import { chineseFaults, layoutFaults, setLanguage } from './looks.js'
import { accessibilityProblems, expectNoSidewaysScroll, Site } from './site.js'

/**
 * Every panel, menu, dialog and state of the pages: axe finds nothing in any of them, in light and in dark; nothing is cut or lies over
 * something else; and their Chinese is as it is written here, also where it is put together.
 */

/** For what comes by itself, on a busy machine too. */
const patient = { timeout: 45_000 }

let site: Site
let lab: Lab
beforeAll(async () => {
  site = await Site.open()
  lab = await loadLab(fromPackage(join('labs', 'broken-web')))
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})
beforeEach(() => {
  site.complaints.length = 0
})

/** Looks at one state after the other, and tells at the end what was found in which. */
class States {
  readonly #found: string[] = []
  readonly #seen: string[] = []

  constructor(
    private readonly page: Page,
    private readonly language: Language = 'en',
  ) {}

  async fine(state: string): Promise<void> {
    this.#seen.push(state)
    this.#tell(state, [...(await accessibilityProblems(this.page)), ...(await layoutFaults(this.page))])
    await this.#keep(state)
    await setLanguage(this.page, 'zh')
    this.#tell(`${state}, in Chinese`, [...(await layoutFaults(this.page)), ...(await chineseFaults(this.page))])
    await this.#keep(`${state}-zh`)
    await setLanguage(this.page, this.language)
  }

  #tell(where: string, faults: readonly string[]): void {
    this.#found.push(...faults.map((fault) => `${where}: ${fault}`))
  }

  async #keep(name: string): Promise<void> {
    if (!process.env.SHOTS) return
    const file = `${String(this.#seen.length).padStart(2, '0')}-${name.replaceAll(/\W+/g, '-')}`
    await this.page.screenshot({ path: `${process.env.SHOTS}/${file}.png` })
  }

  end(): void {
    expect(this.#found).toEqual([])
    expect(site.complaints).toEqual([])
  }
}

/** What the server says can be kept back, so that a moment lasts for as long as it is looked at. */
async function holdable(page: Page): Promise<{ hold(): void; release(): void }> {
  const kept: (() => void)[] = []
  let holding = false
  const relay = (socket: WebSocketRoute) => {
    const server = socket.connectToServer()
    server.onMessage((message) => {
      if (holding) kept.push(() => socket.send(message))
      else socket.send(message)
    })
  }
  await page.routeWebSocket(/socket\.io/, relay)
  await page.reload()
  return {
    hold() {
      holding = true
    },
    release() {
      holding = false
      for (const send of kept.splice(0)) send()
    },
  }
}

it('of the catalogue', async () => {
  const page = await site.visit('/', { reducedMotion: 'reduce', colorScheme: 'dark' })
  const states = new States(page)
  await page.getByRole('link', { name: lab.title.en }).first().waitFor()
  await states.fine('catalogue')
  const search = page.getByRole('searchbox', { name: 'Search labs' })
  await search.fill('dns')
  await states.fine('labs found')
  await search.fill('zzzz')
  await page.getByText('No lab is about').waitFor()
  await states.fine('no lab found')
  states.end()
  await page.context().close()
})

it('of a lab and its panels', async () => {
  const page = await site.visit('/labs/broken-web', { reducedMotion: 'reduce' })
  const states = new States(page)
  await page.getByRole('heading', { name: 'Opening the lab' }).waitFor()
  await states.fine('opening')
  const learner = new LabPage(page, lab, site.racks)
  await learner.opened()
  const answers = await holdable(page)
  await learner.opened()
  await page.getByRole('complementary', { name: 'How a lab works' }).waitFor()
  await states.fine('orientation')

  const [network] = lab.steps
  const panel = learner.panel(network!)
  const check = panel.getByRole('button', { name: 'Check', exact: true })
  answers.hold()
  await check.click()
  // The server has been asked, and its answer is on the way.
  await page.waitForTimeout(200)
  await states.fine('check asked')
  answers.release()
  await panel.locator('.checks > li.fail').first().waitFor(patient)
  await states.fine('check failed')
  await panel.getByRole('button', { name: /^Hint \(1 of/ }).click()
  await panel.getByRole('list', { name: 'Hint' }).waitFor()
  await states.fine('hint')

  const menu = page.getByRole('button', { name: 'Menu' })
  await menu.click()
  await page.getByRole('menuitem', { name: 'Close the hosts' }).waitFor()
  await states.fine('menu of the lab')
  await page.getByRole('menuitem', { name: 'Start over' }).click()
  await page.getByRole('dialog').waitFor()
  await states.fine('question')
  await page.keyboard.press('Escape')
  await menu.click()
  await page.getByRole('menuitem', { name: 'Settings…' }).click()
  await page.getByRole('dialog', { name: 'Settings' }).waitFor()
  await states.fine('settings')
  await page.keyboard.press('Escape')
  await menu.click()
  await page.getByRole('menuitem', { name: 'Keyboard shortcuts…' }).click()
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
  await states.fine('shortcuts')
  await page.keyboard.press('Escape')

  await panel.getByRole('button', { name: 'Show me' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Show me' }).click()
  await panel.getByText('One way to do it').waitFor()
  await states.fine('solution')

  states.end()
  await page.context().close()
})

it('of the map and what is asked of it', async () => {
  const page = await site.visit('/labs/broken-web', { reducedMotion: 'reduce', colorScheme: 'dark' })
  const states = new States(page)
  const learner = new LabPage(page, lab, site.racks)
  await learner.opened()
  const answers = await holdable(page)
  await learner.opened()
  const web = page.locator('.element[data-id="node1/container:web"]')
  await web.waitFor(patient)
  const side = page.locator('.network-side')

  await web.click()
  await page.getByRole('region', { name: /^Facts: web/ }).waitFor()
  await states.fine('facts')
  await side.getByRole('button', { name: 'Close' }).click()

  await page.getByRole('button', { name: 'Trace', exact: true }).click()
  const trace = side.getByRole('region', { name: 'Trace a packet' })
  await trace.getByRole('button', { name: 'Send' }).click()
  await trace.getByRole('alert').waitFor()
  await states.fine('trace asked without its ends')
  await trace.getByLabel('From').selectOption('laptop')
  await trace.getByLabel('To', { exact: true }).fill('192.168.1.11')
  answers.hold()
  await trace.getByRole('button', { name: 'Send' }).click()
  await trace.getByRole('button', { name: 'Cancel' }).waitFor()
  await states.fine('trace under way')
  answers.release()
  await trace.getByText('Answered', { exact: true }).waitFor(patient)
  await states.fine('trace')
  await trace.getByRole('button', { name: '10 more times' }).click()
  await trace.getByText('Answered each time').waitFor(patient)
  await states.fine('trace ten times')
  await page.keyboard.press('Escape')

  await page.locator('.element[data-id="node1/container:orders-db"]').click()
  answers.hold()
  await side.getByRole('button', { name: 'Diagnose' }).click()
  const diagnosis = side.getByRole('region', { name: 'Diagnosis of node1/orders-db' })
  await diagnosis.waitFor()
  await states.fine('diagnosis under way')
  answers.release()
  await diagnosis.getByText('Something is wrong').waitFor(patient)
  await states.fine('diagnosis')
  await page.keyboard.press('Escape')

  await learner.type('docker run -d --name more -p 8081:80 nginx')
  const strip = page.getByRole('region', { name: 'What just changed' })
  await strip.getByRole('button', { name: /^Container more/ }).waitFor(patient)
  await states.fine('just changed')
  await page.getByRole('button', { name: 'Open port' }).click()
  await page.locator('a[role=menuitem][href]').first().waitFor()
  await states.fine('ports')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Timeline', exact: true }).click()
  const timeline = page.getByRole('region', { name: 'Timeline' })
  await timeline.getByRole('button', { name: /^Container more/ }).waitFor(patient)
  await states.fine('timeline')
  await timeline.locator('[aria-current=step]').focus()
  await page.keyboard.press('ArrowUp')
  await page.locator('.past-banner').waitFor()
  await states.fine('looking back')
  await page.getByRole('button', { name: 'Back to now' }).click()
  await page.getByRole('button', { name: 'As text' }).click()
  await page.locator('.reading li').first().waitFor()
  await states.fine('map as text')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Download' }).click()
  await page.getByRole('menuitem', { name: 'SVG' }).waitFor()
  await states.fine('download')
  await page.keyboard.press('Escape')

  states.end()
  await page.context().close()
})

it('of terminals and hosts', async () => {
  const page = await site.visit('/labs/broken-web', { reducedMotion: 'reduce' })
  const states = new States(page)
  const learner = new LabPage(page, lab, site.racks)
  await learner.opened()
  await page.locator('.terminal-new > button, .terminal-new button').first().click()
  await page.getByRole('menuitem', { name: 'laptop', exact: true }).waitFor()
  await states.fine('menu of terminals')
  await page.getByRole('menuitem', { name: 'laptop', exact: true }).click()
  await page.getByRole('tab', { name: /^laptop\b/, selected: true }).waitFor()
  await learner.settledAtPrompt()
  await page.locator('.terminal-pane:not([hidden]) .xterm').click()
  await page.keyboard.press('Control+Shift+F')
  const search = page.getByRole('search')
  await search.waitFor()
  await search.locator('input').fill('root')
  await states.fine('search in a terminal')
  await page.keyboard.press('Escape')
  await page.locator('.terminal-pane:not([hidden]) .xterm').click()
  await page.keyboard.type('exit\n')
  await page
    .getByText(/^The shell has ended/)
    .first()
    .waitFor(patient)
  await states.fine('shell ended')

  const menu = page.getByRole('button', { name: 'Menu' })
  await menu.click()
  await page.getByRole('menuitem', { name: 'Close the hosts' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Close the hosts' }).click()
  await page.getByText('They were closed.').waitFor(patient)
  await states.fine('closed')
  states.end()
  await page.context().close()
})

it('on a phone', async () => {
  const page = await site.visit('/labs/broken-web', {
    viewport: { width: 375, height: 740 },
    hasTouch: true,
    locale: 'zh-CN',
    colorScheme: 'dark',
    reducedMotion: 'reduce',
  })
  const states = new States(page, 'zh')
  const fine = async (state: string) => {
    await states.fine(state)
    await expectNoSidewaysScroll(page)
  }
  await page.getByRole('button', { name: '终端', exact: true }).click()
  await new LabPage(page, lab, site.racks).opened()
  await fine('terminal and its keys')
  await page.getByRole('button', { name: '说明', exact: true }).click()
  await fine('text')
  await page.getByRole('button', { name: '网络图', exact: true }).click()
  await page.locator('.element[data-id="node1/container:web"]').waitFor(patient)
  await fine('map')
  await page.getByRole('button', { name: '追踪', exact: true }).click()
  await page.locator('.network-side').getByRole('region').first().waitFor()
  await fine('trace')
  states.end()
  await page.context().close()
})
