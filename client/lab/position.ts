import { useEffect } from 'preact/hooks'
import { view } from '../state/session.js'

/** How far a heading may be above the text's upper edge, or below, to be the one that is read: a third of the window. */
const readingPart = 1 / 3

const idOf = (heading: Element) => heading.id.replace(/^section-/, '')

/**
 * Where one reads is in the page's address, as `#section-names`: a reload, Back and a second window come back to it. Who comes without one
 * begins at the step that is open, or at the top where none has been done.
 * @param isThere whether the text is shown
 */
export function usePosition(text: { current: HTMLElement | null }, isThere: boolean): void {
  const isKnown = view.value !== undefined
  useEffect(() => {
    const scroll = text.current
    if (!isThere || scroll === null) return
    goTo(location.hash.slice(1))
    let asked = 0
    const onScroll = () => {
      asked ||= requestAnimationFrame(() => {
        asked = 0
        const { top, height } = scroll.getBoundingClientRect()
        const read = [...scroll.querySelectorAll('h2[id]')].findLast(
          (heading) => heading.getBoundingClientRect().top < top + height * readingPart,
        )
        const hash = read === undefined || scroll.scrollTop === 0 ? '' : `#section-${idOf(read)}`
        if (hash !== location.hash) history.replaceState(history.state, '', location.pathname + location.search + hash)
      })
    }
    scroll.addEventListener('scroll', onScroll, { passive: true })
    return () => {
      cancelAnimationFrame(asked)
      scroll.removeEventListener('scroll', onScroll)
    }
  }, [isThere])
  useEffect(() => {
    if (!isThere || !isKnown || location.hash !== '' || text.current?.scrollTop !== 0) return
    const { current, steps } = view.peek()!
    if (current !== undefined && steps.some(({ state }) => state !== 'open')) goTo(`section-${current}`)
  }, [isThere, isKnown])
}

function goTo(id: string): void {
  if (id !== '') document.getElementById(id)?.scrollIntoView({ block: 'start' })
}
