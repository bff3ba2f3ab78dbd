import { signal } from '@preact/signals'

/** Makes what is seen of the map larger or smaller. */
export interface Zoom {
  by(factor: number): void
  /** Shows all of it, however small. */
  all(): void
}

/** By one press of a key or button. */
export const zoomStep = 1.25

/** Of the map that is drawn; undefined as long as none is. */
export const zoom = signal<Zoom | undefined>(undefined)
