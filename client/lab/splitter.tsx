import { useRef } from 'preact/hooks'
import { stringsOf } from '../state/language.js'
import { splitAt, splits } from '../state/settings.js'

const strings = stringsOf({
  en: { label: 'Width of the instructions' },
  zh: { label: '说明栏的宽度' },
})

function set(percent: number): void {
  splitAt.value = Math.round(Math.min(splits.most, Math.max(splits.least, percent)) * 10) / 10
}

/** Between instructions and terminals: dragged, or moved with arrow keys, Home and End; a double click resets it. */
export function Splitter() {
  const dragged = useRef(false)
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.shiftKey ? 10 : 2
    if (event.key === 'ArrowLeft') set(splitAt.value - step)
    else if (event.key === 'ArrowRight') set(splitAt.value + step)
    else if (event.key === 'Home') set(splits.least)
    else if (event.key === 'End') set(splits.most)
    else if (event.key === 'Enter') set(splits.usual)
    else return
    event.preventDefault()
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that can be moved is no <hr>
    <div
      class="splitter"
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={strings.value.label}
      aria-valuemin={splits.least}
      aria-valuemax={splits.most}
      aria-valuenow={Math.round(splitAt.value)}
      onKeyDown={onKeyDown}
      onDblClick={() => set(splits.usual)}
      onPointerDown={(event) => {
        if (event.button !== 0) return
        event.currentTarget.setPointerCapture(event.pointerId)
        dragged.current = true
      }}
      onPointerMove={(event) => {
        if (dragged.current) set((event.clientX / innerWidth) * 100)
      }}
      onLostPointerCapture={() => {
        dragged.current = false
      }}
    />
  )
}
