import { useState } from 'preact/hooks'
import type { ClassView } from '../../server/protocol/classes.js'
import { InputField, SelectField } from '../shell/fields.js'
import { fieldTime, timeOfField } from '../shell/time.js'
import { inLanguage } from '../state/language.js'
import { ExtendForm } from './extend-form.js'
import { strings } from './strings.js'
import { ask, changed } from './teach-state.js'

type Lab = ClassView['labs'][number]

/** When each lab of a class opens and closes, what has to be done before, and more time for all. */
export function DatesPanel({ view }: { view: ClassView }) {
  const t = strings.value
  return (
    <details>
      <summary>{t.labDates}</summary>
      <p>{t.datesText}</p>
      {view.labs.map((lab) => (
        <LabDates key={lab.id} view={view} lab={lab} />
      ))}
      {view.endedAt === undefined && (
        <>
          <h3>{t.moreTime}</h3>
          <ExtendForm view={view} />
        </>
      )}
    </details>
  )
}

function LabDates({ view, lab }: { view: ClassView; lab: Lab }) {
  const t = strings.value
  const dates = Object.hasOwn(view.dates, lab.id) ? view.dates[lab.id]! : {}
  const [changedTo, setChanged] = useState<{ opens?: string; due?: string; after?: string }>({})
  const [said, setSaid] = useState('')
  // What others change, such as more time, shows where one has not typed.
  const opens = changedTo.opens ?? fieldTime(dates.opensAt)
  const due = changedTo.due ?? fieldTime(dates.dueAt)
  const after = changedTo.after ?? dates.after ?? ''
  const title = inLanguage(lab.title)
  return (
    <form
      class="dates"
      aria-label={title}
      onSubmit={async (event) => {
        event.preventDefault()
        setSaid('')
        const done = await ask('class.dates', {
          class: view.id,
          lab: lab.id,
          opensAt: timeOfField(opens),
          dueAt: timeOfField(due),
          after: after === '' ? null : after,
        })
        changed(done)
        if (done === undefined) return
        setChanged({})
        setSaid(t.saved)
      }}
    >
      <h3>{title}</h3>
      <InputField
        type="datetime-local"
        label={t.opens}
        value={opens}
        onInput={(value) => setChanged({ ...changedTo, opens: value })}
      />
      <InputField
        type="datetime-local"
        label={t.due}
        min={opens}
        value={due}
        onInput={(value) => setChanged({ ...changedTo, due: value })}
      />
      <SelectField
        label={t.after}
        value={after}
        options={[
          ['', t.afterNone],
          ...view.labs.filter((one) => one.id !== lab.id).map((one) => [one.id, inLanguage(one.title)] as const),
        ]}
        onChange={(value) => setChanged({ ...changedTo, after: value })}
      />
      <button type="submit" aria-label={t.saveDates(title)}>
        {t.save}
      </button>
      <p role="status">{said}</p>
    </form>
  )
}
