import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { mermaidLook } from '../../client/lab/mermaid-look.js'
import { drawingName } from '../../server/lab/diagram.js'
import { fromPackage } from '../../server/package-root.js'
import { bundledDiagrams, drawingsFolder } from '../lab/bundled-diagrams.js'
import { chromiumOptions } from './site.js'

/**
 * The drawings of our labs' diagrams, which spare learners' browsers Mermaid. `PRINT=1 npx vitest run --project browser
 * test/browser/drawings.test.ts` draws those that are missing, and takes away those of no diagram; a Chinese face has to be there.
 * They are measured in a wide face, so that what is written fits into its box whatever face a learner's machine has.
 */

const measured = '"DejaVu Sans", "WenQuanYi Zen Hei", sans-serif'
const mermaidScript = createRequire(import.meta.url).resolve('mermaid/dist/mermaid.min.js')

const sources = new Map(bundledDiagrams.map(([, source]) => [drawingName(source), source]))
const fileOf = (name: string) => readdirSync(drawingsFolder).find((file) => file.startsWith(`${name}-`))

let browser: Awaited<ReturnType<typeof chromium.launch>>
let page: Page
beforeAll(async () => {
  browser = await chromium.launch(chromiumOptions)
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  if (process.env.PRINT !== '1') return
  for (const [name, source] of sources) {
    if (fileOf(name) !== undefined) continue
    const { svg, width, height } = await drawn(name, source)
    writeFileSync(join(drawingsFolder, `${name}-${width}x${height}.svg`), `${svg}\n`)
  }
  for (const file of readdirSync(drawingsFolder)) {
    if (!sources.has(file.split('-')[0]!)) rmSync(join(drawingsFolder, file))
  }
}, 600_000)
afterAll(async () => {
  await browser?.close()
})

it('each says what its diagram does, needs nothing from elsewhere, and takes its colours from the page', async () => {
  await begin()
  for (const [name, source] of sources) {
    const svg = readFileSync(join(drawingsFolder, fileOf(name)!), 'utf8')
    expect(svg).not.toMatch(/<script|\son\w+="|@import|javascript:|(?:href|src)="(?!#)|url\((?!["']?#)/)
    await page.evaluate((text) => {
      document.getElementById('place')!.innerHTML = text
    }, svg)
    const words = await wordsShown()
    await draw(name, source, 'light')
    expect(words, source).toEqual(await wordsShown())
    expect(svg).toContain('var(--text)')
  }
})

/** In the order of the drawing. */
function wordsShown(): Promise<string[]> {
  return page
    .locator('#place svg')
    .evaluate((svg) =>
      [...svg.querySelectorAll('text, foreignObject')]
        .map((one) => one.textContent?.replace(/\s+/g, ' ').trim() ?? '')
        .filter(Boolean),
    )
}

/** An empty page with the look of ours, and a Mermaid that has not drawn anything yet: it counts what it draws. */
async function begin(): Promise<void> {
  const style = ['theme', 'base']
    .map((name) => readFileSync(fromPackage(`client/style/${name}.css`), 'utf8'))
    .join('\n')
  await page.setContent(
    `<!doctype html><html><head><style>${style}</style></head><body><div id="place"></div></body></html>`,
  )
  await page.addScriptTag({ path: mermaidScript })
}

/** By Mermaid, in the place. @returns the page's colours in that theme */
async function draw(name: string, source: string, theme: 'light' | 'dark'): Promise<Record<string, string>> {
  const names: string[] = []
  mermaidLook((one) => {
    names.push(one)
    return '#000000'
  }, false)
  const colours = await page.evaluate(
    ([scheme, all]) => {
      document.documentElement.dataset.theme = scheme
      const style = getComputedStyle(document.documentElement)
      return Object.fromEntries(all.map((one) => [one, style.getPropertyValue(`--${one}`).trim()]))
    },
    [theme, names] as const,
  )
  const look = mermaidLook((one) => (one === 'font-sans' ? measured : colours[one]!), theme === 'dark')
  await page.evaluate(
    async ([id, text, config]) => {
      const { mermaid } = globalThis as unknown as { mermaid: typeof import('mermaid').default }
      const place = document.getElementById('place')!
      place.innerHTML = ''
      mermaid.initialize({ ...config, deterministicIds: true, deterministicIDSeed: id, handDrawnSeed: 1 })
      place.innerHTML = (await mermaid.render(id, text)).svg
    },
    [`drawing-${name}`, source.trim(), look] as const,
  )
  return colours
}

/** Drawn in both themes: what differs are colours, and these are the page's own, or such as Mermaid has made of them. */
async function drawn(name: string, source: string): Promise<{ svg: string; width: number; height: number }> {
  await begin()
  const light = await draw(name, source, 'light')
  const { width, height } = await page.evaluate(() => {
    const { width, height } = document.querySelector('#place svg')!.getBoundingClientRect()
    return { width: Math.round(width), height: Math.round(height) }
  })
  const inLight = await pruned()
  await begin()
  const dark = await draw(name, source, 'dark')
  const inDark = await pruned()
  const colour = /#[0-9a-f]{3,8}\b|(?:rgb|hsl)a?\([^)]*\)/gi
  const [parts, others] = [inLight.split(colour), inDark.split(colour)]
  expect(others, source).toEqual(parts)
  const [found, foundInDark] = [inLight.match(colour) ?? [], inDark.match(colour) ?? []]
  const own = new Map(
    Object.keys(light)
      .filter((one) => one !== 'font-sans')
      .map((one) => [`${canonical(light[one]!)} ${canonical(dark[one]!)}`, `var(--${one})`]),
  )
  const made = new Map<string, { name: string; light: string; dark: string }>()
  const filled = parts.map((part, at) => {
    const [one, other] = [found[at], foundInDark[at]]
    if (one === undefined || other === undefined) return part
    const pair = `${canonical(one)} ${canonical(other)}`
    if (canonical(one) === canonical(other)) return part + one
    const known = own.get(pair)
    if (known !== undefined) return part + known
    if (!made.has(pair)) made.set(pair, { name: `--drawing-${made.size}`, light: one, dark: other })
    return `${part}var(${made.get(pair)!.name})`
  })
  const define = (which: 'light' | 'dark') => [...made.values()].map((one) => `${one.name}:${one[which]}`).join(';')
  const id = `#drawing-${name}`
  const definitions =
    made.size === 0
      ? ''
      : `${id}{${define('light')}}@media (prefers-color-scheme:dark){:root:not([data-theme="light"]) ${id}{${define('dark')}}}:root[data-theme="dark"] ${id}{${define('dark')}}`
  return { svg: filled.join('').replace('<style>', () => `<style>${definitions}`), width, height }
}

/** The drawing in the place, without the rules of its style that are for nothing in it, and in the face of what is around it. */
function pruned(): Promise<string> {
  return page.evaluate(() => {
    const svg = document.querySelector('#place svg')!
    const style = svg.querySelector('style')!
    const rules = [...style.sheet!.cssRules].filter(
      (rule): rule is CSSStyleRule =>
        rule instanceof CSSStyleRule && document.querySelector(rule.selectorText) !== null,
    )
    for (const { style: own } of rules) if (own.fontFamily !== '') own.fontFamily = 'inherit'
    style.textContent = rules.map(({ cssText }) => cssText.replace(/\s+/g, ' ')).join('')
    for (const one of svg.querySelectorAll<SVGElement | HTMLElement>('[style]')) {
      if (one.style.fontFamily !== '') one.style.fontFamily = 'inherit'
    }
    for (const one of svg.querySelectorAll('[font-family]')) one.setAttribute('font-family', 'inherit')
    for (const one of svg.querySelectorAll('[data-points]')) one.removeAttribute('data-points')
    for (const one of svg.querySelectorAll('marker, symbol, filter, linearGradient')) {
      const used = `#${one.id}`
      if (!svg.outerHTML.includes(`${used})`) && !svg.outerHTML.includes(`${used}"`)) one.remove()
    }
    // Mermaid counts some through, so that those of two drawings would be the same.
    for (const one of svg.querySelectorAll('[id]')) if (!one.id.startsWith(svg.id)) one.removeAttribute('id')
    return new XMLSerializer().serializeToString(svg)
  })
}

/** `rgb(r, g, b)` with numbers from 0 to 255, and how much of it is seen where that is not all. */
function canonical(colour: string): string {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(colour)
  const hex = short ? `#${short[1]}${short[1]}${short[2]}${short[2]}${short[3]}${short[3]}` : colour
  const [, r, g, b] = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex) ?? []
  if (r === undefined) return colour.replace(/\s+/g, '').toLowerCase()
  return `rgb(${[r, g!, b!].map((digits) => Number.parseInt(digits, 16)).join(',')})`
}
