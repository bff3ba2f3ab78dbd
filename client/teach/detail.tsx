import { useEffect, useState } from 'preact/hooks'
import type { VerdictView } from '../../server/protocol/classes.js'
import type { TimelineEntry } from '../../server/protocol/protocol.js'
import type { Value } from '../../server/protocol/requests.js'
import { Words } from '../shell/words.js'
import { inLanguage, language, marks } from '../state/language.js'
import { strings } from './strings.js'
import { ask } from './teach-state.js'

/** What one learner did in a lab: verdicts with what they were found by, and what each command changed. */
export function Detail({ id, seat, lab }: { id: string; seat: string; lab: string }) {
  const t = strings.value
  const [detail, setDetail] = useState<Value<'seat.detail'>>()
  useEffect(() => {
    void ask('seat.detail', { class: id, seat, lab }).then(setDetail)
  }, [id, seat, lab])
  if (detail === undefined) return <p role="status">{t.loading}</p>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what is long is scrolled with keys
    <section class="detail" tabIndex={0} aria-label={t.detail}>
      {detail.steps.map((step) => (
        <div key={step.id}>
          <h3>{inLanguage(step.heading)}</h3>
          {step.verdicts.length === 0 ? (
            <p class="muted">{t.noVerdicts}</p>
          ) : (
            <ul>
              {step.verdicts.map((verdict) => (
                <Verdict key={`${verdict.check} ${verdict.at}`} verdict={verdict} />
              ))}
            </ul>
          )}
        </div>
      ))}
      <h3>{t.commands}</h3>
      {detail.timeline.length === 0 ? (
        <p class="muted">{t.noChanges}</p>
      ) : (
        <ol>
          {detail.timeline.toReversed().map((entry) => (
            <Entry key={entry.id} entry={entry} />
          ))}
        </ol>
      )}
    </section>
  )
}

function Verdict({ verdict: { check, outcome, expected, observed, why, lastAt, repeats } }: { verdict: VerdictView }) {
  const t = strings.value
  return (
    <li class={outcome}>
      <strong>
        {t.check(check + 1)}
        {marks.value.colon}
        {t[`outcome.${outcome}`]}
      </strong>{' '}
      <span class="muted">
        {timeOf(lastAt)}
        {repeats > 0 && ` · ${t.times(repeats + 1)}`}
      </span>
      {why !== undefined && (
        <p>
          <Words text={why} finding />
        </p>
      )}
      {expected !== undefined && outcome === 'fail' && (
        <p class="muted">
          {t.expected}
          {marks.value.colon}
          <Words text={expected} />
          {marks.value.semicolon}
          {observed !== undefined && (
            <>
              {t.observed}
              {marks.value.colon}
              <Words text={observed} />
            </>
          )}
        </p>
      )}
    </li>
  )
}

function Entry({ entry: { at, command, changes } }: { entry: TimelineEntry }) {
  const t = strings.value
  return (
    <li>
      <span class="muted">{timeOf(at)}</span>{' '}
      {command === undefined ? (
        <span class="muted">{t.byItself}</span>
      ) : (
        <>
          {command.host} <code>{command.text}</code>
        </>
      )}
      <ul>
        {changes.map((change) => (
          <li key={change.text.en}>
            <Words text={change.text} finding />
          </li>
        ))}
      </ul>
    </li>
  )
}

function timeOf(at: string): string {
  return new Date(at).toLocaleTimeString(language.value === 'zh' ? 'zh-CN' : 'en-GB', { hour12: false })
}
