import { useEffect, useRef } from 'preact/hooks'
import type { TimelineEntry } from '../../../server/protocol/protocol.js'
import { CrossIcon } from '../../shell/icons.js'
import { Words } from '../../shell/words.js'
import { past, sidePane, timeline } from '../network-state.js'
import { strings } from '../strings.js'
import { clockOf, entryAt, lookAt, showAbout } from './look-back.js'

/** What happened, newest last; each entry can be looked at. */
export function TimelinePane() {
  const t = strings.value
  const entries = timeline.value
  const list = useRef<HTMLOListElement>(null)
  const newest = entries.at(-1)?.id
  const chosen = past.value?.entry.id ?? newest
  // The newest comes into sight, unless one looks back.
  useEffect(() => {
    if (past.peek() === undefined) list.current?.scrollTo({ top: list.current.scrollHeight })
  }, [newest])

  const onKeyDown = async (event: KeyboardEvent) => {
    const steps = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : undefined
    const entry = steps === undefined ? undefined : entryAt(steps)
    if (steps !== undefined) event.preventDefault()
    if (entry === undefined) return
    list.current?.querySelector<HTMLElement>(`[data-entry="${entry.id}"] > .moment`)?.focus()
    await lookAt(entry)
  }
  return (
    <section class="timeline-pane" aria-label={t.timeline}>
      <header>
        <h2>{t.timeline}</h2>
        <button
          type="button"
          class="quiet only-icon"
          aria-label={t.close}
          title={t.close}
          onClick={() => {
            sidePane.value = undefined
          }}
        >
          <CrossIcon />
        </button>
      </header>
      {entries.length === 0 ? (
        <p class="muted">{t.nothingYet}</p>
      ) : (
        <ol ref={list} onKeyDown={onKeyDown}>
          {entries.map((entry) => (
            <Entry key={entry.id} entry={entry} chosen={entry.id === chosen} />
          ))}
        </ol>
      )}
    </section>
  )
}

function Entry({ entry, chosen }: { entry: TimelineEntry; chosen: boolean }) {
  const t = strings.value
  const time = clockOf(entry.at)
  return (
    <li data-entry={entry.id} class={chosen ? 'chosen' : ''}>
      <button
        type="button"
        class="quiet moment"
        aria-current={chosen ? 'step' : undefined}
        aria-label={t.atEntry(time)}
        title={t.atEntry(time)}
        onClick={() => void lookAt(entry)}
      >
        <time dateTime={entry.at}>{time}</time>
      </button>
      <CommandOf entry={entry} />
      {entry.changes.length === 0 ? (
        <p class="muted">{t.found}</p>
      ) : (
        <ul>
          {entry.changes.map((change) => (
            <li key={change.text.en} class={change.kind}>
              <button type="button" class="link" onClick={() => showAbout(change.about)}>
                <Words text={change.text} finding />
              </button>
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}

/** The command of an entry with its host; else what the server did, or that it happened by itself. */
export function CommandOf({ entry }: { entry: TimelineEntry }) {
  const t = strings.value
  const { command } = entry
  if (command === undefined) {
    const by = entry.by === undefined ? t.byItself : t[entry.by]
    return entry.changes.length === 0 ? null : <p class="by-itself muted">{by}</p>
  }
  return (
    <p class="command">
      <span class="host">{command.host}</span> <code title={command.text}>{command.text}</code>
      {command.running && <span class="muted"> {t.running}</span>}
    </p>
  )
}

/** On top of the map while it shows how it was. */
export function PastBanner() {
  const t = strings.value
  const looked = past.value
  return (
    <div role="status">
      {looked !== undefined && (
        <div class="past-banner">
          <strong>{t.at(clockOf(looked.entry.at))}</strong>
          <CommandOf entry={looked.entry} />
          <button
            type="button"
            class="primary"
            onClick={() => {
              void lookAt(undefined)
              // It is gone now; where one stepped from is still there.
              document.querySelector<HTMLElement>('.network-bar > button')?.focus()
            }}
          >
            {t.now}
          </button>
        </div>
      )}
    </div>
  )
}

/** One step back and on, for the bar above the map. */
export function Steps() {
  const t = strings.value
  const before = entryAt(-1)
  const after = entryAt(1)
  // Once a button is of no use the focus must not be lost: it stays, and says so.
  return (
    <>
      <button
        type="button"
        class="quiet only-icon"
        aria-label={t.before}
        title={t.before}
        aria-disabled={before === undefined}
        onClick={() => before !== undefined && void lookAt(before)}
      >
        ◀
      </button>
      <button
        type="button"
        class="quiet only-icon"
        aria-label={t.after}
        title={t.after}
        aria-disabled={after === undefined}
        onClick={() => after !== undefined && void lookAt(after)}
      >
        ▶
      </button>
    </>
  )
}
