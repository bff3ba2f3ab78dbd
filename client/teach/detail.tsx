import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { VerdictView } from '../../server/protocol/classes.js'
import type { NetworkMap, TimelineEntry } from '../../server/protocol/protocol.js'
import type { Value } from '../../server/protocol/requests.js'
import { JudgedSteps } from '../shell/judged-steps.js'
import { Words } from '../shell/words.js'
import { worthText } from '../shell/worth.js'
import { inLanguage, language, marks } from '../state/language.js'
import { strings } from './strings.js'
import { ask } from './teach-state.js'

/** What one learner did in a lab: verdicts with what they were found by, and what each command changed. */
export function Detail({ id, seat, lab }: { id: string; seat: string; lab: string }) {
  const t = strings.value
  const [detail, setDetail] = useState<Value<'seat.detail'>>()
  const [entry, setEntry] = useState<TimelineEntry>()
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
          {step.hints > 0 && <p class="muted">{t.hints(step.hints, step.given.length)}</p>}
          {step.given.length > 0 && (
            <ul>
              {step.given.map(({ check, hint, by, at }) => (
                <li key={`${check} ${hint}`}>{t.hintGiven(check + 1, hint, by || t.teacher, timeOf(at))}</li>
              ))}
            </ul>
          )}
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
      {detail.handedIn.length > 0 && (
        <>
          <h3>{t.handedIn}</h3>
          <ol reversed>
            {detail.handedIn.map((one) => (
              <HandedIn key={one.number} one={one} />
            ))}
          </ol>
        </>
      )}
      {detail.session !== undefined && (
        <p class="muted">
          {t.session}
          {marks.value.colon}
          <code>{detail.session}</code>
        </p>
      )}
      <h3>{t.network}</h3>
      <LearnerMap id={id} seat={seat} lab={lab} entry={entry} />
      <h3>{t.commands}</h3>
      {detail.timeline.length === 0 ? (
        <p class="muted">{t.noChanges}</p>
      ) : (
        <ol>
          {detail.timeline.toReversed().map((one) => (
            <Entry key={one.id} entry={one} onShow={() => setEntry(one)} />
          ))}
        </ol>
      )}
    </section>
  )
}

/** The learner's network, now or as it was: looked at alone, nothing is done to it. */
function LearnerMap({
  id,
  seat,
  lab,
  entry,
}: {
  id: string
  seat: string
  lab: string
  entry: TimelineEntry | undefined
}) {
  const t = strings.value
  const [shown, setShown] = useState<{ map: NetworkMap | null; entry: TimelineEntry | undefined }>()
  const [View, setView] = useState<ComponentType<{ map: NetworkMap }>>()
  useEffect(() => {
    void import('../network/map/watched-map.js').then((loaded) => setView(() => loaded.WatchedMap))
  }, [])
  useEffect(() => {
    const at = entry === undefined ? {} : { entry: entry.id }
    void ask('seat.network', { class: id, seat, lab, ...at }).then((map) => setShown({ map: map ?? null, entry }))
  }, [id, seat, lab, entry])
  if (shown === undefined || View === undefined) return <p role="status">{t.loading}</p>
  if (shown.map === null) return <p class="muted">{t.noNetwork}</p>
  return (
    <>
      <p class="muted" role="status">
        {shown.entry === undefined ? t.networkNow : t.networkAt(timeOf(shown.entry.at))}
      </p>
      <View map={shown.map} />
    </>
  )
}

function HandedIn({ one }: { one: Value<'seat.detail'>['handedIn'][number] }) {
  const { number, at, state, points, steps, notes, evidence } = one
  const t = strings.value
  return (
    <li>
      <strong>{t.attempt(number)}</strong> <span class="muted">{dateOf(at)}</span>
      {marks.value.colon}
      {state === 'judged' && points !== undefined ? worthText(one, points) : t[`handed.${state}`]}
      <JudgedSteps steps={steps} notes={notes} />
      {steps !== undefined && (
        <p class="muted">
          {t.evidence}
          {marks.value.colon}
          <code>{evidence}</code>
        </p>
      )}
    </li>
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

function Entry({ entry: { at, command, changes }, onShow }: { entry: TimelineEntry; onShow(): void }) {
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
      <button type="button" class="link" onClick={onShow}>
        {t.showThen}
      </button>
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

/** Day and time, as the browser's zone has them. */
export function dateOf(at: string): string {
  return new Date(at).toLocaleString(language.value === 'zh' ? 'zh-CN' : 'en-GB', { hour12: false })
}
