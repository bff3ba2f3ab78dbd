import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EvidenceFolder } from '../../server/evidence/evidence-folder.js'
import { makeBundle } from '../../server/evidence/make-bundle.js'
import { evidencePage } from '../../server/evidence/page.js'
import { readBundle } from '../../server/evidence/read-bundle.js'
import { fingerprintOf } from '../../server/evidence/seal.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import type { Language } from '../../server/wording/text.js'
import { ScriptedProbe } from '../check/cases.js'
import { StateBuilder } from '../check/state-builder.js'
import { graded } from '../evidence/graded.js'
import { accessibilityProblems, chromiumOptions } from './site.js'

/** The page of a bundle, opened as a file, by a browser that has no network. */

const key = generateKeyPairSync('ed25519').privateKey
/** What a network may be called, as far as an Engine lets it be said. */
const strange = '<b>net</b>'
let scratch: string
let browser: Awaited<ReturnType<typeof chromium.launch>>
const complaints: string[] = []

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-evidence-'))
  const lab = await loadLab(fromPackage('test/trial/exam'))
  const rack = new StateBuilder()
  const node1 = rack.docker('node1', '192.168.1.11')
  rack.plain('laptop', '192.168.1.50')
  rack.network(node1, { name: strange, subnet: '172.20.0.0/16' })
  const made = await graded(lab, new ScriptedProbe(rack))
  const bare = new StateBuilder()
  bare.docker('node1', '192.168.1.11')
  bare.plain('laptop', '192.168.1.50')
  made.witness.before = await new ScriptedProbe(bare).capture()
  // What a student prints may try to be part of the page.
  made.witness.scripts[0]!.stdout = '\u001b[32mgreen\u001b[0m </script><script>document.title = "caught"</script>\n'
  const files = await makeBundle(
    { lab, given: undefined, ...made },
    { vethlab: '0.1.0', golden: 'g1', kernel: '6.1', key },
  )
  const bundle = await (await EvidenceFolder.open(scratch)).keep('s1', files)
  for (const language of ['en', 'zh'] as const) {
    const page = evidencePage(bundle, await readBundle(bundle, key), fingerprintOf(key), language)
    writeFileSync(join(scratch, `${language}.html`), page)
  }
  browser = await chromium.launch(chromiumOptions)
})
afterAll(async () => {
  await browser?.close()
  rmSync(scratch, { recursive: true, force: true })
})

async function open(language: Language): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, offline: true })
  const page = await context.newPage()
  const file = pathToFileURL(join(scratch, `${language}.html`)).href
  page.on('request', (request) => void (request.url() !== file && complaints.push(`asked for ${request.url()}`)))
  page.on('console', (message) => void (message.type() !== 'log' && complaints.push(message.text())))
  page.on('pageerror', (error) => void complaints.push(error.message))
  await page.goto(file)
  return page
}

it('plays the transcript without a network, and what was printed stays print', async () => {
  const page = await open('en')
  const player = page.locator('#player')
  await player.locator('.ap-player').waitFor()
  await player.click()
  await player.locator('.ap-term', { hasText: 'root@node1:~# ./node1.sh' }).waitFor()
  await player.locator('.ap-term', { hasText: '</script><script>' }).waitFor()
  expect(await page.title()).toBe('Exam')
  expect(complaints).toEqual([])
  if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, 'evidence-en.png'), fullPage: true })
})

it('shows the network moment by moment, with what was different and the facts of what is chosen', async () => {
  const page = await open('en')
  const network = page.locator('#network')
  const moments = network.locator('.moments button')
  await moments.first().waitFor()
  expect((await moments.allInnerTexts()).map((text) => text.replace(/ \d\d:.*$/, ''))).toEqual([
    'Before anything was run',
    'When “A network” was judged',
    'When “A web server” was judged',
    'When all was judged',
  ])
  const shop = network.locator('.element.bridge', { hasText: strange })
  await shop.waitFor()
  await moments.nth(1).click()
  await network.getByRole('listitem').getByText(strange, { exact: false }).first().waitFor()
  await shop.click()
  await network.getByText('172.20.0.0/16').first().waitFor()
  if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, 'evidence-map.png'), fullPage: true })
  await moments.first().click()
  await shop.waitFor({ state: 'detached' })
  // By keys: from the first part of the map on.
  await network.locator('.element').first().focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  expect(await network.locator('.element.chosen').count()).toBe(1)
  expect(await page.title()).toBe('Exam')
  expect(complaints).toEqual([])
})

it.each(['en', 'zh'] as const)('can be read by everybody, in %s', async (language) => {
  const page = await open(language)
  await page.locator('.ap-player').waitFor()
  expect(await accessibilityProblems(page)).toEqual([])
  await page.getByText(language === 'zh' ? '文本形式' : 'The same as text').click()
  expect(await page.locator('pre.transcript').isVisible()).toBe(true)
  expect(complaints).toEqual([])
  if (process.env.SHOTS)
    await page.screenshot({ path: join(process.env.SHOTS, `evidence-${language}-read.png`), fullPage: true })
})
