import { signal } from '@preact/signals'

type Loaded = typeof import('./map-panel.js')

/** The part of the page that draws maps: code that neither the text nor the first prompt need wait for. */
export const mapPanel = signal<Loaded | 'failed' | undefined>(undefined)

let loading: Promise<void> | undefined

/** Loads it, once. */
export function loadMap(): Promise<void> {
  loading ??= import('./map-panel.js').then(
    (loaded) => {
      mapPanel.value = loaded
    },
    () => {
      mapPanel.value = 'failed'
      loading = undefined
    },
  )
  return loading
}
