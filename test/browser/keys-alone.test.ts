import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { questionOf, type Step } from '../../server/lab/lab.js'
import type { RunBlock } from '../../server/lab/page.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { FocusWatch } from './focus-watch.js'
import { LabPage } from './lab-page.js'
import { accessibilityProblems, Site } from './site.js'

/** Whole labs without a mouse. `LABS=all`, or ids with commas between them, says which. */

const all = [
  ...['default-bridge', 'user-bridge', 'published-ports', 'host-network', 'no-network', 'shared-namespace', 'overlay'],
  ...['macvlan', 'broken-web'],
]
const { LABS } = process.env
const labs = LABS === undefined ? ['default-bridge', 'macvlan'] : LABS === 'all' ? all : LABS.split(',')

let site: Site
beforeAll(async () => {
  site = await Site.open()
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})

/** Does by keys what its parent does by clicks. */
class ByKeys extends LabPage {
  get keys() {
    return this.page.keyboard
  }

  private focusIs(selector: string): Promise<boolean> {
    return this.page.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector)
  }

  /** Presses a key until that has the focus: some things lie behind others of their kind. */
  private async pressUntil(key: string, selector: string, most: number): Promise<void> {
    for (let presses = 0; presses < most; presses++) {
      await this.keys.press(key)
      // A half that was hidden, or a terminal that was behind another, has the focus once it is drawn.
      for (let wait = 0; wait < 10; wait++) {
        if (await this.focusIs(selector)) return
        await this.page.waitForTimeout(20)
      }
    }
    throw new Error(`${key} does not lead to ${selector}`)
  }

  override async clickRun(block: RunBlock): Promise<void> {
    await this.pressUntil('Alt+Shift+R', `div.block[data-block="${block.index}"] button.run`, 1)
    await this.keys.press('Enter')
    await this.page.locator('.xterm-helper-textarea:focus').waitFor({ state: 'attached' })
    await this.settled()
  }

  override async typeAnswer(step: Step, id: string, text: string): Promise<void> {
    const check = step.checks.find(({ spec }) => (spec as { id?: string }).id === id)!
    const question = questionOf(check)
    if (question?.predict) {
      const cells = this.cellsToFill(step, question, text)
      await this.pressUntil('Alt+Shift+A', '.prediction input[type=radio]', 6)
      for (const [at, { cell, radio }] of cells.entries()) {
        // One stop of the Tab key a cell; arrows choose within it.
        if (at > 0) await this.keys.press('Tab')
        await this.keys.press('Space')
        if (!cell) await this.keys.press('ArrowDown')
        expect(await radio.isChecked()).toBe(true)
      }
      await this.keys.press('Enter')
      return
    }
    const { ask } = check.spec as { ask: { en: string } }
    const field = this.panel(step).getByLabel(ask.en.replaceAll('`', ''), { exact: true })
    const name = await field.getAttribute('id')
    await this.pressUntil('Alt+Shift+A', `[id="${name}"]`, 6)
    await this.keys.press('Control+A')
    await this.keys.type(text)
    await this.keys.press('Enter')
  }

  override async type(text: string): Promise<void> {
    if (!(await this.focusIs('.xterm-helper-textarea'))) {
      await this.pressUntil('Alt+Shift+T', '.xterm-helper-textarea', 1)
    }
    await this.keys.type(`${text}\n`)
    await this.settled()
  }

  override async check(): Promise<void> {
    await this.keys.press('Alt+Shift+C')
  }

  override async toHost(host: string): Promise<void> {
    const tabs = this.page.getByRole('tab', { name: new RegExp(`^${host}\\b`) })
    if ((await tabs.count()) === 0) {
      await this.keys.press('Alt+Shift+W')
      if (this.lab.plan.hosts.length > 1) {
        await this.page.getByRole('menuitem', { name: host, exact: true }).waitFor()
        await this.keys.type(host)
        await this.keys.press('Enter')
      }
    }
    const front = this.page.getByRole('tab', { name: new RegExp(`^${host}\\b`), selected: true })
    for (let presses = 0; presses < 4 && (await front.count()) === 0; presses++) {
      await this.keys.press('Alt+Shift+T')
      await this.page.waitForTimeout(200)
    }
    await front.waitFor()
    await this.settled()
  }
}

for (const id of labs) {
  it(`${id} is done by keys alone, and the focus is never lost`, async () => {
    const lab = await loadLab(fromPackage(join('labs', id)))
    const page = await site.visit()
    await page.getByRole('link', { name: lab.title.en, exact: true }).first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type(id)
    // What is found comes from the server.
    await page.getByRole('region', { name: 'What was found' }).locator(`a[href="/labs/${id}"]`).first().waitFor()
    for (let tabs = 0; tabs < 12; tabs++) {
      await page.keyboard.press('Tab')
      if (await page.evaluate((to) => document.activeElement?.matches(to), `a[href="/labs/${id}"]`)) break
    }
    await page.keyboard.press('Enter')
    const learner = new ByKeys(page, lab, site.racks)
    await learner.opened()
    const watch = await FocusWatch.begin(page)
    for (const step of lab.steps) {
      await page.keyboard.press('Alt+Shift+N')
      await page.locator(`#section-${step.id}:focus`).waitFor()
      await learner.doStep(step)
      await learner.expectPassed(step)
      await watch.expectKept()
    }
    await page.keyboard.press('Alt+Shift+N')
    await page.locator('#finish:focus').waitFor()
    await watch.expectKept()
    expect(await accessibilityProblems(page)).toEqual([])
    expect(site.complaints).toEqual([])
    await page.context().close()
    await site.racks.close((await learner.rack()).info.id)
  }, 600_000)
}
