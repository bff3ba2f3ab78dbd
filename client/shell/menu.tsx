import type { ComponentChildren } from 'preact'
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { itemForKey, itemForLetters } from './menu-keys.js'
import { type Shortcut, shortcut } from './shortcuts.js'

/** Letters typed within so long are one word, in milliseconds. */
const wordMs = 600

/**
 * A button that opens a menu. What is in it are buttons or links with `role="menuitem"` (or `menuitemcheckbox`). Keys as in
 * https://www.w3.org/WAI/ARIA/apg/patterns/menu-button/: arrow keys, Home, End and letters move among them, Escape and a click
 * elsewhere close it.
 */
export function Menu({
  label,
  face,
  keys,
  onOpen,
  children,
}: {
  /** For those who don't see the face; the same words where the face has words. */
  label: string
  face: ComponentChildren
  /** A shortcut that opens it. */
  keys?: Pick<Shortcut, 'keys' | 'label'>
  onOpen?: () => void
  children: ComponentChildren
}) {
  const [open, setOpen] = useState<'first' | 'last' | false>(false)
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const typed = useRef({ letters: '', at: 0 })
  const id = useId()

  const show = (at: 'first' | 'last') => {
    if (!open) onOpen?.()
    setOpen(at)
  }
  const latest = useRef(show)
  latest.current = show
  useEffect(() => {
    if (keys === undefined) return
    return shortcut({ ...keys, run: () => latest.current('first') })
  }, [keys?.keys])

  useLayoutEffect(() => {
    if (!open) return
    itemsIn(root.current)
      .at(open === 'first' ? 0 : -1)
      ?.focus()
    const outside = (event: Event) => {
      if (event.target instanceof Node && root.current?.contains(event.target) === false) setOpen(false)
    }
    addEventListener('pointerdown', outside)
    addEventListener('focusin', outside)
    return () => {
      removeEventListener('pointerdown', outside)
      removeEventListener('focusin', outside)
    }
  }, [open])

  const close = () => {
    setOpen(false)
    button.current?.focus()
  }
  const itemOfLetter = (key: string, at: number, items: readonly HTMLElement[]) => {
    const now = performance.now()
    const isWord = now - typed.current.at < wordMs
    if (key.length !== 1 || (key === ' ' && !isWord)) return undefined
    typed.current = { letters: (isWord ? typed.current.letters : '') + key, at: now }
    return itemForLetters(
      typed.current.letters,
      at,
      items.map((item) => item.textContent ?? ''),
    )
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return
    const items = itemsIn(root.current)
    const at = items.indexOf(document.activeElement as HTMLElement)
    const next = itemForKey(event.key, at, items.length) ?? itemOfLetter(event.key, at, items)
    if (event.key === 'Escape') close()
    else if (event.key === 'Tab') setOpen(false)
    else if (next !== undefined) items[next]?.focus()
    // A link does not take it by itself.
    else if (event.key === ' ') items[at]?.click()
    else return
    if (event.key !== 'Tab') event.preventDefault()
  }

  return (
    <div class="menu" ref={root}>
      <button
        ref={button}
        type="button"
        class="quiet"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open !== false}
        aria-controls={open ? id : undefined}
        onClick={() => (open ? setOpen(false) : show('first'))}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
          event.preventDefault()
          show(event.key === 'ArrowDown' ? 'first' : 'last')
        }}
      >
        {face}
      </button>
      {open && (
        <div
          id={id}
          role="menu"
          tabIndex={-1}
          aria-label={label}
          onKeyDown={onKeyDown}
          onClick={(event) => {
            const item = event.target instanceof Element ? event.target.closest('[role^="menuitem"]') : null
            // What is chosen may open a dialog, which gives the focus back to the button.
            if (item !== null) close()
          }}
        >
          {children}
        </div>
      )}
    </div>
  )
}

function itemsIn(root: HTMLElement | null): HTMLElement[] {
  return [...(root?.querySelectorAll<HTMLElement>('[role^="menuitem"]:not(:disabled)') ?? [])]
}
