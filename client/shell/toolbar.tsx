import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/**
 * Buttons of which Tab reaches one, and arrow keys, Home and End the others:
 * https://www.w3.org/WAI/ARIA/apg/patterns/toolbar/.
 */
export function Toolbar({
  label,
  class: name,
  children,
}: {
  label: string
  class: string
  children: ComponentChildren
}) {
  const root = useRef<HTMLDivElement>(null)
  const buttons = () => [...(root.current?.querySelectorAll<HTMLButtonElement>('button:not(:disabled)') ?? [])]
  const reach = (one: HTMLElement | undefined) => {
    for (const button of buttons()) button.tabIndex = button === one ? 0 : -1
  }
  // Each drawing may have brought other buttons.
  useLayoutEffect(() => {
    const all = buttons()
    reach(all.find((button) => button === document.activeElement) ?? all[0])
  })
  const onKeyDown = (event: KeyboardEvent) => {
    const all = buttons()
    const at = all.indexOf(document.activeElement as HTMLButtonElement)
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key]
    const next = to === undefined ? undefined : all.at(to % all.length)
    if (at < 0 || next === undefined) return
    event.preventDefault()
    next.focus()
  }
  return (
    <div
      ref={root}
      class={name}
      role="toolbar"
      aria-label={label}
      onKeyDown={onKeyDown}
      onFocusIn={(event) => reach(event.target as HTMLElement)}
    >
      {children}
    </div>
  )
}
