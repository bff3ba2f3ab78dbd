import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Question } from '../../server/check/family.js'
import { blocksOf, type Lab, questionOf, type Step } from '../../server/lab/lab.js'
import type { RunBlock } from '../../server/lab/page.js'
import { LabRack } from '../../server/labrack/lab-rack.js'
import type { Racks } from '../../server/racks/racks.js'
import { readCells } from '../../server/wording/cells.js'
import { MapView } from './map-view.js'
import { TerminalWindow } from './terminal-window.js'

const commandMs = 90_000

/** The page of a lab, as a learner uses it: by clicking and typing. */
export class LabPage {
  constructor(
    readonly page: Page,
    readonly lab: Lab,
    private readonly racks: Racks,
  ) {}

  /** From the catalogue, by a click on the lab. */
  static async fromCatalogue(page: Page, lab: Lab, racks: Racks): Promise<LabPage> {
    await page.getByRole('link', { name: lab.title.en, exact: true }).first().click()
    const labPage = new LabPage(page, lab, racks)
    await labPage.opened()
    return labPage
  }

  /** A prompt is there. */
  async opened(): Promise<void> {
    await this.page.locator('.xterm-rows', { hasText: /[#$]/ }).first().waitFor({ timeout: commandMs })
  }

  get screen(): Locator {
    return this.page.locator('.terminal-pane:not([hidden]) .xterm-rows')
  }

  /** All that the front terminal keeps, also what is out of sight. */
  async terminalText(): Promise<string> {
    return new TerminalWindow(this.page).wholeText()
  }

  /** The rack behind the page. */
  async rack(): Promise<LabRack> {
    const info = (await this.racks.list()).find(({ label }) => label.startsWith(`${this.lab.id} `))
    if (!info) throw new Error(`no rack of ${this.lab.id}`)
    return LabRack.attach(this.racks, this.lab, info)
  }

  async map(): Promise<MapView> {
    return new MapView(this.page, this.racks, (await this.rack()).info.id)
  }

  /** Does a step: clicks its blocks, types its solution, fills in its answers. */
  async doStep(step: Step): Promise<void> {
    for (const block of blocksOf(this.lab.pages.en, step.id)) {
      if (block.answer === undefined) await this.clickRun(block)
      else await this.answer(step, block)
    }
    for (const block of step.solution) {
      if (block.answer === undefined) await this.typeBlock(block)
      else await this.answer(step, block)
    }
    const last = [...blocksOf(this.lab.pages.en, step.id), ...step.solution].at(-1)
    // An answer that is handed in has the step checked.
    if (step.whenAsked && last?.answer === undefined) await this.check(step)
  }

  async check(step: Step): Promise<void> {
    await this.panel(step).getByRole('button', { name: 'Check', exact: true }).click()
  }

  async clickRun(block: RunBlock): Promise<void> {
    await this.page.locator(`div.block[data-block="${block.index}"]`).getByRole('button', { name: /^Run:/ }).click()
    await this.settled()
  }

  async typeBlock(block: RunBlock): Promise<void> {
    const text = await (await this.rack()).fill(block.text)
    if (typeof text !== 'string') throw new Error(`the value ${text.missing} can't be read`)
    await this.toHost(block.host ?? this.lab.home)
    await this.type(text)
  }

  /** Finds the answer out in the rack, as the solution says, and types it into its field. */
  async answer(step: Step, block: RunBlock): Promise<void> {
    const rack = await this.rack()
    const problem = await rack.run(block)
    if (problem !== undefined) throw new Error(problem)
    await this.typeAnswer(step, block.answer!, rack.answers[block.answer!]!)
  }

  async typeAnswer(step: Step, id: string, text: string): Promise<void> {
    const check = step.checks.find(({ spec }) => (spec as { id?: string }).id === id)!
    const { ask } = check.spec as { ask: { en: string } }
    const question = questionOf(check)
    if (question?.predict) {
      for (const { radio } of this.cellsToFill(step, question, text)) await radio.check()
      await this.panel(step).getByRole('button', { name: 'Measure' }).click()
      return
    }
    if (question?.choose) {
      const group = this.panel(step).getByRole('group', { name: ask.en.replaceAll('`', '') })
      for (const one of text.split(' ')) await group.locator(`input[value="${one}"]`).check()
      await group.getByRole('button').click()
      return
    }
    const field = this.panel(step).getByLabel(ask.en.replaceAll('`', ''), { exact: true })
    await field.fill(text)
    await field.press('Enter')
  }

  /** The cells of a prediction's table in their order, each with the button that says what a text says of it. */
  protected cellsToFill(step: Step, { ask, predict }: Question, text: string): { radio: Locator; cell: boolean }[] {
    const { rows, columns } = predict!
    const names = rows.map(({ from }) => from)
    const read = readCells(text, names, columns.length)
    if ('fault' in read) throw new Error(`no prediction: ${text}`)
    const table = this.panel(step).getByRole('table', { name: ask.en })
    return read.cells.flatMap((cells, row) =>
      cells.flatMap((cell, column) => {
        if (cell === undefined) return []
        const place = table
          .getByRole('row')
          .nth(row + 1)
          .getByRole('cell')
          .nth(column)
        return [{ cell, radio: place.getByRole('radio', { name: cell ? 'yes' : 'no' }) }]
      }),
    )
  }

  /** Keys into the front terminal, and Enter; waits until the shell is back. */
  async type(text: string): Promise<void> {
    await this.page.locator('.terminal-pane:not([hidden]) .xterm').click()
    await this.page.keyboard.type(`${text}\n`)
    await this.settled()
  }

  /** Brings a terminal of the host to the front, opening one where there is none. */
  async toHost(host: string): Promise<void> {
    const tab = this.page.getByRole('tab', { name: new RegExp(`^${host}\\b`) }).first()
    if ((await tab.count()) === 0) {
      await this.page.locator('.terminal-new button').first().click()
      if (this.lab.plan.hosts.length > 1) await this.page.getByRole('menuitem', { name: host, exact: true }).click()
    } else await tab.click()
    await this.page.getByRole('tab', { name: new RegExp(`^${host}\\b`), selected: true }).waitFor()
    await this.settled()
  }

  /** The shell in front has shown its first prompt, and waits. */
  async settledAtPrompt(): Promise<void> {
    await this.page
      .locator('.terminal-pane:not([hidden]) .xterm-rows', { hasText: /[#$]/ })
      .waitFor({ timeout: commandMs })
    await this.settled()
  }

  /** The shell in front waits for a command, for a while already. */
  async settled(): Promise<void> {
    const running = this.page.locator('[role=tab][aria-selected=true] .dot.running')
    const deadline = Date.now() + commandMs
    for (let quiet = 0; quiet < 4; ) {
      if (Date.now() > deadline) throw new Error(`a command does not end: ${await this.screen.innerText()}`)
      await this.page.waitForTimeout(100)
      quiet = (await running.count()) === 0 ? quiet + 1 : 0
    }
  }

  panel(step: Step): Locator {
    return this.page.locator('section.section', { has: this.page.locator(`#section-${step.id}`) }).locator('.check')
  }

  async expectPassed(step: Step): Promise<void> {
    await this.expectState(step, 'passed')
  }

  async expectHelped(step: Step): Promise<void> {
    await this.expectState(step, 'helped')
  }

  private async expectState(step: Step, state: 'passed' | 'helped'): Promise<void> {
    const panel = this.panel(step)
    await panel
      .locator(`xpath=self::*[contains(concat(" ", @class, " "), " ${state} ")]`)
      .waitFor({ timeout: commandMs })
      .catch(async (error) => {
        throw new Error(
          `step ${step.id} is not ${state}: ${await panel.innerText()}\n${await this.screen.innerText()}`,
          {
            cause: error,
          },
        )
      })
  }

  async expectFinished(): Promise<void> {
    await this.page.getByText('Lab done').waitFor()
    // The way there ends at its panel, not behind it.
    await this.page.getByRole('button', { name: 'To the summary' }).last().click()
    const finish = this.page.locator('#finish')
    await expect.poll(() => finish.evaluate((one) => one === document.activeElement)).toBe(true)
    await expect
      .poll(async () => {
        const [panel, text] = await Promise.all([finish.boundingBox(), this.page.locator('.scroll').boundingBox()])
        return panel!.y >= text!.y - 1 && panel!.y < text!.y + text!.height / 2
      })
      .toBe(true)
    expect(await this.page.getByRole('link', { name: /^(Next|On to)\b/ }).count()).toBeLessThanOrEqual(1)
  }
}
