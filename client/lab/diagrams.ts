import { effect, signal } from '@preact/signals'
import { connection } from '../state/connection.js'
import { inLanguage } from '../state/language.js'
import { theme } from '../state/settings.js'
import { type Drawing, drawingNamed, loadDrawing } from './drawings.js'
import { mermaidLook } from './mermaid-look.js'
import { whenCalm } from './when-calm.js'

const prefersDark = matchMedia('(prefers-color-scheme: dark)')
const systemIsDark = signal(prefersDark.matches)
prefersDark.addEventListener('change', () => {
  systemIsDark.value = prefersDark.matches
})

let count = 0
// Mermaid keeps its settings for the whole page, so one is drawn after the other.
let line: Promise<void> = Promise.resolve()

/** Draws the diagrams below an element once they come near, and anew when the theme changes. @returns what ends that */
export function drawDiagrams(root: HTMLElement): () => void {
  const ends: (() => void)[] = []
  for (const figure of root.querySelectorAll<HTMLElement>('figure.mermaid')) ends.push(drawDiagram(figure))
  return () => {
    for (const end of ends) end()
  }
}

function drawDiagram(figure: HTMLElement): () => void {
  const pre = figure.querySelector('pre')
  const prose = figure.querySelector('p')
  const source = pre?.textContent?.trim() ?? ''
  pre?.remove()
  const place = document.createElement('div')
  place.className = 'drawing'
  place.setAttribute('role', 'img')
  place.setAttribute('aria-label', inLanguage({ en: 'Diagram', zh: '示意图' }))
  const details = document.createElement('details')
  const summary = document.createElement('summary')
  summary.textContent = inLanguage({ en: 'The diagram in words', zh: '图的文字说明' })
  // A lab of somebody else's may have a diagram without words: then its source is what there is.
  const words = prose ?? pre
  if (words !== null) {
    words.id = `diagram-words-${++count}`
    place.setAttribute('aria-describedby', words.id)
    details.append(summary, words)
  }
  figure.append(place, details)
  figure.classList.add('waiting')
  const drawing = drawingNamed(figure.dataset.drawing ?? '')
  // As high as it will be, so that the text below stays where it is; where nobody knows, about so.
  const room = drawing && roomFor(drawing)
  if (room) place.append(room)
  else place.style.minHeight = `${Math.min(36, Math.max(12, source.split('\n').length * 2.2))}rem`

  const near = signal(false)
  let gone = false
  let drawnDark: boolean | undefined
  const observer = new IntersectionObserver(
    (entries) => {
      if (entries.some((entry) => entry.isIntersecting)) {
        near.value = true
        observer.disconnect()
      }
    },
    { rootMargin: '400px' },
  )
  observer.observe(figure)
  let hasFailed = false
  const endDrawing = effect(() => {
    // What draws it may not have come: once the server is back it is asked for again.
    const isBack = connection.value === 'online'
    // One that is drawn already takes its colours from the page.
    const dark = drawing === undefined && (theme.value === 'dark' || (theme.value === 'system' && systemIsDark.value))
    if (!near.value || (drawnDark === dark && !(hasFailed && isBack))) return
    drawnDark = dark
    line = line.then(async () => {
      // To draw takes its time, in which nothing else of the page moves.
      if (!drawing) await new Promise<void>((resolve) => whenCalm(resolve))
      if (gone) return
      try {
        const svg = await (drawing ? loadDrawing(drawing) : draw(source, dark))
        if (gone) return
        if (room) room.innerHTML = svg
        else place.innerHTML = svg
        place.style.minHeight = ''
        figure.classList.remove('waiting', 'failed')
        if (hasFailed) details.open = false
        hasFailed = false
      } catch {
        hasFailed = true
        figure.classList.remove('waiting')
        figure.classList.add('failed')
        details.open = true
      }
    })
  })
  return () => {
    gone = true
    observer.disconnect()
    endDrawing()
  }
}

/** Its letters are of 15 pixels, and stay large enough to be read: where there is less room than that takes, it is scrolled. */
const leastScale = 11 / 15

function roomFor({ width, height }: Drawing): HTMLElement {
  const room = document.createElement('div')
  room.className = 'room'
  room.style.minWidth = `${Math.round(leastScale * width)}px`
  room.style.maxWidth = `${width}px`
  room.style.aspectRatio = `${width} / ${height}`
  return room
}

async function draw(source: string, dark: boolean): Promise<string> {
  const { default: mermaid } = await import('mermaid')
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim()
  mermaid.initialize(mermaidLook(colour, dark))
  const { svg } = await mermaid.render(`diagram-${++count}`, source)
  return svg
}
