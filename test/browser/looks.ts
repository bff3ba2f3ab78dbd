import type { Page } from 'playwright-core'
import { styleFaults } from '../../server/wording/house-style.js'
import type { Language } from '../../server/wording/text.js'

/** What is wrong with how a page looks and reads, measured in the browser. */

/** The smallest letters that are read without effort, in CSS pixels. */
const leastLetter = 11

/** Changes the language as another window of the same browser does it: menus, dialogs and the focus stay as they are. */
export async function setLanguage(page: Page, language: Language): Promise<void> {
  await page.evaluate((to) => {
    const [key, newValue] = ['vethlab.language', JSON.stringify(to)]
    localStorage.setItem(key, newValue)
    dispatchEvent(new StorageEvent('storage', { key, newValue }))
  }, language)
  const tag = language === 'zh' ? 'zh-CN' : 'en'
  await page.waitForFunction(
    (wanted) =>
      document.documentElement.lang === wanted &&
      [...document.querySelectorAll('.sections:not(.skeleton)')].every((one) => one.getAttribute('lang') === wanted),
    tag,
  )
  await drawn(page)
}

/** What was asked for is on the screen. */
export async function drawn(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
}

/** What does not fit, lies over something else, or is too small to be read, of what is seen now. */
export async function layoutFaults(page: Page): Promise<string[]> {
  return page.evaluate((least) => {
    const found: string[] = []
    const isSeen = (one: Element) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    const nameOf = (one: Element) =>
      `${one.tagName.toLowerCase()}.${one.getAttribute('class') ?? ''} “${one.textContent?.trim().slice(0, 40)}”`
    const overflowOf = (one: Element) => getComputedStyle(one)
    /** What has an edge of its own. */
    const panels = '.check, .block, .welcome, .notice, .trouble, .cause, .inquiry, .facts-pane, dialog'
    const isSticky = (one: Element) => ['fixed', 'sticky'].includes(getComputedStyle(one).position)

    /** What of a thing is seen: its ancestors may cut it. */
    const window = (one: Element) => {
      const seen = { left: 0, top: 0, right: innerWidth, bottom: innerHeight }
      for (let at: Element | null = one; at !== null; at = at.parentElement) {
        const { overflowX, overflowY } = overflowOf(at)
        const box = at.getBoundingClientRect()
        if (overflowX !== 'visible') {
          seen.left = Math.max(seen.left, box.left)
          seen.right = Math.min(seen.right, box.right)
        }
        if (overflowY !== 'visible') {
          seen.top = Math.max(seen.top, box.top)
          seen.bottom = Math.min(seen.bottom, box.bottom)
        }
      }
      return seen
    }

    /** Edges lie between pixels: what is asked there may be what is beside. */
    const isAtEdge = ({ left, top, right, bottom }: ReturnType<typeof window>, x: number, y: number) =>
      x < left + 1 || x > right - 1 || y < top + 1 || y > bottom - 1

    const page = document.documentElement
    if (page.scrollWidth > innerWidth) found.push(`the page is ${page.scrollWidth - innerWidth} px too wide`)

    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const parent = node.parentElement
      if (parent === null || node.textContent?.trim() === '') continue
      if (parent.closest('.xterm, .unseen, .skip-link, textarea, script, style, select, datalist, .map-overview'))
        continue
      if (!isSeen(parent)) continue
      const range = document.createRange()
      range.selectNodeContents(node)
      const rects = [...range.getClientRects()].filter(({ width, height }) => width > 1 && height > 1)
      const inSvg = parent.closest('svg')
      const style = getComputedStyle(parent)
      const scale = parent instanceof SVGGraphicsElement ? (parent.getScreenCTM()?.a ?? 1) : 1
      const seen = window(parent)
      const inSight = rects.filter(
        ({ left, right, top, bottom }) =>
          right > seen.left + 1 && left < seen.right - 1 && bottom > seen.top + 1 && top < seen.bottom - 1,
      )
      if (inSight.length === 0) continue
      const size = Number.parseFloat(style.fontSize) * scale
      if (size < least - 0.05) found.push(`letters of ${size.toFixed(1)} px: ${nameOf(parent)}`)
      if (inSvg !== null) continue
      // Cut at a side, where nothing can be scrolled and no dots say so.
      for (let at: Element | null = parent; at !== null && at !== document.body; at = at.parentElement) {
        const { overflowX, overflowY, textOverflow } = overflowOf(at)
        const box = at.getBoundingClientRect()
        const clips = (way: string) => way === 'hidden' || way === 'clip'
        const cutAside = inSight.some(({ left, right }) => right > box.right + 1.5 || left < box.left - 1.5)
        if (clips(overflowX) && cutAside) {
          const told = textOverflow === 'ellipsis' && at.closest('[title], [aria-label], h1') !== null
          if (!told) found.push(`cut at the side by ${nameOf(at)}: ${nameOf(parent)}`)
          break
        }
        if (['auto', 'scroll'].includes(overflowX) && cutAside) break
        const cutBelow = inSight.some(({ top, bottom }) => bottom > box.bottom + 3 && top < box.bottom - 3)
        if (clips(overflowY) && cutBelow) found.push(`cut below by ${nameOf(at)}: ${nameOf(parent)}`)
        if (['auto', 'scroll'].includes(overflowY)) break
      }
      const panel = parent.closest(panels)
      const right = (panel?.getBoundingClientRect().right ?? innerWidth) + 1
      if (panel !== null && overflowOf(panel).overflowX === 'visible' && inSight.some((one) => one.right > right)) {
        found.push(`${nameOf(parent)} sticks out of ${nameOf(panel)}`)
      }
      // Something else over it.
      const [{ left, top, width, height }] = inSight as [DOMRect]
      const [x, y] = [left + Math.min(width, 20) / 2, top + height / 2]
      if (isAtEdge(seen, x, y)) continue
      const over = document.elementFromPoint(x, y)
      const isOwn =
        over !== null &&
        (parent.contains(over) ||
          over.contains(parent) ||
          over.closest('label, summary, button, a')?.contains(parent) ||
          over.closest('article')?.contains(parent) ||
          over.matches('.splitter, .height-splitter'))
      if (over !== null && !isOwn && style.pointerEvents !== 'none' && !isSticky(over)) {
        const isDialog =
          document.querySelector('dialog[open]') !== null || over.closest('[role=menu], .map-hint') !== null
        if (!isDialog) found.push(`${nameOf(over)} lies over ${nameOf(parent)}`)
      }
    }

    for (const one of document.querySelectorAll('a[href], button, input, select, summary, [role=tab]')) {
      if (!isSeen(one) || one.closest('.unseen, .skip-link, svg, .xterm') !== null) continue
      const box = one.getBoundingClientRect()
      if (box.width < 2 || box.height < 2) continue
      const panel = one.closest(panels)
      if (panel !== null && box.right > panel.getBoundingClientRect().right + 1) {
        found.push(`the button ${nameOf(one)} sticks out of ${nameOf(panel)}`)
      }
      const seen = window(one)
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2]
      if (isAtEdge(seen, x, y)) continue
      const over = document.elementFromPoint(x, y)
      if (over === null || one.contains(over) || over.contains(one) || one.closest('label')?.contains(over)) continue
      const isDialog = document.querySelector('dialog[open]') !== null || over.closest('[role=menu]') !== null
      if (!isDialog) found.push(`${nameOf(over)} lies over the button ${nameOf(one)}`)
    }
    return [...new Set(found)]
  }, leastLetter)
}

/** What the house's style has against the Chinese of a page as it is put together: texts, names and descriptions. */
export async function chineseFaults(page: Page): Promise<string[]> {
  const said = await page.evaluate(() => {
    const isCode = 'code, pre, kbd, samp, textarea, .host, .place, .kbd, bdi'
    const isElsewhere = '.xterm, svg, script, style, [lang=en], .mermaid pre, select, datalist'
    const lines: string[] = []
    /** A line of text for each block; code between backticks, other blocks left for later. */
    const lineOf = (one: Element): string => {
      let line = ''
      for (const node of one.childNodes) {
        if (node.nodeType === Node.TEXT_NODE) line += node.textContent ?? ''
        if (!(node instanceof Element) || node.matches(isElsewhere)) continue
        const isInline = getComputedStyle(node).display.startsWith('inline') && !node.matches('button, input')
        if (node.matches(isCode)) line += `\`${node.textContent ?? ''}\``
        else if (isInline) line += lineOf(node)
        else {
          lines.push(lineOf(node))
          line += '\n'
        }
      }
      return line
    }
    lines.push(lineOf(document.body))
    for (const one of document.querySelectorAll('[aria-label], [title], [placeholder], [aria-description]')) {
      if (one.closest(isElsewhere) !== null && one.closest('svg') === null) continue
      // A command is part of the name.
      if (one.matches('.block .bar button, .copy')) continue
      for (const name of ['aria-label', 'title', 'placeholder', 'aria-description']) {
        const text = one.getAttribute(name)
        if (text !== null) lines.push(text)
      }
    }
    return [document.title, ...lines.flatMap((line) => line.split('\n'))].map((line) =>
      line.replace(/\s+/g, ' ').trim(),
    )
  })
  return [...new Set(said)]
    .filter((line) => /\p{Script=Han}/u.test(line))
    .flatMap((line) =>
      styleFaults(line, 'zh').map(({ found, instead }) => `${found} -> ${instead} (${line.slice(0, 80)})`),
    )
}
