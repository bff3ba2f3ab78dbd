import './just-changed.css'
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { TimelineEntry } from '../../../server/protocol/protocol.js'
import { announce } from '../../shell/announce.js'
import { CrossIcon } from '../../shell/icons.js'
import { Words } from '../../shell/words.js'
import { inLanguage, marks } from '../../state/language.js'
import { view } from '../../state/session.js'
import { justChangedOpen, mapOpen } from '../../state/settings.js'
import { selected, sidePane, timeline } from '../network-state.js'
import { strings } from '../strings.js'
import { showAbout } from './look-back.js'

/** So many sentences are shown and said; the others are in the timeline. */
const mostShown = 6
const mostSaid = 3

/** A command does one thing after the other, and its sentences change meanwhile. In milliseconds. */
const settledMs = 1500

/** What was put away does not come back, unless it goes on. */
const putAway = signal<string | undefined>(undefined)

const keyOf = (entry: TimelineEntry) => `${entry.id} ${entry.changes.length}`

/** The newest command and what it did to the network, in a strip of constant height: terminals keep their size. */
export function JustChanged({ onShow }: { onShow(): void }) {
  const t = strings.value
  useEffect(sayChanges, [])
  if (!justChangedOpen.value) return null
  const entry = timeline.value.at(-1)
  const told = entry !== undefined && entry.changes.length > 0 && putAway.value !== keyOf(entry) ? entry : undefined
  const show = (about?: readonly string[]) => {
    mapOpen.value = true
    onShow()
    if (about !== undefined) showAbout(about)
  }
  return (
    <section class="just-changed" aria-label={t.justChanged}>
      {told === undefined ? (
        <p class="muted">{t.quiet}</p>
      ) : (
        <>
          <p class="headline">
            <strong>{t.justChanged}</strong>
            {told.by !== undefined && <span class="muted"> {t[told.by]}</span>}
            {told.command !== undefined && (
              <>
                {' '}
                <span class="host">{told.command.host}</span> <code title={told.command.text}>{told.command.text}</code>
              </>
            )}
          </p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it may scroll, also for those who use keys */}
          <ul key={told.id} tabIndex={0} aria-label={t.justChanged}>
            {told.changes.slice(0, mostShown).map((change) => (
              <li key={change.text.en} class={change.kind}>
                <button type="button" class="link" onClick={() => show(change.about)}>
                  <Words text={change.text} finding />
                </button>
              </li>
            ))}
            {told.changes.length > mostShown && (
              <li class="more">
                <button
                  type="button"
                  class="link"
                  onClick={() => {
                    selected.value = undefined
                    sidePane.value = 'timeline'
                    show()
                  }}
                >
                  {t.more(told.changes.length - mostShown)}
                </button>
              </li>
            )}
          </ul>
          <button
            type="button"
            class="quiet only-icon"
            aria-label={t.dismiss}
            title={t.dismiss}
            onClick={() => {
              putAway.value = keyOf(told)
            }}
          >
            <CrossIcon />
          </button>
        </>
      )}
    </section>
  )
}

/** Says new sentences aloud, not those that were there before, once they have settled. */
function sayChanges(): () => void {
  let session: string | undefined
  let said: ReadonlySet<string> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const say = () => {
    const entries = timeline.peek()
    const before = said
    said = new Set(entries.flatMap(({ id, changes }) => changes.map(({ text }) => `${id} ${text.en}`)))
    const newest = entries.at(-1)
    const fresh = newest?.changes.filter(({ text }) => before?.has(`${newest.id} ${text.en}`) === false) ?? []
    if (fresh.length === 0 || !justChangedOpen.peek()) return
    const t = strings.peek()
    const more = fresh.length > mostSaid ? [t.moreAloud(fresh.length - mostSaid)] : []
    const sentences = fresh.slice(0, mostSaid).map(({ text }) => inLanguage(text).replaceAll('`', ''))
    const { colon, semicolon, blank } = marks.peek()
    announce([`${t.justChanged}${colon}${sentences.join(semicolon)}`, ...more].join(blank))
  }
  const stop = timeline.subscribe((entries) => {
    clearTimeout(timer)
    if (session !== view.peek()?.id || entries.length === 0) said = undefined
    session = view.peek()?.id
    // What was there when the page came is no news.
    if (entries.length > 0) timer = setTimeout(say, said === undefined ? 0 : settledMs)
  })
  return () => {
    clearTimeout(timer)
    stop()
  }
}
