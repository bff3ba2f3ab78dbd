import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { drawMap } from '../../server/map/draw-map.js'
import type { NetworkMap } from '../../server/map/map.js'
import { RackGround } from '../../server/racks/rack-ground.js'
import type { Racks } from '../../server/racks/racks.js'

/** Programs begin to listen some seconds after their containers are there, and a busy machine takes longer for all. */
export const settleMs = 60_000

/** The map on a page, next to the state that it is drawn from. */
export class MapView {
  constructor(
    private readonly page: Page,
    private readonly racks: Racks,
    private readonly rack: string,
  ) {}

  /** Ids of what matches, in the page's order. */
  idsIn(selector: string): Promise<string[]> {
    return this.page.locator(selector).evaluateAll((found) => found.map((one) => one.getAttribute('data-id')!))
  }

  /** What the dialog reads out: sentences by id, in their order. */
  async reading(): Promise<[string, string][]> {
    await this.page.getByRole('button', { name: 'As text' }).click()
    const sentences = await this.page.locator('.reading li').evaluateAll((items) =>
      items.map((item): [string, string] => [
        item.getAttribute('data-id')!,
        [...item.childNodes]
          .filter((node) => !(node instanceof HTMLUListElement))
          .map((node) => node.textContent)
          .join(''),
      ]),
    )
    await this.page.keyboard.press('Escape')
    return sentences
  }

  /** The page's reading becomes the state's, all of it and in its order; the drawing has the same things. */
  async expectTrue(where: string): Promise<void> {
    const deadline = Date.now() + settleMs
    for (;;) {
      const map = await this.truth()
      const told = [...map.elements, ...map.ties].map(({ id, sentence }): [string, string] => [id, plain(sentence.en)])
      const read = await this.reading()
      const drawn = await this.idsIn('.element[data-id]:not(.gone *)')
      const late = Date.now() > deadline
      if (late || JSON.stringify([told, map.elements.map(({ id }) => id)]) === JSON.stringify([read, drawn])) {
        expect(read, where).toEqual(told)
        expect(drawn, where).toEqual(map.elements.map(({ id }) => id))
        return
      }
      await this.page.waitForTimeout(500)
    }
  }

  /** The map of the rack, captured past the server. */
  private async truth(): Promise<NetworkMap> {
    return drawMap(await new RackGround(this.racks, this.rack).capture())
  }
}

const plain = (text: string) => text.replaceAll('`', '')
