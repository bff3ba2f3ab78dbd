import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { LabPage } from './lab-page.js'
import { accessibilityProblems, Site } from './site.js'

/** For what comes by itself, on a busy machine too. */
const patient = { timeout: 10_000 }

let site: Site
let lab: Lab
beforeAll(async () => {
  site = await Site.open()
  lab = await loadLab(fromPackage(join('labs', 'published-ports')))
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})

/** A page, and a program that says what it was asked with. */
const www = `mkdir -p /root/www/cgi-bin
echo '<!doctype html><html lang="en"><title>Shop</title><h1>Hello from the shop</h1>' > /root/www/index.html
printf '%s\\n' '#!/bin/sh' 'printf "Content-Type: text/plain\\r\\n\\r\\n"' env > /root/www/cgi-bin/asked
chmod 755 /root/www/cgi-bin/asked`

it('opens what a container publishes in a tab of its own, which learns nothing of the app', async () => {
  const page = await site.visit('/labs/published-ports')
  const learner = new LabPage(page, lab, site.racks)
  await learner.opened()
  const rack = await learner.rack()
  expect((await site.racks.exec(rack.info.id, 'node1', ['sh', '-c', www])).failed).toBe(false)
  expect(await page.getByRole('button', { name: 'Open port' }).count()).toBe(0)
  await learner.type('docker run -d --name shop -p 8090:80 -v /root/www:/www busybox httpd -f -p 80 -h /www')
  await learner.type('docker run -d --name dead -p 8091:81 nginx')
  const button = page.getByRole('button', { name: 'Open port' })
  const entry = (port: number) => page.getByRole('menuitem', { name: `node1:${port}` })
  await button.click()
  await entry(8090).getByText('shop').waitFor()
  await entry(8091).getByText('dead').waitFor()
  await page.locator('a[role=menuitem][href]', { hasText: 'node1:8091' }).waitFor()
  expect(await accessibilityProblems(page)).toEqual([])

  const [shop] = await Promise.all([page.context().waitForEvent('page'), entry(8090).click()])
  await shop.getByRole('heading', { name: 'Hello from the shop' }).waitFor()
  const app = site.server.address.origin
  const { origin, href } = new URL(shop.url())
  expect(origin).not.toBe(app)
  // The token is in no address that the page can hand on.
  expect(href).toBe(`${origin}/`)
  expect(await shop.evaluate(() => window.opener === null && document.referrer === '')).toBe(true)

  // Cookies know no ports: the app's would come along, were they not taken out.
  const names = (await page.context().cookies(app)).map(({ name }) => name)
  expect(names.some((name) => name.startsWith('vethlab'))).toBe(true)
  await shop.evaluate(() => {
    // biome-ignore lint/suspicious/noDocumentCookie: there is no other way on a page without TLS
    document.cookie = 'mine=1'
  })
  await shop.goto(`${origin}/cgi-bin/asked`)
  const asked = await shop.locator('body').innerText()
  expect(asked).toMatch(/^HTTP_COOKIE=mine=1$/m)
  expect(asked).not.toMatch(/vethlab/i)
  expect(await shop.evaluate(() => document.cookie)).toBe('mine=1')

  const readable = (init: RequestInit) =>
    shop.evaluate(
      async ([url, how]) => {
        try {
          const answer = await fetch(url, how)
          return answer.type === 'opaque' ? '' : await answer.text()
        } catch {
          return ''
        }
      },
      [`${app}/api/catalogue`, init] as const,
    )
  expect(await readable({ credentials: 'include' })).toBe('')
  expect(await readable({ credentials: 'include', mode: 'no-cors' })).toBe('')
  const socket = (address: string) =>
    shop.evaluate(
      (url) =>
        new Promise((resolve) => {
          const made = new WebSocket(url)
          made.onopen = () => resolve('open')
          made.onerror = () => resolve('refused')
        }),
      address,
    )
  expect(await socket(`${app.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)).toBe('refused')

  // Nobody gets in without the token, from wherever.
  const stranger = await fetch(origin)
  expect(stranger.status).toBe(403)
  const refusal = await stranger.text()
  expect(refusal).toContain('Open the port from the lab once more.')
  expect(refusal).toContain('请从实验页面重新打开该端口')
  expect(refusal).not.toContain('Hello')

  await button.click()
  const [dead] = await Promise.all([page.context().waitForEvent('page'), entry(8091).click()])
  await dead.getByText('Nothing answers on port 8091 of node1.').waitFor()
  await dead.getByText('node1 的 8091 端口没有响应。').waitFor()
  expect(await accessibilityProblems(dead)).toEqual([])

  // A container that is gone takes its port off the list; a page that is open says so.
  await learner.type('docker rm -f shop')
  await button.click()
  await entry(8090).waitFor({ state: 'detached' })
  await page.keyboard.press('Escape')
  await shop.goto(`${origin}/`)
  await shop.getByText('Nothing answers on port 8090 of node1.').waitFor()

  await page.getByRole('button', { name: 'Menu' }).click()
  await page.getByRole('menuitem', { name: 'Close the hosts' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Close the hosts' }).click()
  await page.getByText('They were closed.').waitFor()
  expect(await button.count()).toBe(0)
  await expect
    .poll(
      () =>
        fetch(origin).then(
          () => 'listens',
          () => 'closed',
        ),
      patient,
    )
    .toBe('closed')
  expect(site.complaints).toEqual([])
  await page.context().close()
})
