import { signal } from '@preact/signals'

/** Keyboard Lock (https://wicg.github.io/keyboard-lock/): Chromium's browsers have it, over TLS or on loopback, and only in full screen. */
interface KeyboardLock {
  lock(codes: readonly string[]): Promise<void>
  unlock(): void
}

/**
 * By their places on the keyboard: those that browsers take for tabs and windows when Ctrl is held, and Escape, which editors need and
 * which would leave full screen. Held down it still does.
 */
const wanted = ['KeyW', 'KeyT', 'KeyN', 'Escape']

const { keyboard } = navigator as Navigator & { keyboard?: KeyboardLock }

/** Whether full screen is of use here: it is offered for the keys alone. */
export const hasFullScreen = keyboard?.lock !== undefined && document.fullscreenEnabled === true

export const isFullScreen = signal(document.fullscreenElement != null)
document.addEventListener('fullscreenchange', () => {
  isFullScreen.value = document.fullscreenElement != null
  if (!isFullScreen.value) keyboard?.unlock()
})

/** Into full screen, where these keys reach the terminal, and out of it. A browser that refuses either has said so itself. */
export async function switchFullScreen(): Promise<void> {
  try {
    if (isFullScreen.peek()) {
      await document.exitFullscreen()
      return
    }
    await document.documentElement.requestFullscreen()
    await keyboard?.lock(wanted)
  } catch {
    // Everything else works as before.
  }
}
