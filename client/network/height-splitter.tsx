import { useRef } from 'preact/hooks'
import { stored } from '../state/stored.js'
import { strings } from './strings.js'

const heights = { least: 20, most: 80, usual: 46 }

/** Height of the map above the terminals, in percent of both. */
export const mapHeight = stored<number>('map-height', heights.usual, (value) =>
  typeof value === 'number' && value >= heights.least && value <= heights.most ? value : undefined,
)

function set(percent: number): void {
  mapHeight.value = Math.round(Math.min(heights.most, Math.max(heights.least, percent)) * 10) / 10
}

/** Between map and terminals: dragged, or moved with arrow keys, Home and End; Enter or a double click resets it. */
export function HeightSplitter() {
  const dragged = useRef(false)
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.shiftKey ? 10 : 2
    if (event.key === 'ArrowUp') set(mapHeight.value - step)
    else if (event.key === 'ArrowDown') set(mapHeight.value + step)
    else if (event.key === 'Home') set(heights.least)
    else if (event.key === 'End') set(heights.most)
    else if (event.key === 'Enter') set(heights.usual)
    else return
    event.preventDefault()
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that can be moved is no <hr>
    <div
      class="height-splitter"
      role="separator"
      tabIndex={0}
      aria-orientation="horizontal"
      aria-label={strings.value.height}
      aria-valuemin={heights.least}
      aria-valuemax={heights.most}
      aria-valuenow={Math.round(mapHeight.value)}
      onKeyDown={onKeyDown}
      onDblClick={() => set(heights.usual)}
      onPointerDown={(event) => {
        if (event.button !== 0) return
        event.currentTarget.setPointerCapture(event.pointerId)
        dragged.current = true
      }}
      onPointerMove={(event) => {
        const box = event.currentTarget.parentElement?.getBoundingClientRect()
        if (dragged.current && box !== undefined) set(((event.clientY - box.top) / box.height) * 100)
      }}
      onLostPointerCapture={() => {
        dragged.current = false
      }}
    />
  )
}
