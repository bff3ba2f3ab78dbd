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
  const [said, setSaid] = useState('')
  const set = async (assessed: Assessment | null) => {
    setSaid('')
    const done = await ask('class.assess', { class: view.id, lab: lab.id, assessed })
    changed(done)
    if (done !== undefined) setSaid(t.saved)
  }
  const chosen: Assessment = { shows, ...(attempts === '' ? {} : { attempts: Number(attempts) }) }
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
            <div class="actions">
              <button type="submit" class="primary">
                {t.save}
              </button>
            </div>
          </>
        )}
        <p role="status">{said}</p>
      </form>
    </details>
  )
}
