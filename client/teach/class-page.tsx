import { useEffect, useState } from 'preact/hooks'
import type { ClassView, HandView, SeatView } from '../../server/protocol/classes.js'
import { Dialog } from '../shell/dialog.js'
import { CheckField } from '../shell/fields.js'
import { useArrival, useTitle } from '../shell/title.js'
import { TroubleNote } from '../shell/trouble.js'
import { Coded } from '../shell/words.js'
import { inLanguage } from '../state/language.js'
import { AssessPanel } from './assess-panel.js'
import { stateOf } from './class-list.js'
import { DatesPanel } from './dates-panel.js'
import { Exports } from './exports.js'
import { HandsPanel } from './hands-panel.js'
import { HintPanel } from './hint-panel.js'
import { JoinPanel } from './join-panel.js'
import { LocksPanel } from './locks-panel.js'
import { LooksPanel } from './looks-panel.js'
import { Matrix } from './matrix.js'
import { RosterPanel } from './roster-panel.js'
import { SettingsPanel } from './settings-panel.js'
import { SharePanel } from './share-panel.js'
import { strings } from './strings.js'
import { StuckPanel } from './stuck-panel.js'
import { busiestLab, nameless, summaryOf } from './summary.js'
import { look, matrix, trouble } from './teach-state.js'
import { TellForm } from './tell-form.js'

/** One class: how to join it, how far everybody is, who is in it. */
export function ClassPage({ id }: { id: string }) {
  const t = strings.value
  const heading = useArrival<HTMLHeadingElement>()
  useEffect(() => look(id), [id])
  const shown = matrix.value
  const [chosen, setChosen] = useState<string>()
  const [isNameless, setNameless] = useState(false)
  const [isProjected, setProjected] = useState(false)
  useTitle(shown?.class.title ?? t.classes)
  if (shown === undefined) {
    return (
      <main id="content" tabIndex={-1}>
        {trouble.value === undefined ? <p role="status">{t.loading}</p> : <TroubleNote trouble={trouble.value} />}
      </main>
    )
  }
  const { class: one } = shown
  const seats = isNameless ? shown.seats.map((seat, n) => nameless(seat, t.nameless(n + 1))) : shown.seats
  const lab = one.labs.find((each) => each.id === (chosen ?? busiestLab(one.labs, seats))) ?? one.labs[0]
  return (
    <main id="content" tabIndex={-1}>
      <h1 ref={heading} tabIndex={-1}>
        <bdi>{one.title}</bdi>
      </h1>
      <p class="intro">{[stateOf(one), t.seats(seats.length), t.labs(one.labs.length)].join(' · ')}</p>
      {trouble.value !== undefined && <TroubleNote trouble={trouble.value} />}
      {one.mayAssist && <JoinPanel view={one} />}
      {shown.warming !== undefined && <p role="status">{t.warming(shown.warming.ready, shown.warming.wanted)}</p>}
      {one.mayAssist && <LooksPanel matrix={{ ...shown, seats }} />}
      {one.mayAssist && <HandsPanel matrix={{ ...shown, seats }} />}
      {one.mayAssist && one.endedAt === undefined && <SharePanel matrix={shown} />}
      {one.mayAssist && one.endedAt === undefined && (
        <details>
          <summary>{t.tell}</summary>
          <TellForm id={one.id} />
        </details>
      )}
      <section aria-labelledby="progress">
        <h2 id="progress">{t.progress}</h2>
        {one.labs.length > 1 && (
          <label class="choose-lab">
            {t.lab}
            <select value={lab?.id} onChange={(event) => setChosen(event.currentTarget.value)}>
              {one.labs.map((each) => (
                <option key={each.id} value={each.id}>
                  {inLanguage(each.title)}
                </option>
              ))}
            </select>
          </label>
        )}
        {seats.length > 0 && (
          <button type="button" onClick={() => setProjected(true)}>
            {t.projector}
          </button>
        )}
        <CheckField label={t.hideNames} checked={isNameless} onChange={setNameless} />
        {lab !== undefined && seats.length > 0 && <Summary lab={lab} seats={seats} />}
        {seats.length === 0 ? (
          <p class="muted">{t.empty}</p>
        ) : (
          <Matrix view={one} lab={lab} seats={seats} hands={shown.hands} />
        )}
        {one.mayAssist && seats.length > 0 && (
          <Exports id={one.id} lab={lab} isAssessed={lab !== undefined && one.assessed[lab.id] !== undefined} />
        )}
      </section>
      {one.mayAssist && lab !== undefined && one.endedAt === undefined && (
        <HintPanel view={one} lab={lab} seats={seats} />
      )}
      {one.mayAssist && lab !== undefined && <LocksPanel view={one} lab={lab} />}
      {one.mayLead && lab !== undefined && <AssessPanel key={lab.id} view={one} lab={lab} />}
      {one.mayLead && one.labs.length > 0 && <DatesPanel view={one} />}
      {one.mayLead && <StuckPanel view={one} />}
      {one.mayLead && <RosterPanel view={one} />}
      {one.mayLead && <SettingsPanel view={one} />}
      {isProjected && lab !== undefined && (
        <Projected view={one} lab={lab} seats={shown.seats} hands={shown.hands} onClose={() => setProjected(false)} />
      )}
    </main>
  )
}

/** How far the class is, for all to see: names are shown when somebody says so, and nothing can be done there. */
function Projected({
  view,
  lab,
  seats,
  hands,
  onClose,
}: {
  view: ClassView
  lab: ClassView['labs'][number]
  seats: readonly SeatView[]
  hands: readonly HandView[]
  onClose(): void
}) {
  const t = strings.value
  const [hasNames, setNames] = useState(false)
  const shown = hasNames ? seats : seats.map((seat, n) => nameless(seat, t.nameless(n + 1)))
  return (
    <Dialog title={`${view.title} · ${inLanguage(lab.title)}`} onClose={onClose}>
      <div class="projected progress">
        <Summary lab={lab} seats={shown} />
        <Matrix view={{ ...view, mayAssist: false, mayLead: false }} lab={lab} seats={shown} hands={hands} />
        <CheckField label={t.showNames} checked={hasNames} onChange={setNames} />
      </div>
    </Dialog>
  )
}

/** Where the class is, and what holds it up: said when it changes, and not more often than one can listen. */
function Summary({ lab, seats }: { lab: Parameters<typeof summaryOf>[0]; seats: Parameters<typeof summaryOf>[1] }) {
  const t = strings.value
  const joined = seats.filter(({ hasJoined }) => hasJoined)
  const steps = summaryOf(lab, joined).filter(({ at }) => at > 0)
  return (
    <div role="status">
      <ul class="summary">
        {steps.map(({ step, heading, at, reason }) => (
          <li key={step}>
            {t.at(at, joined.length, inLanguage(heading))}
            {reason !== undefined && (
              <>
                {' '}
                <Coded text={t.fails(reason.count, inLanguage(heading), inLanguage(reason.why))} />
              </>
            )}
          </li>
        ))}
      </ul>
    </div>
  )
}
