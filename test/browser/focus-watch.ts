import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** So long the focus may be on its way, in milliseconds: a dialog closes, then what asked for it is drawn. */
const graceMs = 200

/** Watches all the time whether the focus has fallen to the top of the page, and says after which key it did. */
export class FocusWatch {
  private constructor(private readonly page: Page) {}

  static async begin(page: Page): Promise<FocusWatch> {
    await page.evaluate((grace) => {
      const seen = globalThis as unknown as { lostFocus: string[] }
      seen.lostFocus = []
      let last = 'the beginning'
      let since: number | undefined
      addEventListener('keydown', ({ key }) => (last = key), { capture: true })
      setInterval(() => {
        const one = document.activeElement
        const isLost = document.hasFocus() && (one === null || one === document.body)
        since = isLost ? (since ?? performance.now()) : undefined
        if (since !== undefined && performance.now() - since > grace) {
          seen.lostFocus.push(`after ${last}`)
          since = Number.POSITIVE_INFINITY
        }
      }, 25)
    }, graceMs)
    return new FocusWatch(page)
  }

  async expectKept(): Promise<void> {
    const lost = await this.page.evaluate(() => (globalThis as unknown as { lostFocus: string[] }).lostFocus)
    expect(lost).toEqual([])
  }
}

/** What a flow takes with keys, and with the mouse. Letters that are typed into a field count for neither. */
export class Flow {
  keys = 0

  constructor(
    private readonly page: Page,
    private readonly watch: FocusWatch,
    readonly name: string,
  ) {}

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) {
      this.keys++
      await this.page.keyboard.press(key)
      await this.watch.expectKept()
    }
  }

  /** Keys alone may be three more than clicks. */
  async ends({ clicks }: { clicks: number }): Promise<void> {
    // What the server answers may take the focus as well.
    await this.page.waitForTimeout(2 * graceMs)
    await this.watch.expectKept()
    expect(this.keys, this.name).toBeLessThanOrEqual(clicks + 3)
  }
}
