import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { LabPage } from './lab-page.js'
import { Site } from './site.js'

/** A line as bad as a phone's in a train: 400 ms there and back, 50 kB/s. The text comes first, and nothing is taken for a failure. */

const patient = { timeout: 60_000 }

let site: Site
beforeAll(async () => {
  site = await Site.open()
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})

it('a lab is read before its terminals are there, and is worked through without a word of trouble', async () => {
  const lab = await loadLab(fromPackage(join('labs', 'default-bridge')))
  const page = await site.visit('/', { reducedMotion: 'reduce' })
  const line = await page.context().newCDPSession(page)
  await line.send('Network.enable')
  // What the catalogue has brought would come from the browser itself.
  await line.send('Network.setCacheDisabled', { cacheDisabled: true })
  const throughput = 50_000
  await line.send('Network.emulateNetworkConditions', {
    ...{ offline: false, latency: 400, downloadThroughput: throughput, uploadThroughput: throughput },
  })
  /** Everything that says that something is wrong, from now on. */
  const troubles: string[] = []
  await page.exposeFunction('toldTrouble', (text: string) => troubles.push(text))
  await page.addInitScript(() => {
    const told = (globalThis as unknown as { toldTrouble(text: string): void }).toldTrouble
    new MutationObserver(() => {
      for (const one of document.querySelectorAll('.trouble, .terminal-away, [role=alert]'))
        if (one.textContent?.trim()) told(one.textContent)
    }).observe(document, { subtree: true, childList: true, characterData: true })
  })

  const address = new URL('/labs/default-bridge', site.server.address.origin).href
  await page.goto(address, { waitUntil: 'commit', ...patient })
  const text = page.locator('.sections:not(.skeleton) .section').first()
  await text.waitFor(patient)
  // The terminal's program is the largest part, and comes behind the text.
  expect(await page.locator('.xterm').count()).toBe(0)
  await text.locator('p').first().waitFor(patient)

  const learner = new LabPage(page, lab, site.racks)
  await learner.opened()
  await learner.type('echo as slow as $((40 + 2))')
  await expect.poll(() => learner.terminalText(), patient).toMatch(/^as slow as 42$/m)
  const [first] = lab.steps
  await learner.doStep(first!)
  await learner.expectPassed(first!)
  await page.locator('.element').first().waitFor(patient)
  expect(troubles).toEqual([])
  expect(site.complaints).toEqual([])
  await page.context().close()
}, 300_000)
