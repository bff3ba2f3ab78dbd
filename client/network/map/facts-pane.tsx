import { useEffect, useRef, useState } from 'preact/hooks'
import type { MapElement, MapTie, NetworkMap } from '../../../server/protocol/protocol.js'
import { announce } from '../../shell/announce.js'
import { CopyIcon, CrossIcon } from '../../shell/icons.js'
import { Words } from '../../shell/words.js'
import { inLanguage, marks } from '../../state/language.js'
import { copyText } from '../../terminal/copy.js'
import { elementOf, selectElement } from '../network-state.js'
import { strings } from '../strings.js'
import { ElementActions } from './slots.js'

/** What there is to know about an element, what it is tied to, and how one sees the same in a terminal. */
export function ElementFacts({ map, element }: { map: NetworkMap; element: MapElement }) {
  const t = strings.value
  const ties = map.ties.filter((tie) => tie.from === element.id || tie.to === element.id)
  return (
    <Pane kind={t[element.kind]} label={element.label} id={element.id}>
      <p>
        <Words text={element.sentence} />
      </p>
      <ElementActions element={element} />
      {element.facts.length > 0 && (
        <dl class="facts">
          {element.facts.map((fact) => (
            <div key={fact.name.en}>
              <dt>{inLanguage(fact.name)}</dt>
              <dd>
                <ul>
                  {fact.values.map((value, index) => (
                    <li key={index}>
                      <code>{value}</code>
                    </li>
                  ))}
                </ul>
              </dd>
            </div>
          ))}
        </dl>
      )}
      {ties.length > 0 && (
        <>
          <h3>{t.tiedTo}</h3>
          <ul class="tied">
            {ties.map((tie) => {
              const other = elementOf(map, tie.from === element.id ? tie.to : tie.from)
              return (
                other !== undefined && (
                  <li key={tie.id}>
                    <button type="button" class="link" onClick={() => selectElement(other.id)}>
                      {t[other.kind]} {other.label}
                    </button>{' '}
                    <Words text={tie.sentence} />
                  </li>
                )
              )
            })}
          </ul>
        </>
      )}
      {element.commands.length > 0 && (
        <>
          <h3>{t.commands}</h3>
          <ul class="see">
            {element.commands.map(({ host, text }) => (
              <li key={`${host} ${text}`}>
                <span class="host">{host}</span>
                <code>{text}</code>
                <CopyButton text={text} label={t.copyCommand(text)} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Pane>
  )
}

export function TieFacts({ map, tie }: { map: NetworkMap; tie: MapTie }) {
  const t = strings.value
  const ends = [elementOf(map, tie.from), elementOf(map, tie.to)].filter((end) => end !== undefined)
  const label = ends.map((end) => end.label).join(' – ')
  return (
    <Pane kind={tie.state === 'down' ? `✕ ${t.down}` : ''} label={label} id={tie.id}>
      <p>
        <Words text={tie.sentence} />
      </p>
      <h3>{t.tiedTo}</h3>
      <ul class="tied">
        {ends.map((end) => (
          <li key={end.id}>
            <button type="button" class="link" onClick={() => selectElement(end.id)}>
              {t[end.kind]} {end.label}
            </button>
          </li>
        ))}
      </ul>
    </Pane>
  )
}

function Pane({
  kind,
  label,
  id,
  children,
}: {
  kind: string
  label: string
  id: string
  children: preact.ComponentChildren
}) {
  const t = strings.value
  const pane = useRef<HTMLElement>(null)
  useEffect(() => {
    pane.current?.scrollTo({ top: 0 })
    // What was pressed to come here may be gone with the pane before.
    if (document.activeElement === document.body) pane.current?.focus({ preventScroll: true })
  }, [id])
  const close = () => {
    selectElement(undefined)
    document.querySelector<SVGElement>(`.element[data-id="${CSS.escape(id)}"]`)?.focus({ preventScroll: true })
  }
  return (
    <section
      class="facts-pane"
      ref={pane}
      aria-label={`${t.facts}${marks.value.colon}${label}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also for those who use keys
      tabIndex={0}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        close()
      }}
    >
      <header>
        <h2>
          {label} <span class="muted">{kind}</span>
        </h2>
        <button type="button" class="quiet only-icon" aria-label={t.close} title={t.close} onClick={close}>
          <CrossIcon />
        </button>
      </header>
      {children}
    </section>
  )
}

/** Copies, and says so. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const t = strings.value
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2000)
    return () => clearTimeout(timer)
  }, [copied])
  return (
    <button
      type="button"
      class="quiet copy"
      aria-label={label}
      title={label}
      onClick={() => {
        copyText(text)
        setCopied(true)
        announce(t.copied)
      }}
    >
      <CopyIcon /> {copied && <span aria-hidden="true">{t.copied}</span>}
    </button>
  )
}
