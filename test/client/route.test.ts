// @vitest-environment jsdom
import { describe, expect, it } from 'vitest'
import { go, route, routeOf } from '../../client/shell/route.js'

describe('routeOf', () => {
  it('knows the pages, and no others', () => {
    expect(routeOf('/')).toEqual({ page: 'catalogue' })
    expect(routeOf('/labs/user-bridge')).toEqual({ page: 'lab', lab: 'user-bridge' })
    expect(routeOf('/labs/user-bridge/')).toEqual({ page: 'lab', lab: 'user-bridge' })
    expect(routeOf('/labs/user-bridge/map')).toEqual({ page: 'map', lab: 'user-bridge' })
    expect(routeOf('/labs/My_Lab')).toEqual({ page: 'lab', lab: 'My_Lab' })
    expect(routeOf('/labs/My_Lab/map')).toEqual({ page: 'map', lab: 'My_Lab' })
    for (const path of ['/labs', '/labs/', '/labs/a/b', '/labs/a/map/b', '/labs/..', '/labs/%2e%2e', '/else']) {
      expect(routeOf(path), path).toEqual({ page: 'nowhere' })
    }
  })
})

describe('links', () => {
  const click = (html: string, init: MouseEventInit = {}) => {
    document.body.innerHTML = html
    const event = new MouseEvent('click', { bubbles: true, cancelable: true, ...init })
    let prevented: boolean | undefined
    const last = (event: Event) => {
      prevented = event.defaultPrevented
      // jsdom can't go anywhere.
      event.preventDefault()
    }
    addEventListener('click', last, { once: true })
    document.querySelector('a')!.dispatchEvent(event)
    return prevented
  }

  it('moves within the page', () => {
    globalThis.scrollTo = () => undefined
    go('/')
    expect(click('<a href="/labs/overlay"><b>x</b></a>')).toBe(true)
    expect(route.value).toEqual({ page: 'lab', lab: 'overlay' })
    expect(location.pathname).toBe('/labs/overlay')
  })

  it('leaves the rest to the browser', () => {
    expect(click('<a href="https://example.org/">x</a>')).toBe(false)
    expect(click('<a href="/labs/overlay" target="_blank">x</a>')).toBe(false)
    expect(click('<a href="/">x</a>', { ctrlKey: true })).toBe(false)
    expect(click('<a href="/api/catalogue">x</a>')).toBe(false)
    expect(click('<a href="#section-a">x</a>')).toBe(false)
  })
})
