import { useEffect } from 'preact/hooks'
import { headingRead } from '../state/lab.js'
import { view } from '../state/session.js'

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
        const read = headingRead()
        const hash = read === undefined || scroll.scrollTop === 0 ? '' : `#${read.id}`
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
    // Peeked anew: between the drawing and this, the page may have gone to another lab.
    const now = view.peek()
    if (!isThere || now === undefined || location.hash !== '' || text.current?.scrollTop !== 0) return
    if (now.current !== undefined && now.steps.some(({ state }) => state !== 'open')) goTo(`section-${now.current}`)
  }, [isThere, isKnown])
}

function goTo(id: string): void {
  if (id !== '') document.getElementById(id)?.scrollIntoView({ block: 'start' })
}
