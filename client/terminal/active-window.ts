import { signal } from '@preact/signals'

const key = 'vethlab.window-in-use'
const own = Math.random().toString(36).slice(2)

/**
 * Whether this is the window that was used last, of all windows of this browser. It gives terminals their size, and its
 * emulators answer what programs ask.
 */
export const windowInUse = signal(false)

function read(): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return own
  }
}

function claim(): void {
  if (windowInUse.peek() && read() === own) return
  try {
    localStorage.setItem(key, own)
  } catch {
    // A browser that keeps nothing: every window answers, and the last one that changes its size sets it.
  }
  windowInUse.value = true
}

addEventListener('storage', (event) => {
  if (event.key !== key && event.key !== null) return
  // As it is now: events of two windows that claim at once may cross.
  const user = read()
  if (user === null && document.visibilityState === 'visible') claim()
  else windowInUse.value = user === own
})
for (const use of ['focus', 'pointerdown', 'keydown']) addEventListener(use, claim, { capture: true })
addEventListener('pagehide', () => {
  try {
    if (read() === own) localStorage.removeItem(key)
  } catch {
    // Nothing is kept.
  }
})
if (document.hasFocus() || read() === null) claim()
