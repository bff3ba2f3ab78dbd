import { useCallback, useLayoutEffect, useRef } from 'preact/hooks'
import { moved } from './route.js'

/** The title of the window, while a page is there. */
export function useTitle(title: string | undefined): void {
  useLayoutEffect(() => {
    document.title = title === undefined ? 'vethlab' : `${title} · vethlab`
  }, [title])
}

/** For the heading of a page: once it is there, it gets the focus where the learner has come here from another page. */
export function useArrival<E extends HTMLElement>() {
  const hasCome = useRef(false)
  return useCallback((heading: E | null) => {
    if (heading === null || hasCome.current) return
    hasCome.current = true
    if (moved.peek()) heading.focus({ preventScroll: true })
  }, [])
}
