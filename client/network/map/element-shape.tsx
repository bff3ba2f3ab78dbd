import type { MapElement } from '../../../server/protocol/protocol.js'
import { inLanguage, marks } from '../../state/language.js'
import type { Highlight } from '../network-state.js'
import { strings } from '../strings.js'
import { fitText, widthOf } from './fit-text.js'
import { type Box, boldLabel, boxPad, captionBelow, hostHead, letters, lineHeight } from './layout.js'

/** For the eye alone: the same is said in words elsewhere. */
export const unheard = { 'aria-hidden': true } as const

/** An element with its name, kind and notes; a button for keys, pointer and screen readers. */
export function ElementShape({
  element,
  box,
  chosen = false,
  glows = false,
  highlight,
  reachable = false,
  onSelect,
  onFocus,
}: {
  element: MapElement
  box: Box
  chosen?: boolean
  glows?: boolean
  highlight?: Highlight | undefined
  reachable?: boolean
  onSelect?(): void
  onFocus?(): void
}) {
  const t = strings.value
  const { kind, state } = element
  const isHost = kind === 'host'
  const height = isHost ? hostHead - 3 : box.height
  const classes = ['element', kind, state, chosen && 'chosen', highlight].filter(Boolean).join(' ')
  // Not by colour and dashes alone.
  const caption = state === 'down' ? `✕ ${t.down}` : t[kind]
  const captionWidth = widthOf(caption, letters.kind, 'sans')
  const room = box.width - 2 * boxPad
  const below = !isHost && captionBelow(element)
  const label = fitText(element.label, room - (below ? 0 : captionWidth + 8), boldLabel, 'sans')
  const lines = Math.floor((height - 22) / lineHeight) - (below ? 1 : 0)
  const inHead = widthOf(label, boldLabel, 'sans')
  const mark = highlight === 'stop' ? t.stopped : highlight === 'way' ? t.onTheWay : undefined
  return (
    // biome-ignore lint/a11y/useSemanticElements: there are no HTML buttons in a drawing
    <g
      class={classes}
      data-id={element.id}
      role="button"
      tabIndex={reachable ? 0 : -1}
      // Named by what stands in it.
      aria-description={[...(mark === undefined ? [] : [mark]), inLanguage(element.sentence).replaceAll('`', '')].join(
        marks.value.colon,
      )}
      aria-pressed={chosen}
      onClick={onSelect}
      onFocus={onFocus}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return
        event.preventDefault()
        onSelect?.()
      }}
    >
      {glows && <rect class="halo" x={box.x - 4} y={box.y - 4} width={box.width + 8} height={height + 8} rx={9} />}
      <Outline kind={kind} box={{ ...box, height }} />
      <g>
        <Written
          {...{ class: 'label', x: box.x + boxPad, y: box.y + 18, size: letters.label }}
          text={element.label}
          shown={label}
        />
        <text
          class="kind"
          x={below ? box.x + boxPad : box.x + box.width - boxPad}
          y={box.y + (below ? 18 + lineHeight : 17)}
          font-size={letters.kind}
          text-anchor={below ? 'start' : 'end'}
        >
          {caption}
        </text>
        {isHost ? (
          <Written
            {...{ class: 'note', x: box.x + boxPad + inHead + 10, y: box.y + 18, size: letters.note }}
            text={element.notes.join(' · ')}
            shown={fitText(element.notes.join(' · '), room - inHead - captionWidth - 20, letters.note, 'mono')}
          />
        ) : (
          element.notes
            .slice(0, lines)
            .map((note, index) => (
              <Written
                key={index}
                {...{ class: 'note', x: box.x + boxPad, size: letters.note }}
                y={box.y + 18 + (index + (below ? 2 : 1)) * lineHeight}
                text={note}
                shown={fitText(note, room, letters.note, 'mono')}
              />
            ))
        )}
        {highlight === 'stop' && (
          <g class="stop-mark" {...unheard}>
            <circle cx={box.x + box.width} cy={box.y} r={9} />
            <path d={`M${box.x + box.width - 3.5} ${box.y - 3.5}l7 7m0 -7l-7 7`} />
          </g>
        )}
      </g>
    </g>
  )
}

/** A line of text; where it is cut, the whole of it is there for those who hear it. */
function Written({
  text,
  shown,
  size,
  ...place
}: {
  text: string
  shown: string
  size: number
  class: string
  x: number
  y: number
}) {
  const isCut = text !== shown
  return (
    <>
      <text {...place} font-size={size} {...(isCut ? unheard : {})}>
        {shown}
      </text>
      {isCut && (
        <text {...place} class="whole" font-size={size}>
          {text}
        </text>
      )}
    </>
  )
}

/** Each kind has an outline of its own. */
function Outline({ kind, box }: { kind: MapElement['kind']; box: Box }) {
  const { x, y, width, height } = box
  switch (kind) {
    // Its frame is drawn below everything; this is what one can point at.
    case 'host':
      return <rect class="outline" x={x + 1} y={y + 1} width={width - 2} height={height} rx={7} />
    case 'port':
      return <rect class="outline" {...box} rx={Math.min(14, height / 2)} />
    case 'vxlan':
      return (
        <path
          class="outline"
          d={`M${x + 8} ${y}H${x + width - 8}L${x + width} ${y + height / 2}L${x + width - 8} ${y + height}H${x + 8}L${x} ${y + height / 2}Z`}
        />
      )
    case 'bridge':
      return (
        <>
          <rect class="outline" {...box} rx={2} />
          <path class="rails" d={`M${x + 3.5} ${y}V${y + height}M${x + width - 3.5} ${y}V${y + height}`} />
        </>
      )
    case 'interface':
      return (
        <>
          <rect class="outline" {...box} rx={2} />
          <rect class="plug" x={x - 4} y={y + height / 2 - 6} width={8} height={12} rx={1.5} />
        </>
      )
    case 'service':
      return (
        <>
          <rect class="outline" {...box} rx={6} />
          <rect class="rails" x={x + 3} y={y + 3} width={width - 6} height={height - 6} rx={4} />
        </>
      )
    default:
      return <rect class="outline" {...box} rx={6} />
  }
}
