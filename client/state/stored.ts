import { effect, type Signal, signal } from '@preact/signals'

/**
 * A signal that the browser remembers, and that all windows share. What is stored may be of an older version or of somebody
 * else's making: `read` gives undefined for what is no value.
 */
export function stored<T>(name: string, otherwise: T, read: (value: unknown) => T | undefined): Signal<T> {
  const key = `vethlab.${name}`
  const parse = (text: string | null): T => {
    try {
      return (text === null ? undefined : read(JSON.parse(text))) ?? otherwise
    } catch {
      return otherwise
    }
  }
  let kept: string | null = null
  try {
    kept = localStorage.getItem(key)
  } catch {
    // A browser that keeps nothing.
  }
  const value = signal(parse(kept))
  let first = true
  effect(() => {
    const text = JSON.stringify(value.value)
    if (first) {
      first = false
      return
    }
    try {
      localStorage.setItem(key, text)
    } catch {
      // It is remembered until the page is left.
    }
  })
  addEventListener('storage', (event) => {
    if (event.key === key) value.value = parse(event.newValue)
  })
  return value
}
