import type { MapTie } from '../../../server/protocol/protocol.js'
import type { Highlight } from '../network-state.js'
import { unheard } from './element-shape.js'
import { fitText } from './fit-text.js'
import { columnGap, letters } from './layout.js'
import type { End, Route } from './route-ties.js'

/** A tie, with the name of its right end where there is room. */
export function TieShape({
  tie,
  route,
  chosen,
  near,
  glows,
  highlight,
  onSelect,
}: {
  tie: MapTie
  route: Route
  chosen: boolean
  /** One of its ends is chosen. */
  near: boolean
  glows: boolean
  highlight: Highlight | undefined
  onSelect(): void
}) {
  const classes = ['tie-group', tie.kind, tie.state, chosen && 'chosen', near && 'near', highlight]
  const { middle } = route
  return (
    // Those who use keys get to ties by the facts of their ends, where they are buttons.
    // biome-ignore lint/a11y/noStaticElementInteractions: see above
    <g class={classes.filter(Boolean).join(' ')} data-id={tie.id} onClick={onSelect} {...unheard}>
      <path class="grip" d={route.path} />
      {glows && <path class="halo" d={route.path} />}
      <path class="tie" d={route.path} />
      {tie.state === 'down' && <path class="cut" d={`M${middle.x - 4} ${middle.y - 4}l8 8m0 -8l-8 8`} />}
      {highlight === 'stop' && (
        <g class="stop-mark">
          <circle cx={middle.x} cy={middle.y} r={9} />
          <path d={`M${middle.x - 3.5} ${middle.y - 3.5}l7 7m0 -7l-7 7`} />
        </g>
      )}
      {/* A cable is called as the interface that it leads to, which has its name in it. */}
      {tie.fromLabel !== undefined && tie.kind !== 'cable' && <EndLabel end={route.from} text={tie.fromLabel} />}
      {tie.toLabel !== undefined && <EndLabel end={route.to} text={tie.toLabel} />}
    </g>
  )
}

function EndLabel({ end, text }: { end: End; text: string }) {
  // At the right side of a box it would lie on the name of the other end: that side's names are in the facts, and in the hint.
  if (end.side === 'right' || !end.roomy) return null
  return (
    <text class="end-label" x={end.x - 6} y={end.y - 3} font-size={letters.end} text-anchor="end">
      {fitText(text, columnGap - 10, letters.end, 'mono')}
    </text>
  )
}
