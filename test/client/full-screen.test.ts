// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

/** A browser's full screen, and what was asked of its keyboard. */
let asked: unknown[]
let full: Element | null

function browser({ hasLock = true, refuses = false } = {}): void {
  asked = []
  full = null
  const say = () => document.dispatchEvent(new Event('fullscreenchange'))
  Object.defineProperties(document, {
    fullscreenEnabled: { value: true, configurable: true },
    fullscreenElement: { get: () => full, configurable: true },
    exitFullscreen: {
      value: async () => {
        full = null
        say()
      },
      configurable: true,
    },
  })
  document.documentElement.requestFullscreen = async () => {
    full = document.documentElement
    say()
  }
  const keyboard = {
    async lock(codes: readonly string[]) {
      if (refuses) throw new DOMException('no', 'NotAllowedError')
      asked.push([full !== null, codes])
    },
    unlock: () => asked.push('unlock'),
  }
  Object.defineProperty(navigator, 'keyboard', { value: hasLock ? keyboard : undefined, configurable: true })
}

beforeEach(() => vi.resetModules())
afterEach(() => {
  for (const name of ['fullscreenEnabled', 'fullscreenElement', 'exitFullscreen'])
    Reflect.deleteProperty(document, name)
  Reflect.deleteProperty(navigator, 'keyboard')
})

it('takes the keys of tabs and windows once the screen is full, and gives them back', async () => {
  browser()
  const { hasFullScreen, isFullScreen, switchFullScreen } = await import('../../client/shell/full-screen.js')
  expect(hasFullScreen).toBe(true)
  await switchFullScreen()
  expect([isFullScreen.value, asked]).toEqual([true, [[true, ['KeyW', 'KeyT', 'KeyN', 'Escape']]]])
  await switchFullScreen()
  expect([isFullScreen.value, asked.at(-1)]).toEqual([false, 'unlock'])
})

it('is not offered where a browser gives no keys', async () => {
  browser({ hasLock: false })
  expect((await import('../../client/shell/full-screen.js')).hasFullScreen).toBe(false)
})

it('stays in full screen where the keys are refused', async () => {
  browser({ refuses: true })
  const { isFullScreen, switchFullScreen } = await import('../../client/shell/full-screen.js')
  await switchFullScreen()
  expect(isFullScreen.value).toBe(true)
})
