import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { stringsOf } from '../state/language.js'
import { CrossIcon } from './icons.js'

const strings = stringsOf({
  en: { close: 'Close', cancel: 'Cancel' },
  zh: { close: '关闭', cancel: '取消' },
})

/** The browser's own modal dialog: it keeps the focus inside, and gives it back. */
export function Dialog({ title, onClose, children }: { title: string; onClose(): void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useLayoutEffect(() => {
    const active = document.activeElement
    // An item of a menu is gone by then, with its menu: the button that opened that is not.
    const back = active?.closest('.menu')?.querySelector(':scope > button') ?? active
    dialog.current?.showModal()
    return () => {
      if (back instanceof HTMLElement) back.focus()
    }
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it, which the browser sees to
    <dialog
      ref={dialog}
      aria-labelledby={heading}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div class="dialog">
        <header>
          <h2 id={heading}>{title}</h2>
          <button
            type="button"
            class="quiet only-icon"
            aria-label={strings.value.close}
            onClick={() => dialog.current?.close()}
          >
            <CrossIcon />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  )
}

interface Question {
  title: string
  text: string
  action: string
  answer(yes: boolean): void
}
const question = signal<Question | undefined>(undefined)

/** Asks before something that can't be taken back. */
export function confirmed(asked: Omit<Question, 'answer'>): Promise<boolean> {
  return new Promise((resolve) => {
    question.value = {
      ...asked,
      answer(yes) {
        question.value = undefined
        resolve(yes)
      },
    }
  })
}

/** Once a page: the question that is open. */
export function Questions() {
  const asked = question.value
  if (asked === undefined) return null
  return (
    <Dialog title={asked.title} onClose={() => asked.answer(false)}>
      <p>{asked.text}</p>
      <footer>
        {/* Enter must not lose anybody's work. */}
        <button type="button" autofocus onClick={() => asked.answer(false)}>
          {strings.value.cancel}
        </button>
        <button type="button" class="primary" onClick={() => asked.answer(true)}>
          {asked.action}
        </button>
      </footer>
    </Dialog>
  )
}
