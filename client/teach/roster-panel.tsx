import { useId, useState } from 'preact/hooks'
import type { ClassView } from '../../server/protocol/classes.js'
import { CheckField } from '../shell/fields.js'
import { strings } from './strings.js'
import { ask, changed } from './teach-state.js'

/** Who is to be in the class. */
export function RosterPanel({ view }: { view: ClassView }) {
  const t = strings.value
  const id = useId()
  const [csv, setCsv] = useState('')
  const [said, setSaid] = useState('')
  return (
    <details>
      <summary>{t.people}</summary>
      <CheckField
        label={t.rosterOnly}
        checked={view.isRosterOnly}
        onChange={async (isRosterOnly) => changed(await ask('class.change', { class: view.id, isRosterOnly }))}
      />
      <p id={`${id}-text`}>{t.peopleText}</p>
      <form
        onSubmit={async (event) => {
          event.preventDefault()
          setSaid('')
          const done = await ask('seat.add', { class: view.id, csv })
          if (done === undefined) return
          setCsv('')
          setSaid(t.added(done.added, done.known, done.changed))
        }}
      >
        <label for={id}>{t.csv}</label>
        <textarea
          id={id}
          rows={6}
          required
          spellcheck={false}
          aria-describedby={`${id}-text`}
          placeholder={'name,id,email,group\nAda Lovelace,1001,ada@example.org,A'}
          value={csv}
          onInput={(event) => setCsv(event.currentTarget.value)}
        />
        <label for={`${id}-file`}>{t.choose}</label>
        <input
          id={`${id}-file`}
          type="file"
          accept=".csv,text/csv,text/plain"
          onChange={async (event) => {
            const [file] = event.currentTarget.files ?? []
            if (file !== undefined) setCsv(await file.text())
          }}
        />
        <div class="actions">
          <button type="submit">{t.add}</button>
        </div>
        <p role="status">{said}</p>
      </form>
    </details>
  )
}
