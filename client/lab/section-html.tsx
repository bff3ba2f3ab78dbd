import { render } from 'preact'
import { memo } from 'preact/compat'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { BlockBar } from './block-bar.js'
import { drawDiagrams } from './diagrams.js'

/** HTML of a section, made by the server, with the buttons of its blocks and its diagrams. */
export const SectionHtml = memo(function SectionHtml({ html }: { html: string }) {
  const root = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const element = root.current
    if (element === null) return
    const takeBlocks = addBars(element)
    const takeDiagrams = drawDiagrams(element)
    const takeFocus = makeScrollable(element)
    return () => {
      takeBlocks()
      takeDiagrams()
      takeFocus()
    }
  }, [html])
  // The server makes it of the lab's own Markdown, with raw HTML turned off.
  return <div class="prose" ref={root} dangerouslySetInnerHTML={{ __html: html }} />
})

function addBars(root: HTMLElement): () => void {
  const bars: HTMLElement[] = []
  for (const block of root.querySelectorAll<HTMLElement>('div.block')) {
    const { block: index, host, fails, live } = block.dataset
    const bar = document.createElement('div')
    bar.className = 'above'
    render(
      <BlockBar
        {...(index === undefined ? {} : { block: { page: Number(index) } })}
        {...(host === undefined ? {} : { host })}
        text={(block.querySelector('pre')?.textContent ?? '').replace(/\n$/, '')}
        fails={fails !== undefined}
        live={live !== undefined}
      />,
      bar,
    )
    block.prepend(bar)
    bars.push(bar)
  }
  return () => {
    for (const bar of bars) {
      render(null, bar)
      bar.remove()
    }
  }
}

/** What is wider than the page is scrolled by keyboard, too: it can be focused as long as it is wider. */
function makeScrollable(root: HTMLElement): () => void {
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.setAttribute('tabindex', '0')
      else target.removeAttribute('tabindex')
    }
  })
  for (const wide of root.querySelectorAll('pre, table, .drawing')) observer.observe(wide)
  return () => observer.disconnect()
}
