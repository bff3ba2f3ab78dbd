import { useSignal, useSignalEffect } from '@preact/signals'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import type { NetworkMap } from '../../../server/protocol/protocol.js'
import { Words } from '../../shell/words.js'
import { elementOf, selectElement, selected, tieOf, wanted } from '../network-state.js'
import { strings } from '../strings.js'
import { unheard } from './element-shape.js'
import { layoutOf, tidied } from './layout-memory.js'
import { MapDrawing } from './map-drawing.js'
import { Overview } from './overview.js'
import { type RedrawClock, redrawClock } from './redraw-clock.js'
import { fitting, misses, moveBy, readable, type Size, showing, type ViewPort, zoomed } from './view-port.js'
import { zoom as zooming, zoomStep } from './zoom.js'

/** By one press of a key. */
const panStep = 60

/** What of the map is seen: what can be read of it, all of it since the learner asked for that, or what the learner has moved to. */
type Seen = 'readable' | 'all' | 'own'

/** The map in a window that can be moved over it; by itself it shows as much as can be read. */
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
  const seen = useRef<Seen>('readable')
  const current = useSignal<string | undefined>(undefined)
  const hinted = useSignal<string | undefined>(undefined)
  const reachable = elementOf(map, current.value ?? '')?.id ?? map.elements[0]?.id

  /** Unless the learner has moved it, it fits the window, whatever opens or closes beside it. */
  const refit = (content: Size, before?: ViewPort) => {
    if (seen.current === 'own' && misses(view.peek(), content, size.peek())) seen.current = 'readable'
    if (seen.current === 'all') view.value = fitting(content, size.peek())
    else if (seen.current === 'readable') view.value = readable(content, size.peek(), before)
  }
  useLayoutEffect(() => {
    const element = window.current!
    const measure = () => {
      const next = { width: element.clientWidth, height: element.clientHeight }
      const before = size.peek()
      if (next.width === 0 || next.height === 0) return
      if (next.width === before.width && next.height === before.height) return
      size.value = next
      refit(latest.current, before.width === 0 ? undefined : view.peek())
      if (before.width > 0 && selected.peek() !== undefined) wanted.value = selected.peek()
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const onMoved = () => {
    seen.current = 'own'
  }
  useEffect(() => moveBy(window.current!, view, onMoved), [])
  const showAll = () => {
    seen.current = 'all'
    view.value = fitting(latest.current, size.peek())
  }
  const drawn = useRef(map)
  useLayoutEffect(() => {
    const before = new Set(drawn.current.elements.map(({ id }) => id))
    const isFirst = drawn.current === map
    drawn.current = map
    if (isFirst || size.peek().width === 0) return
    refit(layout, view.peek())
    // What has come is what one wants to see.
    const news = map.elements.filter(({ id }) => !before.has(id))
    if (seen.current !== 'own' && news.length < map.elements.length) {
      for (const { id } of news.toReversed()) bringIntoSight(id)
    }
  }, [layout])
  useLayoutEffect(() => {
    if (tidyTurn === 0) return
    seen.current = 'readable'
    refit(layout)
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
    onMoved()
    view.value = zoomed(view.peek(), factor, { x: size.peek().width / 2, y: size.peek().height / 2 })
  }
  const pan = (x: number, y: number) => {
    onMoved()
    view.value = { ...view.peek(), x: view.peek().x + x, y: view.peek().y + y }
  }
  useEffect(() => {
    zooming.value = { by: zoom, all: showAll }
    return () => {
      zooming.value = undefined
    }
  }, [])
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
      <Overview map={map} layout={layout} view={view} size={size} onMoved={onMoved} />
    </div>
  )
}

function idAt(target: EventTarget | null): string | undefined {
  const place = target instanceof Element ? target.closest('[data-id]') : null
  return place?.getAttribute('data-id') ?? undefined
}
