import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'

const conditionMs = 30_000
/** Options of `expect.poll`. */
export const eventually = { timeout: conditionMs }

/** A window with a terminal of its own in front, as a learner uses it: keys, the mouse, and what is seen. */
export class TerminalWindow {
  constructor(readonly page: Page) {}

  /** The terminal area is there, with hosts that terminals can be opened on. */
  async ready(): Promise<void> {
    await this.page.locator('.terminal-new > button').waitFor(eventually)
  }

  /** Opens one more terminal; its prompt waits. */
  async openTerminal(): Promise<void> {
    await this.ready()
    const tabs = this.page.getByRole('tab')
    const before = await tabs.evaluateAll((all) => all.map(({ id }) => id))
    await this.page.locator('.terminal-new > button').click()
    await expect.poll(() => tabs.count(), eventually).toBe(before.length + 1)
    await expect.poll(async () => before.includes((await this.frontTab.getAttribute('id'))!), eventually).toBe(false)
    await this.prompt()
    await this.fits()
    await this.pane.locator('.xterm-helper-textarea:focus').waitFor({ state: 'attached' })
  }

  /** The terminal has this window's size: no further row has room. */
  async fits(): Promise<void> {
    const room = () =>
      this.pane.evaluate((pane) => {
        const height = (selector: string) => pane.querySelector(selector)!.getBoundingClientRect().height
        return (height('.terminal-fit') - height('.xterm-screen')) / height('.xterm-rows > div')
      })
    await expect.poll(async () => Math.floor(await room()), eventually).toBe(0)
  }

  get pane(): Locator {
    return this.page.locator('.terminal-pane:not([hidden])')
  }

  get frontTab(): Locator {
    return this.page.getByRole('tab', { selected: true })
  }

  /** What the screen shows, a line each row. */
  async screen(): Promise<string[]> {
    const rows = await this.pane.locator('.xterm-rows > div').allTextContents()
    return rows.map((row) => row.replaceAll('\u00a0', ' ').trimEnd())
  }

  /** Waits until a row of the screen is so. @returns what the expression found in it */
  async row(wanted: RegExp): Promise<RegExpExecArray> {
    const found = async () => {
      for (const row of (await this.screen()).toReversed()) {
        const match = wanted.exec(row)
        if (match) return match
      }
      return undefined
    }
    const deadline = Date.now() + conditionMs
    for (;;) {
      const match = await found()
      if (match) return match
      if (Date.now() > deadline) throw new Error(`no row is ${wanted}:\n${(await this.screen()).join('\n')}`)
      await this.page.waitForTimeout(20)
    }
  }

  /** An empty prompt waits in the last row that has something. */
  async prompt(): Promise<void> {
    await expect
      .poll(async () => (await this.screen()).findLast((row) => row !== ''), eventually)
      .toMatch(/^root@node1:\S*#$/)
  }

  /** Focuses the terminal without a click: clicks mean something to some programs. */
  async focus(): Promise<void> {
    await this.pane.locator('.xterm-helper-textarea').focus()
  }

  async press(...keys: string[]): Promise<void> {
    await this.focus()
    for (const key of keys) await this.page.keyboard.press(key)
  }

  /** Types into the program in front. */
  async type(text: string): Promise<void> {
    await this.focus()
    await this.page.keyboard.type(text)
  }

  /** Types a command on an empty screen, and waits for the prompt behind it. */
  async run(command: string): Promise<void> {
    await this.type(`clear; ${command}`)
    await this.row(/# clear; /)
    await this.press('Enter')
    // The line that was typed is gone once it runs.
    await expect
      .poll(async () => (await this.screen()).some((row) => row.includes('# clear; ')), eventually)
      .toBe(false)
    await this.prompt()
  }

  async clipboard(): Promise<string> {
    return await this.page.evaluate(() => navigator.clipboard.readText())
  }

  async paste(text: string): Promise<void> {
    await this.page.evaluate((copied) => navigator.clipboard.writeText(copied), text)
    await this.press('Control+V')
  }

  get dialog(): Locator {
    return this.page.getByRole('dialog')
  }

  /** Points at a text on the screen, where it comes last. */
  async pointAt(text: string): Promise<{ left: number; right: number; y: number }> {
    await this.row(new RegExp(text.replace(/[^\w ]/g, '\\$&')))
    const place = await this.pane.locator('.xterm-rows').evaluate((rows, wanted) => {
      for (const row of [...rows.children].reverse()) {
        const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT)
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
          const at = node.textContent!.lastIndexOf(wanted)
          if (at < 0) continue
          const range = document.createRange()
          range.setStart(node, at)
          range.setEnd(node, at + wanted.length)
          const { left, right, top, bottom } = range.getBoundingClientRect()
          return { left, right, y: (top + bottom) / 2 }
        }
      }
      return undefined
    }, text)
    if (!place) throw new Error(`${text} is not on the screen in one piece`)
    const middle = (place.left + place.right) / 2
    await this.page.mouse.move(middle - 1, place.y)
    await this.page.mouse.move(middle, place.y)
    return place
  }

  /** A click on a text of the screen. */
  async clickOn(text: string): Promise<void> {
    await this.pointAt(text)
    await this.page.mouse.down()
    await this.page.mouse.up()
  }

  /** Selects a text of the screen with the mouse. */
  async select(text: string): Promise<void> {
    const { left, right, y } = await this.pointAt(text)
    await this.page.mouse.move(left + 1, y)
    await this.page.mouse.down()
    await this.page.mouse.move(right - 1, y, { steps: 4 })
    await this.page.mouse.up()
  }

  /** All that the terminal keeps, also what is out of sight: selected from the beginning to the end, and copied. */
  async wholeText(): Promise<string> {
    const { page } = this
    const box = (await this.pane.locator('.xterm-screen').boundingBox())!
    await this.#scroll('PageUp')
    await page.mouse.click(box.x + 2, box.y + 4)
    await this.#scroll('PageDown')
    await page.keyboard.down('Shift')
    await page.mouse.click(box.x + box.width - 4, box.y + box.height - 4)
    await page.keyboard.up('Shift')
    await this.press('Control+Shift+C')
    return await this.clipboard()
  }

  /** As far as it goes. */
  async #scroll(key: 'PageUp' | 'PageDown'): Promise<void> {
    for (let before = ''; ; ) {
      for (let presses = 0; presses < 50; presses++) await this.press(`Shift+${key}`)
      await this.page.waitForTimeout(50)
      const now = (await this.screen()).join('\n')
      if (now === before) return
      before = now
    }
  }
}
