import { useState } from 'preact/hooks'
import type { ClassView } from '../../server/protocol/classes.js'
import { CheckField, InputField, SelectField } from '../shell/fields.js'
import { inLanguage } from '../state/language.js'
import { strings } from './strings.js'
import { ask, changed } from './teach-state.js'

type Assessment = ClassView['assessed'][string]

/** Whether what learners do in a lab is handed in and counts, how often, and what they are told of it. */
export function AssessPanel({ view, lab }: { view: ClassView; lab: ClassView['labs'][number] }) {
  const t = strings.value
  const now = view.assessed[lab.id]
  const [attempts, setAttempts] = useState(now?.attempts === undefined ? '' : String(now.attempts))
  const [shows, setShows] = useState<Assessment['shows']>(now?.shows ?? 'points')
  const [counts, setCounts] = useState<'best' | 'last'>(now?.counts ?? 'best')
  const [regraded, setRegraded] = useState<'better' | 'newer'>(now?.regraded ?? 'better')
  const [grace, setGrace] = useState(now?.grace === undefined ? '' : String(now.grace))
  const [hours, setHours] = useState(now?.late === undefined ? '' : String(now.late.hours))
  const [percent, setPercent] = useState(String(now?.late?.percent ?? 10))
  const [per, setPer] = useState<'hour' | 'day'>(now?.late?.per ?? 'day')
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
        <CheckField
          label={t.isAssessed}
          checked={now !== undefined}
          onChange={(isAssessed) => void set(isAssessed ? chosen : null)}
        />
        {now !== undefined && (
          <>
            <InputField type="number" label={t.attempts} min={1} max={100} value={attempts} onInput={setAttempts} />
            <SelectField
              label={t.shows}
              value={shows}
              options={(['nothing', 'points', 'steps'] as const).map((one) => [one, t[`shows.${one}`]])}
              onChange={setShows}
            />
            <SelectField
              label={t.countsWhich}
              value={counts}
              options={[
                ['best', t.countsBest],
                ['last', t.countsLast],
              ]}
              onChange={setCounts}
            />
            <SelectField
              label={t.regraded}
              value={regraded}
              options={[
                ['better', t.regradedBetter],
                ['newer', t.regradedNewer],
              ]}
              onChange={setRegraded}
            />
            <InputField type="number" label={t.grace} min={1} max={1440} value={grace} onInput={setGrace} />
            <InputField type="number" label={t.lateHours} min={1} max={720} value={hours} onInput={setHours} />
            {hours !== '' && (
              <>
                <InputField
                  type="number"
                  label={t.latePercent}
                  min={0}
                  max={100}
                  required
                  value={percent}
                  onInput={setPercent}
                />
                <SelectField
                  label={t.latePer}
                  value={per}
                  options={[
                    ['hour', t.latePerHour],
                    ['day', t.latePerDay],
                  ]}
                  onChange={setPer}
                />
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
