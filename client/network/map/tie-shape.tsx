import type { MapTie } from '../../../server/protocol/protocol.js'
import type { Highlight } from '../network-state.js'
import { unheard } from './element-shape.js'
import type { End, Route } from './route-ties.js'

const labelSize = 9.5

/** A tie; the names of its ends stand there while one points at it or has chosen it, and at its right end always. */
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
      {tie.fromLabel !== undefined && <EndLabel end={route.from} text={tie.fromLabel} />}
      {tie.toLabel !== undefined && <EndLabel end={route.to} text={tie.toLabel} />}
    </g>
  )
}

function EndLabel({ end, text }: { end: End; text: string }) {
  const left = end.side === 'left'
  return (
    <text
      class={`end-label ${end.side}`}
      x={end.x + (left ? -7 : 7)}
      y={end.y - 4}
      font-size={labelSize}
      text-anchor={left ? 'end' : 'start'}
    >
      {text.length > 15 ? `${text.slice(0, 14)}…` : text}
    </text>
  )
}
