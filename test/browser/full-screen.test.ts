import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { House, token } from '../web/house.js'
import { chromiumOptions } from './site.js'

/** Full screen in a real browser; which keys it gives can't be seen here, since a browser without a window keeps none. */

const patient = { timeout: 120_000 }
let house: House
let browser: Browser
beforeAll(async () => {
  house = await House.start({ built: true })
  browser = await chromium.launch(chromiumOptions)
})
afterAll(async () => {
  await browser?.close()
  await house?.stop()
})

it('is gone into and left by the menu of a lab, also on a phone, and the list of shortcuts says what it is for', async () => {
  const page = await browser.newPage({ viewport: { width: 360, height: 740 } })
  page.setDefaultTimeout(patient.timeout)
  await page.goto(`${house.origin}/labs/default-bridge?token=${token}`)
  const menu = page.getByRole('button', { name: 'Menu', exact: true })
  const item = page.getByRole('menuitemcheckbox', { name: 'Full screen, Ctrl+W to terminals' })
  const isFull = () => page.evaluate(() => document.fullscreenElement !== null)
  await menu.click()
  const box = await item.boundingBox()
  expect(box!.x + box!.width).toBeLessThanOrEqual(360)
  await item.click()
  await expect.poll(isFull, patient).toBe(true)
  await menu.click()
  expect(await item.getAttribute('aria-checked')).toBe('true')
  await item.click()
  await expect.poll(isFull, patient).toBe(false)
  await page.keyboard.press('?')
  await page.getByText('In full screen (in the menu) the first three reach the terminal').waitFor()
})
