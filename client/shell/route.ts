import { computed, signal } from '@preact/signals'
import { teachPageOf } from '../../server/protocol/class-address.js'
import { belowBase, labPageOf } from '../../server/protocol/lab-address.js'
import { base } from '../state/address.js'

export type Route =
  | { page: 'catalogue' }
  | { page: 'teach'; class?: string }
  | { page: 'lab' | 'map'; lab: string }
  | { page: 'nowhere' }

/** Which page a path below the base shows. Pure. */
export function routeOf(path: string): Route {
  if (path === '/') return { page: 'catalogue' }
  const teach = teachPageOf(path)
  if (teach) return { page: 'teach', ...teach }
  return labPageOf(path) ?? { page: 'nowhere' }
}

const path = signal(ownPath(location.pathname))

export const route = computed(() => routeOf(path.value))

/** Whether the learner has moved within the page; else the browser sees to focus and announcement itself. */
export const moved = signal(false)

/** Shows another page, without loading this one again. @param hash a place on it, such as `#section-names` */
export function go(to: string, hash = ''): void {
  if (ownPath(to) === path.peek()) return
  history.pushState(null, '', to + hash)
  moved.value = true
  path.value = ownPath(to)
  scrollTo(0, 0)
}

addEventListener('popstate', () => {
  moved.value = true
  path.value = ownPath(location.pathname)
})

// Links stay links: for a new tab, for the status line, for those who copy them.
document.addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return
  const link = event.target instanceof Element ? event.target.closest('a') : null
  if (link === null || link.target !== '' || link.origin !== location.origin || link.hasAttribute('download')) return
  // A place on this page is the browser's affair.
  if (link.hash !== '' && link.pathname === location.pathname) return
  if (routeOf(ownPath(link.pathname)).page === 'nowhere') return
  event.preventDefault()
  go(link.pathname, link.hash)
})

/** One that is not of this server shows no page. */
function ownPath(path: string): string {
  return belowBase(path, base) ?? ''
}
