import { chownSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { ServerProcess } from '../../server/bench/server-process.js'
import { RackdClient } from '../../server/node/rackd-client.js'
import { testState } from '../hosts/state.js'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Debian's Chromium, as root in a container: without its own sandbox, and asking nobody on the network for anything. */
export const chromiumOptions = {
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    // The terminal's text is then in the page, where a test can read it.
    '--disable-3d-apis',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
}

/** The real server on the tests' state with nothing on record, and a real browser. */
export class Site implements AsyncDisposable {
  /** What the pages said or asked for that they should not have. */
  readonly complaints: string[] = []
  /** Complaints while the server is away are no surprise. */
  expectOutage = false

  private constructor(
    public server: ServerProcess,
    private readonly browser: Browser,
    private readonly options: string[],
  ) {}

  /** @param records a file as an older version left it, in the place of none */
  static async open(options: string[] = [], { records }: { records?: string } = {}): Promise<Site> {
    forgetRecords()
    if (records !== undefined) putRecords(records)
    const server = await ServerProcess.start(['--close-racks', ...options])
    return Site.on(server, options)
  }

  /** The preview of a lab, and a real browser. */
  static async preview(lab: string): Promise<Site> {
    forgetRecords()
    return Site.on(await ServerProcess.preview(lab), [])
  }

  private static async on(server: ServerProcess, options: string[]): Promise<Site> {
    try {
      return new Site(server, await chromium.launch(chromiumOptions), options)
    } catch (error) {
      await server.stop()
      throw error
    }
  }

  get racks(): RackdClient {
    return new RackdClient(testState.rackdSocket)
  }

  /** A window of its own cookies and memory, on a page of the site; the first visit brings the token, unless it is a stranger's. */
  async visit(path = '/', options: BrowserContextOptions & { stranger?: boolean } = {}): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: { width: 1440, height: 900 },
      locale: 'en-GB',
      ...options,
    })
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: this.server.address.origin })
    const page = await context.newPage()
    this.watch(page)
    const address = new URL(path, this.server.address)
    if (!options.stranger) address.searchParams.set('token', this.server.address.searchParams.get('token')!)
    await page.goto(address.href)
    return page
  }

  /** Console errors, and requests to anybody else. */
  watch(page: Page): void {
    const complain = (what: string) => {
      if (!this.expectOutage) this.complaints.push(`${page.url()}: ${what}`)
    }
    page.on('console', (message) => {
      if (isTiming(message.text())) return
      if (message.type() === 'error' || message.type() === 'warning') complain(`${message.type()}: ${message.text()}`)
    })
    page.on('pageerror', (error) => complain(`threw ${error.message}`))
    page.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url())
      if (!['127.0.0.1', 'localhost'].includes(hostname) && !['data:', 'blob:'].includes(protocol))
        complain(`asked ${request.url()}`)
    })
  }

  /** Ends the server as a crash does, and starts another one on the same port. */
  async restartServer(): Promise<void> {
    const { port } = this.server.address
    this.server.kill()
    this.server = await ServerProcess.start(['--close-racks', ...this.options], Number(port))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close()
    await this.server.stop()
  }
}

/** xterm warns of each piece of its drawing that took over 20 ms, as it does on a slow machine: a time, and no fault. */
const isTiming = (warning: string): boolean => /^task queue exceeded allotted deadline by \d+ms$/.test(warning)

/** On the tests' state, where nobody has learnt anything yet. */
function forgetRecords(): void {
  process.env.VETHLAB_STATE = testState.root
  for (const name of readdirSync(testState.root).includes('records') ? readdirSync(testState.records) : []) {
    if (name.includes('.db') || name.includes('.sqlite')) rmSync(join(testState.records, name))
  }
}

function putRecords(file: string): void {
  const path = join(testState.records, 'records.sqlite')
  mkdirSync(testState.records, { recursive: true })
  copyFileSync(file, path)
  chownSync(path, testState.webUser, testState.webUser)
}

/** What axe finds wrong on a page as it is now, in light and in dark. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  const isDark = await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)
  const [own, other] = isDark ? (['dark', 'light'] as const) : (['light', 'dark'] as const)
  const found = (await problemsNow(page)).map((problem) => `${own}: ${problem}`)
  await page.emulateMedia({ colorScheme: other })
  found.push(...(await problemsNow(page)).map((problem) => `${other}: ${problem}`))
  await page.emulateMedia({ colorScheme: own })
  return found
}

async function problemsNow(page: Page): Promise<string[]> {
  // Colours that change begin to fade with the next drawing.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  // What is still fading in has less contrast than it will have.
  // Looked at again and again: the promise of one that is cancelled before it is asked for is never kept.
  const isFading = () =>
    document
      .getAnimations()
      .filter(({ effect }) => effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY)
      .some(({ playState }) => playState === 'running')
  await expect.poll(() => page.evaluate(isFading), { timeout: 10_000 }).toBe(false)
  // Evaluated by the debugger, so the page's policy stays as it is.
  await page.evaluate(axe)
  const results = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(): Promise<{ violations: { id: string; help: string; nodes: { target: string[]; html: string }[] }[] }>
      }
    }
    return await axe.run()
  })
  return results.violations.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
  )
}

/** Nothing on it is wider than the window. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
  expect(content).toBeLessThanOrEqual(window!)
}
