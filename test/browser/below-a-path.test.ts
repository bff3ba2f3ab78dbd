import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { LabPage } from './lab-page.js'
import { accessibilityProblems, Site } from './site.js'

/** Below a path of a site that a proxy makes, with a folder of labs beside vethlab's own that change meanwhile. */

const base = '/learn/vethlab'
/** For what comes by itself, on a busy machine too. */
const patient = { timeout: 30_000 }

let proxy: Server
let site: Site
let lab: Lab
let shelf: string
/** The server's port, once it is known. */
let behind = 0
beforeAll(async () => {
  shelf = mkdtempSync(join(tmpdir(), 'vethlab-labs-'))
  cpSync(fromPackage('test/lab/keeper'), join(shelf, 'keeper'), { recursive: true })
  lab = await loadLab(join(shelf, 'keeper'))
  proxy = await startProxy()
  const { port } = proxy.address() as AddressInfo
  site = await Site.open(['--base-path', base, '--public-name', `127.0.0.1:${port}`, '--labs', shelf])
  expect(site.server.address.pathname).toBe(`${base}/`)
  behind = Number(site.server.address.port)
  site.server.address.port = `${port}`
})
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
  proxy?.close()
  proxy?.closeAllConnections()
  if (shelf) rmSync(shelf, { recursive: true, force: true })
})

/** Passes on what lies below the path, as it is, also WebSockets; beside it there is another page. */
async function startProxy(): Promise<Server> {
  const server = createServer((asked, answer) => {
    if (!asked.url?.startsWith(base)) {
      answer.writeHead(200, { 'content-type': 'text/html' }).end('<title>another</title>another page')
      return
    }
    const { method, url, headers } = asked
    const passed = request({ host: '127.0.0.1', port: behind, method, path: url, headers }, (from) => {
      answer.writeHead(from.statusCode!, from.headers)
      from.pipe(answer)
    })
    passed.on('error', () => answer.destroy())
    asked.pipe(passed)
  })
  server.on('upgrade', ({ url, rawHeaders }, browser, head) => {
    const to = connect(behind, '127.0.0.1', () => {
      const lines = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1]}`] : []))
      to.write(`GET ${url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
      to.write(head)
      to.pipe(browser).pipe(to)
    })
    for (const [one, other] of [
      [to, browser],
      [browser, to],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

let page: Page
let learner: LabPage
const pathOf = () => new URL(page.url()).pathname

it('catalogue, lab, terminal and map are below the path, and so is every file', async () => {
  const asked = new Set<string>()
  page = await site.visit(`${base}/`)
  page.on('request', (one) => asked.add(new URL(one.url()).pathname))
  expect(pathOf()).toBe(`${base}/`)
  expect((await page.context().cookies()).map(({ path }) => path)).toEqual([base])
  learner = await LabPage.fromCatalogue(page, lab, site.racks)
  expect(pathOf()).toBe(`${base}/labs/keeper`)
  await page.reload()
  await learner.opened()
  await learner.type('hostname')
  await expect.poll(() => learner.terminalText(), patient).toMatch(/^node1/m)
  await page.goto(new URL(`${base}/labs/keeper/map`, page.url()).href)
  await page.getByRole('link', { name: 'Back to the lab' }).or(page.locator('a.back')).first().click()
  await learner.opened()
  expect(pathOf()).toBe(`${base}/labs/keeper`)
  expect([...asked].filter((path) => !path.startsWith(`${base}/`))).toEqual([])
  expect([...asked].some((path) => path.startsWith(`${base}/assets/`))).toBe(true)
  expect(site.complaints).toEqual([])
})

it('Check restarts Docker where the page says so, and what is gone then has not passed', async () => {
  const [step] = lab.steps
  const panel = learner.panel(step!)
  const note = panel.getByText(/Check restarts Docker on node1 and looks once more/)
  await note.waitFor()
  await learner.type('docker run -d --name web -p 8080:80 nginx')
  await learner.type('docker run -d --name helper alpine sleep infinity')
  // By itself it says how it is, and passes nothing.
  await panel.getByText(/when you press Check, Docker is restarted/).waitFor(patient)
  expect(await panel.getByText('Step passed').count()).toBe(0)
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/survives-before.png` })
  await panel.getByRole('button', { name: 'Check', exact: true }).click()
  await panel.getByText(/it was so, and after Docker had been restarted/i).waitFor({ timeout: 90_000 })
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/survives-fails.png` })
  expect(await accessibilityProblems(page)).toEqual([])

  await learner.type('docker rm -f web helper')
  await learner.type('docker run -d --name web --restart unless-stopped -p 8080:80 nginx')
  await learner.type('docker run -d --name helper alpine sleep infinity')
  await panel.getByRole('button', { name: 'Check', exact: true }).click()
  await learner.expectPassed(step!)
  expect(await note.count()).toBe(0)
  expect(site.complaints).toEqual([])
})

it('a lab that is changed is told of to whoever is in it, who goes on with it as it was until they start over', async () => {
  const file = join(shelf, 'keeper', 'en.md')
  writeFileSync(file, readFileSync(file, 'utf8').replace('Publish a web server', 'Publish another web server'))
  await page.getByText(/The files of this lab have changed since you began/).waitFor(patient)
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/lab-changed.png` })
  expect(await accessibilityProblems(page)).toEqual([])
  await page.reload()
  await learner.opened()
  expect(await page.getByText('Publish a web server on port 8080').count()).toBe(1)
  await page.getByRole('button', { name: 'Menu' }).click()
  await page.getByRole('menuitem', { name: 'Start over' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Start over' }).click()
  await page.getByText('Publish another web server on port 8080').waitFor(patient)
  await learner.opened()
  await expect.poll(() => page.getByText(/The files of this lab have changed/).count(), patient).toBe(0)
  expect(await page.getByText('Step passed').count()).toBe(0)
  expect(site.complaints).toEqual([])
})

it('a lab that is added is in the catalogue, one that is broken stays as it was, and one that is removed is not there', async () => {
  const titles = async () => {
    await page.goto(new URL(`${base}/`, page.url()).href)
    await page.getByRole('link', { name: 'The keeper', exact: true }).first().waitFor()
    return await page.getByRole('link', { name: 'The other keeper', exact: true }).count()
  }
  expect(await titles()).toBe(0)
  const other = join(shelf, 'other')
  mkdirSync(other)
  cpSync(join(shelf, 'keeper'), other, { recursive: true })
  const yaml = readFileSync(join(other, 'lab.yaml'), 'utf8').replace('The keeper', 'The other keeper')
  writeFileSync(join(other, 'lab.yaml'), yaml)
  await expect.poll(titles, patient).toBeGreaterThan(0)
  writeFileSync(join(other, 'lab.yaml'), yaml.replace('steps:', 'stops:'))
  await expect.poll(() => site.server.said, patient).toMatch(/lab other can't be used as it is now: .*lab\.yaml/)
  expect(await titles()).toBeGreaterThan(0)
  rmSync(other, { recursive: true })
  await expect.poll(titles, patient).toBe(0)
  expect(site.complaints).toEqual([])
})

it('the paths of a folder of labs are those of its file as it is now', async () => {
  const paths = async () => {
    await page.goto(new URL(`${base}/`, page.url()).href)
    await page.getByRole('link', { name: 'The keeper', exact: true }).first().waitFor()
    return await page.getByRole('region', { name: 'Keeping' }).getByRole('article').count()
  }
  expect(await paths()).toBe(0)
  const file = join(shelf, 'paths.yaml')
  const title = 'title: {en: Keeping, zh: 保管}, summary: {en: How to keep., zh: 怎样保管。}'
  writeFileSync(file, `paths:\n  - {id: keeping, ${title}, labs: [keeper]}\n`)
  await expect.poll(paths, patient).toBe(1)
  expect(site.server.said).toContain('the paths are read anew')
  rmSync(file)
  await expect.poll(paths, patient).toBe(0)
  expect(site.complaints).toEqual([])
})
