import type { ReadonlySignal, Signal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import type { NetworkMap } from '../../../server/protocol/protocol.js'
import { glowing, highlighted, selected } from '../network-state.js'
import { unheard } from './element-shape.js'
import type { Layout } from './layout.js'
import { holds, type Size, type ViewPort } from './view-port.js'

/** Of the whole overview, in CSS pixels. */
const most = { width: 108, height: 62 }

/** All of the map, tiny, and in it what of it is seen: while that is not all. Where one presses or drags to, is seen. */
export function Overview({
  map,
  layout,
  view,
  size,
  onMoved,
}: {
  map: NetworkMap
  layout: Layout
  view: Signal<ViewPort>
  size: ReadonlySignal<Size>
  onMoved(): void
}) {
  const pressed = useRef(false)
  const window = size.value
  const { x, y, k } = view.value
  if (window.width === 0 || holds(view.value, layout, window)) return null
  const scale = Math.min(most.width / layout.width, most.height / layout.height)
  const look = (event: PointerEvent & { currentTarget: Element }) => {
    const { left, top } = event.currentTarget.getBoundingClientRect()
    view.value = {
      k,
      x: window.width / 2 - ((event.clientX - left) / scale) * k,
      y: window.height / 2 - ((event.clientY - top) / scale) * k,
    }
    onMoved()
  }
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: for the eye alone; a title would show wherever one points
    <svg
      class="map-overview"
      width={layout.width * scale}
      height={layout.height * scale}
      viewBox={`0 0 ${layout.width} ${layout.height}`}
      {...unheard}
      onPointerDown={(event) => {
        if (event.button !== 0) return
        event.currentTarget.setPointerCapture(event.pointerId)
        pressed.current = true
        look(event)
      }}
      onPointerMove={(event) => {
        if (pressed.current) look(event)
      }}
      onLostPointerCapture={() => {
        pressed.current = false
      }}
    >
      {map.elements.map(({ id, kind }) => {
        const box = layout.boxes.get(id)
        if (box === undefined) return null
        if (kind === 'host') return <rect key={id} class="frame" {...box} />
        const marked = glowing.value.has(id) || selected.value === id
        return <rect key={id} class={`thing ${highlighted.value.get(id) ?? (marked ? 'marked' : '')}`} {...box} />
      })}
      <rect class="seen" x={-x / k} y={-y / k} width={window.width / k} height={window.height / k} />
    </svg>
  )
}
