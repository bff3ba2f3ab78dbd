import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { moved } from './route.js'

/** The title of the window, while a page is there. */
export function useTitle(title: string | undefined): void {
  useLayoutEffect(() => {
    document.title = title === undefined ? 'vethlab' : `${title} · vethlab`
  }, [title])
}

/** For the heading of a page: it gets the focus when the learner has come here from another page. */
export function useArrival<E extends HTMLElement>() {
  const heading = useRef<E>(null)
  useEffect(() => {
    if (moved.peek()) heading.current?.focus({ preventScroll: true })
  }, [])
  return heading
}
