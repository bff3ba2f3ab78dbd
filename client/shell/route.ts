import { computed, signal } from '@preact/signals'
import { labPageOf } from '../../server/protocol/lab-address.js'

export type Route = { page: 'catalogue' } | { page: 'lab' | 'map'; lab: string } | { page: 'nowhere' }

/** Which page an address shows. Pure. */
export function routeOf(path: string): Route {
  if (path === '/') return { page: 'catalogue' }
  return labPageOf(path) ?? { page: 'nowhere' }
}

const path = signal(location.pathname)

export const route = computed(() => routeOf(path.value))

/** Whether the learner has moved within the page; else the browser sees to focus and announcement itself. */
export const moved = signal(false)

/** Shows another page, without loading this one again. */
export function go(to: string): void {
  if (to === path.peek()) return
  history.pushState(null, '', to)
  moved.value = true
  path.value = to
  scrollTo(0, 0)
}

addEventListener('popstate', () => {
  moved.value = true
  path.value = location.pathname
})

// Links stay links: for a new tab, for the status line, for those who copy them.
document.addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return
  const link = event.target instanceof Element ? event.target.closest('a') : null
  if (link === null || link.target !== '' || link.origin !== location.origin || link.hasAttribute('download')) return
  // A place on this page is the browser's affair.
  if (link.hash !== '' && link.pathname === location.pathname) return
  if (routeOf(link.pathname).page === 'nowhere') return
  event.preventDefault()
  go(link.pathname)
})
