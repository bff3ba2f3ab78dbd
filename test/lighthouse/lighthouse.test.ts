import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import lighthouse, { desktopConfig } from 'lighthouse'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '../browser/free-port.js'
import { chromiumOptions, Site } from '../browser/site.js'

/** What Lighthouse finds on the pages that learners see first: cold, on a phone with its slow network and processor, and on a desktop. */

const least = { performance: 95, accessibility: 100, 'best-practices': 100 }
type Category = keyof typeof least
const categories = Object.keys(least) as Category[]

let site: Site
beforeAll(async () => {
  site = await Site.open()
  // The map page opens nothing: the lab is open in another window.
  const page = await site.visit('/labs/user-bridge')
  await page.locator('.element').first().waitFor({ timeout: 120_000 })
}, 180_000)
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
})

const pages = { catalogue: '/', lab: '/labs/user-bridge', map: '/labs/user-bridge/map' }
const devices = ['desktop', 'phone'] as const
/** Who else works on the machine makes a page seem slow, and never fast: the best of so many counts. */
const mostRuns = 3

for (const device of devices) {
  for (const [name, path] of Object.entries(pages)) {
    it(`${name}, ${device}`, async () => {
      let best: Awaited<ReturnType<typeof audit>> | undefined
      let trouble: unknown
      for (let run = 0; run < mostRuns && !isEnough(best); run++) {
        // A browser on a busy machine may miss the beginning of the page that it was to record.
        const now = await audit(path, device).catch((error: unknown) => {
          trouble = error
        })
        if (!now) continue
        if (best === undefined || now.scores.performance > best.scores.performance) best = now
      }
      if (best === undefined) throw trouble
      const { scores, findings, figures } = best
      const told = [...categories.map((category) => `${category} ${scores[category]}`), ...figures].join(' | ')
      console.log([`| ${name} | ${device} | ${told} |`, ...findings].join('\n  '))
      for (const category of categories) expect(scores[category], category).toBeGreaterThanOrEqual(least[category])
    }, 300_000)
  }
}

function isEnough(found: Awaited<ReturnType<typeof audit>> | undefined): boolean {
  return found !== undefined && categories.every((category) => found.scores[category] >= least[category])
}

async function audit(path: string, device: (typeof devices)[number]) {
  const profile = await mkdtemp(join(tmpdir(), 'vethlab-lighthouse-'))
  const port = await freePort()
  const context = await chromium.launchPersistentContext(profile, {
    ...chromiumOptions,
    args: [...chromiumOptions.args, `--remote-debugging-port=${port}`],
  })
  try {
    // A browser that is let in, with nothing of the page in its cache.
    const [first] = context.pages()
    const letIn = new URL('/icon.svg', site.server.address)
    letIn.searchParams.set('token', site.server.address.searchParams.get('token')!)
    await first!.goto(letIn.href)
    const flags = { port, onlyCategories: categories, disableStorageReset: true, logLevel: 'error' as const }
    const result = await lighthouse(
      new URL(path, site.server.address.origin).href,
      flags,
      device === 'desktop' ? desktopConfig : undefined,
    )
    const { categories: told, audits, environment, runtimeError } = result!.lhr
    if (runtimeError) throw new Error(runtimeError.message)
    const scores = Object.fromEntries(
      categories.map((category) => [category, Math.round(100 * (told[category]?.score ?? 0))]),
    ) as Record<Category, number>
    const weighty = new Set(
      Object.values(told).flatMap(({ auditRefs }) => auditRefs.filter(({ weight }) => weight > 0).map(({ id }) => id)),
    )
    return {
      scores,
      findings: Object.values(audits)
        .filter(({ id, score }) => (weighty.has(id) || id === 'layout-shifts') && score !== null && score < 0.95)
        .map(({ id, score, displayValue = '', details }) =>
          `${id} ${score} ${displayValue} ${itemsOf(details)}`.trim(),
        ),
      figures: [
        ...[
          'first-contentful-paint',
          'largest-contentful-paint',
          'total-blocking-time',
          'cumulative-layout-shift',
          'total-byte-weight',
        ].map((id) => `${id} ${audits[id]?.displayValue ?? '?'}`),
        // About 1000 and more on a machine that has nothing else to do.
        `processor ${environment.benchmarkIndex}`,
      ],
    }
  } finally {
    await context.close()
    await rm(profile, { recursive: true, force: true })
  }
}

function itemsOf(details: unknown): string {
  const { items = [] } = (details ?? {}) as { items?: unknown[] }
  return JSON.stringify(items).slice(0, 400)
}
