import '../style/theme.css'
import '../network/map/map.css'
import './evidence.css'
import { render } from 'preact'
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Change, NetworkMap } from '../../server/protocol/protocol.js'
import { layOut } from '../network/map/lay-out.js'
import type { Layout } from '../network/map/layout.js'
import { MapDrawing } from '../network/map/map-drawing.js'
import { elementOf, glowing, selected, tieOf } from '../network/network-state.js'
import { strings as names } from '../network/strings.js'
import { Words } from '../shell/words.js'
import { inLanguage, stringsOf } from '../state/language.js'

const strings = stringsOf({
  en: {
    moments: 'Timeline',
    choose: 'Choose a moment to see the network as it was then, and a part of it for its facts.',
    same: 'Nothing that is told of has changed since the moment before.',
    facts: 'Facts',
  },
  zh: {
    moments: '时间线',
    choose: '选择一个时刻查看当时的网络，选择其中的一部分查看详情。',
    same: '与上一时刻相比没有可说明的变化。',
    facts: '详情',
  },
})

/** A picture of the bundle, and what is different from the one before. */
interface Moment {
  title: string
  at: string
  changes: Change[]
  map: NetworkMap
}

/** The network of a bundle of evidence, moment by moment: a page that stands alone, and asks for nothing. */
function Evidence({ moments }: { moments: readonly Moment[] }) {
  const t = strings.value
  const [at, setAt] = useState(moments.length - 1)
  const layouts = useMemo(() => {
    // What is there from one moment to the next stays in its place.
    const all: Layout[] = []
    for (const { map } of moments) all.push(layOut(map, all.at(-1)))
    return all
  }, [moments])
  const { map, changes } = moments[at]!
  const layout = layouts[at]!
  useLayoutEffect(() => {
    glowing.value = new Set(changes.flatMap(({ about }) => about))
    if (elementOf(map, selected.peek() ?? '') === undefined) selected.value = undefined
  }, [map])
  return (
    <>
      <p>{t.choose}</p>
      <nav aria-label={t.moments}>
        <ol class="moments">
          {moments.map((moment, index) => (
            <li key={moment.title}>
              <button type="button" aria-current={index === at ? 'step' : undefined} onClick={() => setAt(index)}>
                {moment.title} <time dateTime={moment.at}>{moment.at.slice(11, 19)} UTC</time>
              </button>
            </li>
          ))}
        </ol>
      </nav>
      {at > 0 && (
        <div role="status">
          {changes.length === 0 ? (
            <p>{t.same}</p>
          ) : (
            <ul>
              {changes.map((change) => (
                <li key={change.text.en}>
                  <Words text={change.text} finding />
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
      <Sheet map={map} layout={layout} />
      <Facts map={map} />
    </>
  )
}

function Sheet({ map, layout }: { map: NetworkMap; layout: Layout }) {
  const [current, setCurrent] = useState<string>()
  const sheet = useRef<HTMLDivElement>(null)
  const reachable = elementOf(map, current ?? '')?.id ?? map.elements[0]?.id
  const { width, height } = layout
  return (
    // biome-ignore lint/a11y/useSemanticElements: no fieldset of a form
    <div
      class="sheet"
      ref={sheet}
      role="group"
      aria-label={names.value.map}
      onKeyDown={(event) => {
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
        if (step === undefined || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return
        event.preventDefault()
        const index = map.elements.findIndex(({ id }) => id === reachable) + step
        const id = map.elements[Math.max(0, Math.min(map.elements.length - 1, index))]?.id
        if (id !== undefined) sheet.current?.querySelector<SVGElement>(`.element[data-id="${CSS.escape(id)}"]`)?.focus()
      }}
    >
      {/* biome-ignore lint/a11y/noSvgWithoutTitle: its parts have names */}
      <svg class="network-map" width={width} height={height} viewBox={`0 0 ${width} ${height}`} focusable="false">
        <MapDrawing
          map={map}
          layout={layout}
          current={reachable}
          onSelect={(id) => {
            selected.value = id
          }}
          onFocus={setCurrent}
        />
      </svg>
    </div>
  )
}

function Facts({ map }: { map: NetworkMap }) {
  const id = selected.value ?? ''
  const element = elementOf(map, id)
  const shown = element ?? tieOf(map, id)
  return (
    <div role="status">
      {shown !== undefined && (
        <section class="facts" aria-label={strings.value.facts}>
          {element !== undefined && (
            <h3>
              {names.value[element.kind]} <bdi>{element.label}</bdi>
            </h3>
          )}
          <p>
            <Words text={shown.sentence} />
          </p>
          <dl>
            {element?.facts.map((fact) => (
              <div key={fact.name.en}>
                <dt>{inLanguage(fact.name)}</dt>
                {fact.values.map((value, index) => (
                  <dd key={index}>
                    <code>{value}</code>
                  </dd>
                ))}
              </div>
            ))}
          </dl>
        </section>
      )}
    </div>
  )
}

const place = document.getElementById('network')!
const moments = JSON.parse(document.getElementById('moments')!.textContent!) as Moment[]
render(<Evidence moments={moments} />, place)
