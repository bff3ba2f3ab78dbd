import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { MapElement, MapTie, NetworkMap } from '../../../server/protocol/protocol.js'
import { glowing, highlighted, selected } from '../network-state.js'
import { ElementShape, unheard } from './element-shape.js'
import { type Box, type Layout, lanBar } from './layout.js'
import { type Route, routeTies } from './route-ties.js'
import { showMoves } from './show-moves.js'
import { TieShape } from './tie-shape.js'

/** How long what is gone can still be seen, in milliseconds. */
const fadeMs = 900

interface Gone {
  elements: { element: MapElement; box: Box }[]
  ties: { tie: MapTie; route: Route }[]
}

/** All of a map: frames of hosts, ties, elements in the order of reading, each to be reached by keys. */
export function MapDrawing({
  map,
  layout,
  current,
  onSelect,
  onFocus,
}: {
  map: NetworkMap
  layout: Layout
  /** The element that the Tab key reaches. */
  current: string | undefined
  onSelect(id: string): void
  onFocus(id: string): void
}) {
  const routes = useMemo(() => routeTies(map, layout), [map, layout])
  const gone = useGone(map, layout, routes)
  const all = useRef<SVGGElement>(null)
  const before = useRef({ layout, routes })
  useLayoutEffect(() => {
    const was = before.current
    before.current = { layout, routes }
    if (was.layout !== layout && all.current !== null) showMoves(all.current, was, { layout, routes })
  }, [layout, routes])
  const chosen = selected.value
  const hosts = map.elements.filter(({ kind }) => kind === 'host')
  return (
    <g ref={all}>
      {hosts.map(({ id, state }) => {
        const box = layout.boxes.get(id)
        return (
          box !== undefined && (
            <rect
              key={id}
              class={`host-frame ${state}${chosen === id ? ' chosen' : ''}`}
              data-frame={id}
              {...box}
              rx={8}
            />
          )
        )
      })}
      {map.elements
        .filter(({ kind }) => kind === 'lan')
        .map((lan) => (
          <LanBar key={lan.id} lan={lan} box={layout.boxes.get(lan.id)} map={map} routes={routes} />
        ))}
      {map.ties.map((tie) => {
        const route = routes.get(tie.id)
        return (
          route !== undefined && (
            <TieShape
              key={tie.id}
              tie={tie}
              route={route}
              chosen={chosen === tie.id}
              near={chosen === tie.from || chosen === tie.to}
              glows={glowing.value.has(tie.id)}
              highlight={highlighted.value.get(tie.id)}
              onSelect={() => onSelect(tie.id)}
            />
          )
        )
      })}
      {gone.ties.map(({ tie, route }) => (
        <path key={`gone ${tie.id}`} class="tie gone" d={route.path} />
      ))}
      {gone.elements.map(({ element, box }) => (
        <g key={`gone ${element.id}`} class="gone" {...unheard}>
          <ElementShape element={element} box={box} />
        </g>
      ))}
      {map.elements.map((element) => {
        const box = layout.boxes.get(element.id)
        return (
          box !== undefined && (
            <ElementShape
              key={element.id}
              element={element}
              box={box}
              chosen={chosen === element.id}
              glows={glowing.value.has(element.id)}
              highlight={highlighted.value.get(element.id)}
              reachable={current === element.id}
              onSelect={() => onSelect(element.id)}
              onFocus={() => onFocus(element.id)}
            />
          )
        )
      })}
    </g>
  )
}

/** From a LAN's name down to the last thing on it. */
function LanBar({
  lan,
  box,
  map,
  routes,
}: {
  lan: MapElement
  box: Box | undefined
  map: NetworkMap
  routes: ReadonlyMap<string, Route>
}) {
  if (box === undefined) return null
  const ends = map.ties.flatMap((tie) => {
    const route = routes.get(tie.id)
    if (route === undefined) return []
    return tie.to === lan.id ? [route.to] : tie.from === lan.id ? [route.from] : []
  })
  const x = box.x + lanBar
  const bottom = Math.max(box.y + box.height, ...ends.map(({ y }) => y))
  return (
    <g class={`lan-bar ${lan.state}${highlighted.value.has(lan.id) ? ' way' : ''}`} {...unheard}>
      <path d={`M${x} ${box.y + box.height - 4}V${bottom}`} />
      {ends.map((end) => (
        <circle key={end.y} cx={x} cy={end.y} r={3.5} />
      ))}
    </g>
  )
}

/** What was there in the map before and is not in this one, for the moment in which it fades. */
function useGone(map: NetworkMap, layout: Layout, routes: ReadonlyMap<string, Route>): Gone {
  const before = useRef({ map, layout, routes })
  const [gone, setGone] = useState<Gone>({ elements: [], ties: [] })
  useEffect(() => {
    const was = before.current
    before.current = { map, layout, routes }
    if (was.map === map) return
    const elements = new Set(map.elements.map(({ id }) => id))
    const ties = new Set(map.ties.map(({ id }) => id))
    const next: Gone = {
      elements: was.map.elements.flatMap((element) => {
        const box = was.layout.boxes.get(element.id)
        return elements.has(element.id) || box === undefined ? [] : [{ element, box }]
      }),
      ties: was.map.ties.flatMap((tie) => {
        const route = was.routes.get(tie.id)
        return ties.has(tie.id) || route === undefined ? [] : [{ tie, route }]
      }),
    }
    if (next.elements.length + next.ties.length === 0) return
    setGone(next)
    const timer = setTimeout(() => setGone({ elements: [], ties: [] }), fadeMs)
    return () => {
      clearTimeout(timer)
      setGone({ elements: [], ties: [] })
    }
  }, [map, layout, routes])
  return gone
}
