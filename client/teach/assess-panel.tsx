import { useId, useState } from 'preact/hooks'
import type { ClassView } from '../../server/protocol/classes.js'
import { inLanguage } from '../state/language.js'
import { strings } from './strings.js'
import { ask, changed } from './teach-state.js'

type Assessment = ClassView['assessed'][string]

/** Whether what learners do in a lab is handed in and counts, how often, and what they are told of it. */
export function AssessPanel({ view, lab }: { view: ClassView; lab: ClassView['labs'][number] }) {
  const t = strings.value
  const id = useId()
  const now = view.assessed[lab.id]
  const [attempts, setAttempts] = useState(now?.attempts === undefined ? '' : String(now.attempts))
  const [shows, setShows] = useState<Assessment['shows']>(now?.shows ?? 'points')
  const [counts, setCounts] = useState(now?.counts ?? 'best')
  const [regraded, setRegraded] = useState<'better' | 'newer'>(now?.regraded ?? 'better')
  const [grace, setGrace] = useState(now?.grace === undefined ? '' : String(now.grace))
  const [hours, setHours] = useState(now?.late === undefined ? '' : String(now.late.hours))
  const [percent, setPercent] = useState(String(now?.late?.percent ?? 10))
  const [per, setPer] = useState(now?.late?.per ?? 'day')
  const [said, setSaid] = useState('')
  const set = async (assessed: Assessment | null) => {
    setSaid('')
    const done = await ask('class.assess', { class: view.id, lab: lab.id, assessed })
    changed(done)
    if (done !== undefined) setSaid(t.saved)
  }
  const chosen: Assessment = {
    shows,
    ...(attempts === '' ? {} : { attempts: Number(attempts) }),
    ...(counts === 'best' ? {} : { counts }),
    ...(regraded === 'better' ? {} : { regraded }),
    ...(grace === '' ? {} : { grace: Number(grace) }),
    ...(hours === '' ? {} : { late: { hours: Number(hours), percent: Number(percent), per } }),
  }
  return (
    <details>
      <summary>
        {t.assess} · {inLanguage(lab.title)}
      </summary>
      <p>{t.assessText}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void set(chosen)
        }}
      >
        <label class="check">
          <input
            type="checkbox"
            checked={now !== undefined}
            onChange={(event) => void set(event.currentTarget.checked ? chosen : null)}
          />
          {t.isAssessed}
        </label>
        {now !== undefined && (
          <>
            <label for={`${id}-attempts`}>{t.attempts}</label>
            <input
              id={`${id}-attempts`}
              type="number"
              min={1}
              max={100}
              value={attempts}
              onInput={(event) => setAttempts(event.currentTarget.value)}
            />
            <label for={`${id}-shows`}>{t.shows}</label>
            <select
              id={`${id}-shows`}
              value={shows}
              onChange={(event) => setShows(event.currentTarget.value as Assessment['shows'])}
            >
              {(['nothing', 'points', 'steps'] as const).map((one) => (
                <option key={one} value={one}>
                  {t[`shows.${one}`]}
                </option>
              ))}
            </select>
            <label for={`${id}-counts`}>{t.countsWhich}</label>
            <select
              id={`${id}-counts`}
              value={counts}
              onChange={(event) => setCounts(event.currentTarget.value as typeof counts)}
            >
              <option value="best">{t.countsBest}</option>
              <option value="last">{t.countsLast}</option>
            </select>
            <label for={`${id}-regraded`}>{t.regraded}</label>
            <select
              id={`${id}-regraded`}
              value={regraded}
              onChange={(event) => setRegraded(event.currentTarget.value as typeof regraded)}
            >
              <option value="better">{t.regradedBetter}</option>
              <option value="newer">{t.regradedNewer}</option>
            </select>
            <label for={`${id}-grace`}>{t.grace}</label>
            <input
              id={`${id}-grace`}
              type="number"
              min={1}
              max={1440}
              value={grace}
              onInput={(event) => setGrace(event.currentTarget.value)}
            />
            <label for={`${id}-hours`}>{t.lateHours}</label>
            <input
              id={`${id}-hours`}
              type="number"
              min={1}
              max={720}
              value={hours}
              onInput={(event) => setHours(event.currentTarget.value)}
            />
            {hours !== '' && (
              <>
                <label for={`${id}-percent`}>{t.latePercent}</label>
                <input
                  id={`${id}-percent`}
                  type="number"
                  min={0}
                  max={100}
                  required
                  value={percent}
                  onInput={(event) => setPercent(event.currentTarget.value)}
                />
                <label for={`${id}-per`}>{t.latePer}</label>
                <select
                  id={`${id}-per`}
                  value={per}
                  onChange={(event) => setPer(event.currentTarget.value as typeof per)}
                >
                  <option value="hour">{t.latePerHour}</option>
                  <option value="day">{t.latePerDay}</option>
                </select>
              </>
            )}
            <div class="actions">
              <button type="submit" class="primary">
                {t.save}
              </button>
            </div>
          </>
        )}
        <p role="status">{said}</p>
      </form>
      {now !== undefined && <Regrade view={view} lab={lab} />}
    </details>
  )
}

/** Checks that were mended are told of what was handed in before. */
function Regrade({ view, lab }: { view: ClassView; lab: ClassView['labs'][number] }) {
  const t = strings.value
  const [said, setSaid] = useState('')
  const isGoing = said === t.regrading
  const regrade = async () => {
    setSaid(t.regrading)
    const done = await ask('class.regrade', { class: view.id, lab: lab.id })
    setSaid(done === undefined ? '' : t.hasRegraded(done.judged, done.more, done.fewer, done.left))
  }
  return (
    <>
      <p class="muted">{t.regradeText}</p>
      <div class="actions">
        <button type="button" aria-disabled={isGoing} onClick={() => isGoing || void regrade()}>
          {t.regrade}
        </button>
      </div>
      <p role="status">{said}</p>
    </>
  )
}
