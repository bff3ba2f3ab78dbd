import { signal } from '@preact/signals'
import type { Text } from '../../server/wording/text.js'

export interface Shortcut {
  /** Such as `alt+shift+c`, `?` or `/`: modifiers in the order ctrl, alt, shift, meta, then the key. */
  keys: string
  label: Text
  run(): void
}

/** Those that work now, for the list under `?`. */
export const shortcuts = signal<readonly Shortcut[]>([])

/** From now on, these keys do that. @returns what takes it back */
export function shortcut(one: Shortcut): () => void {
  shortcuts.value = [...shortcuts.peek(), one]
  return () => {
    shortcuts.value = shortcuts.peek().filter((other) => other !== one)
  }
}

/**
 * The keys of an event, as shortcuts write them. Letters and digits go by their place on the keyboard where Alt is held, since Alt
 * makes other characters of them on many; characters such as `?` go by themselves, without Shift. Pure.
 */
export function keysOf(
  event: Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey'>,
): string {
  const place = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1]
  const key = (event.altKey && place !== undefined ? place : event.key).toLowerCase()
  const character = key.length === 1 && !/[a-z0-9]/.test(key)
  return [
    event.ctrlKey && 'ctrl',
    event.altKey && 'alt',
    event.shiftKey && !character && 'shift',
    event.metaKey && 'meta',
    key,
  ]
    .filter((part) => part !== false)
    .join('+')
}

/** Whether keys are safe while someone types: two modifiers, which make no character. Pure. */
export function worksWhileTyping(keys: string): boolean {
  return keys.startsWith('alt+shift+') || keys.startsWith('ctrl+alt+')
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest('input, textarea, select, [contenteditable="true"], .xterm, [role="menu"]') !== null
  )
}

// In the capture phase, so that the terminal never sees what is ours.
addEventListener(
  'keydown',
  (event) => {
    if (event.isComposing) return
    const keys = keysOf(event)
    // The last one counts: a page's own goes before what is below it.
    const found = shortcuts.peek().findLast((one) => one.keys === keys)
    if (found === undefined) return
    if (!worksWhileTyping(keys) && (isTyping(event.target) || document.querySelector('dialog[open]') !== null)) return
    event.preventDefault()
    event.stopPropagation()
    found.run()
  },
  { capture: true },
)
