import { useState } from 'preact/hooks'
import type { ClassView, SeatView } from '../../server/protocol/classes.js'
import { InputField, SelectField } from '../shell/fields.js'
import { dayAndTime } from '../shell/time.js'
import { inLanguage, language } from '../state/language.js'
import { strings } from './strings.js'
import { ask, changed, matrix } from './teach-state.js'

const usualMinutes = 10

/** More time for all of a class, for a group, or for one learner of it: for the class, or for one of its labs. */
export function ExtendForm({ view, seat }: { view: ClassView; seat?: SeatView }) {
  const t = strings.value
  const [lab, setLab] = useState<string>()
  const [minutes, setMinutes] = useState(String(usualMinutes))
  const [section, setSection] = useState('')
  const [said, setSaid] = useState('')
  const shown = (time: string) => dayAndTime(time, language.value)
  const ends = view.labs.flatMap(({ id: of, title }) => {
    const dueAt = Object.hasOwn(view.dates, of) ? view.dates[of]!.dueAt : undefined
    return dueAt === undefined ? [] : [{ of, text: t.ofLab(inLanguage(title), shown(dueAt)) }]
  })
  const all = [...(view.endsAt === undefined ? [] : [{ of: '', text: t.wholeClass(shown(view.endsAt)) }]), ...ends]
  const sections = [...new Set(matrix.value?.seats.flatMap(({ section: of }) => of ?? []))].toSorted()
  if (all.length === 0) return <p class="muted">{t.noEnd}</p>
  const chosen = lab ?? all[0]!.of
  return (
    <form
      onSubmit={async (event) => {
        event.preventDefault()
        setSaid('')
        const done = await ask('class.extend', {
          class: view.id,
          minutes: Number(minutes),
          ...(seat === undefined ? {} : { seat: seat.id }),
          ...(section === '' ? {} : { section }),
          ...(chosen === '' ? {} : { lab: chosen }),
        })
        changed(done)
        if (done !== undefined) setSaid(t.extended)
      }}
    >
      <p class="muted">{t.moreTimeText}</p>
      <SelectField
        label={t.ofWhat}
        value={chosen}
        options={all.map(({ of, text }) => [of, text] as const)}
        onChange={setLab}
      />
      {seat === undefined && sections.length > 0 && (
        <SelectField
          label={t.ofWhom}
          value={section}
          options={[['', t.everybody], ...sections.map((one) => [one, t.group(one)] as const)]}
          onChange={setSection}
        />
      )}
      <InputField type="number" label={t.minutes} min={1} max={10_080} required value={minutes} onInput={setMinutes} />
      <div class="actions">
        <button type="submit">{t.extend}</button>
      </div>
      <p role="status">{said}</p>
    </form>
  )
}
