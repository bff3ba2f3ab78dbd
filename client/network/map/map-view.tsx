import { useSignal, useSignalEffect } from '@preact/signals'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import type { NetworkMap } from '../../../server/protocol/protocol.js'
import { Words } from '../../shell/words.js'
import { elementOf, selectElement, selected, tieOf, wanted } from '../network-state.js'
import { strings } from '../strings.js'
import { unheard } from './element-shape.js'
import { layoutOf, tidied } from './layout-memory.js'
import { MapDrawing } from './map-drawing.js'
import { type RedrawClock, redrawClock } from './redraw-clock.js'
import { fitting, holds, moveBy, type Size, showing, type ViewPort, zoomed } from './view-port.js'

/** By one press of a key or button. */
const zoomStep = 1.25
const panStep = 60

/** The map in a window that can be moved over it; by itself it shows all. */
export function MapView({ map }: { map: NetworkMap }) {
  const clock = useRef<RedrawClock>(undefined)
  clock.current ??= redrawClock()
  clock.current.begin(map)
  const tidyTurn = tidied.value
  const layout = layoutOf(map)
  const latest = useRef(layout)
  latest.current = layout
  const window = useRef<HTMLDivElement>(null)
  const size = useSignal<Size>({ width: 0, height: 0 })
  const view = useSignal<ViewPort>({ x: 0, y: 0, k: 1 })
  /** As long as the learner has not chosen what to see. */
  const auto = useRef(true)
  const current = useSignal<string | undefined>(undefined)
  const hinted = useSignal<string | undefined>(undefined)
  const reachable = elementOf(map, current.value ?? '')?.id ?? map.elements[0]?.id

  useLayoutEffect(() => {
    const element = window.current!
    let panel = ''
    const measure = () => {
      const next = { width: element.clientWidth, height: element.clientHeight }
      if (next.width === 0 || next.height === 0) return
      const before = size.peek()
      size.value = next
      // Facts that open beside the map take room, and move nothing.
      const body = element.closest('.network-body')
      const whole = `${body?.clientWidth} ${body?.clientHeight}`
      const grown = next.width > before.width || next.height > before.height
      const asked = panel !== whole || (grown && !holds(view.peek(), latest.current, next))
      panel = whole
      if (auto.current && asked) view.value = fitting(latest.current, next)
      else if (selected.peek() !== undefined) wanted.value = selected.peek()
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  useEffect(
    () =>
      moveBy(window.current!, view, () => {
        auto.current = false
      }),
    [],
  )
  const showAll = () => {
    auto.current = true
    view.value = fitting(latest.current, size.peek())
  }
  // Nothing moves because something else came, as long as there is room for both.
  useLayoutEffect(() => {
    if (auto.current && size.peek().width > 0 && !holds(view.peek(), layout, size.peek())) showAll()
  }, [layout])
  useLayoutEffect(() => {
    if (tidyTurn > 0) showAll()
  }, [tidyTurn])
  useLayoutEffect(() => clock.current?.end(map), [map])

  const bringIntoSight = (id: string) => {
    const box = layout.boxes.get(id)
    if (box === undefined || size.peek().width === 0) return
    const next = showing(view.peek(), elementOf(map, id)?.kind === 'host' ? { ...box, height: 36 } : box, size.peek())
    if (next.x !== view.peek().x || next.y !== view.peek().y) view.value = next
  }
  useSignalEffect(() => {
    const id = wanted.value
    if (id === undefined || elementOf(map, id) === undefined) return
    wanted.value = undefined
    current.value = id
    bringIntoSight(id)
  })
  const focus = (id: string) => {
    current.value = id
    bringIntoSight(id)
    window.current?.querySelector<SVGElement>(`.element[data-id="${CSS.escape(id)}"]`)?.focus({ preventScroll: true })
  }
  const zoom = (factor: number) => {
    auto.current = false
    view.value = zoomed(view.peek(), factor, { x: size.peek().width / 2, y: size.peek().height / 2 })
  }
  const pan = (x: number, y: number) => {
    auto.current = false
    view.value = { ...view.peek(), x: view.peek().x + x, y: view.peek().y + y }
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return
    const at = map.elements.findIndex(({ id }) => id === reachable)
    const to = (index: number) => {
      const next = map.elements[Math.max(0, Math.min(map.elements.length - 1, index))]
      if (next !== undefined) focus(next.id)
    }
    const { key } = event
    if (event.shiftKey && key === 'ArrowLeft') pan(panStep, 0)
    else if (event.shiftKey && key === 'ArrowRight') pan(-panStep, 0)
    else if (event.shiftKey && key === 'ArrowUp') pan(0, panStep)
    else if (event.shiftKey && key === 'ArrowDown') pan(0, -panStep)
    else if (key === 'ArrowRight' || key === 'ArrowDown') to(at + 1)
    else if (key === 'ArrowLeft' || key === 'ArrowUp') to(at - 1)
    else if (key === 'Home') to(0)
    else if (key === 'End') to(map.elements.length - 1)
    else if (key === '+' || key === '=') zoom(zoomStep)
    else if (key === '-') zoom(1 / zoomStep)
    else if (key === '0') showAll()
    else if (key === 'Escape' && selected.peek() !== undefined) selectElement(undefined)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  // Moving about draws nothing anew.
  const drawing = useMemo(
    () => (
      <MapDrawing
        map={map}
        layout={layout}
        current={reachable}
        onSelect={selectElement}
        onFocus={(id) => {
          current.value = id
          bringIntoSight(id)
        }}
      />
    ),
    [map, layout, reachable],
  )
  // All of it in a sentence, for whoever points at it: in the drawing names may be cut.
  const hint = hinted.value === undefined ? undefined : (elementOf(map, hinted.value) ?? tieOf(map, hinted.value))
  const t = strings.value
  const { x, y, k } = view.value
  return (
    <div class="map-window">
      {/* biome-ignore lint/a11y/useSemanticElements: no fieldset of a form */}
      <div
        class="map-sheet"
        ref={window}
        role="group"
        aria-label={t.map}
        onKeyDown={onKeyDown}
        onPointerOver={(event) => {
          hinted.value = idAt(event.target)
        }}
        onPointerLeave={() => {
          hinted.value = undefined
        }}
        onFocusIn={(event) => {
          if (event.target instanceof Element && event.target.matches(':focus-visible'))
            hinted.value = idAt(event.target)
        }}
        onFocusOut={() => {
          hinted.value = undefined
        }}
        onClick={(event) => {
          if (event.target instanceof Element && event.target.closest('[data-id]') === null) selectElement(undefined)
        }}
      >
        {/* biome-ignore lint/a11y/noSvgWithoutTitle: its parts have names, and a title would show wherever one points */}
        <svg class="network-map" width="100%" height="100%" focusable="false">
          <g transform={`translate(${x} ${y}) scale(${k})`}>{drawing}</g>
        </svg>
      </div>
      {hint !== undefined && (
        <p class="map-hint" {...unheard}>
          <Words text={hint.sentence} />
        </p>
      )}
      {/* biome-ignore lint/a11y/useSemanticElements: no fieldset of a form */}
      <div class="map-zoom" role="group" aria-label={t.map}>
        <button
          type="button"
          class="only-icon"
          aria-label={t.larger}
          title={`${t.larger} (+)`}
          onClick={() => zoom(zoomStep)}
        >
          +
        </button>
        <button
          type="button"
          class="only-icon"
          aria-label={t.smaller}
          title={`${t.smaller} (-)`}
          onClick={() => zoom(1 / zoomStep)}
        >
          −
        </button>
        <button type="button" class="only-icon" aria-label={t.fit} title={`${t.fit} (0)`} onClick={showAll}>
          ⤢
        </button>
      </div>
    </div>
  )
}

function idAt(target: EventTarget | null): string | undefined {
  const place = target instanceof Element ? target.closest('[data-id]') : null
  return place?.getAttribute('data-id') ?? undefined
}
