import { signal } from '@preact/signals'

type Terminals = typeof import('../terminal/terminal-area.js') & typeof import('../terminal/terminals.js')

/** The part of the page that has terminals: much code, which the text need not wait for. */
export const terminals = signal<Terminals | 'failed' | undefined>(undefined)

let loading: Promise<void> | undefined

/** Loads it, once. */
export function loadTerminals(): Promise<void> {
  loading ??= Promise.all([import('../terminal/terminal-area.js'), import('../terminal/terminals.js')]).then(
    ([area, rest]) => {
      terminals.value = { ...area, ...rest }
    },
    () => {
      terminals.value = 'failed'
      loading = undefined
    },
  )
  return loading
}
