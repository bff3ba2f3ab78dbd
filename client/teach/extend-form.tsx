import { useId, useState } from 'preact/hooks'
import type { ClassView, SeatView } from '../../server/protocol/classes.js'
import { dayAndTime } from '../shell/time.js'
import { inLanguage, language } from '../state/language.js'
import { strings } from './strings.js'
import { ask, changed, matrix } from './teach-state.js'

const usualMinutes = 10

/** More time for all of a class, for a group, or for one learner of it: for the class, or for one of its labs. */
export function ExtendForm({ view, seat }: { view: ClassView; seat?: SeatView }) {
  const t = strings.value
  const id = useId()
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
      <label for={id}>{t.ofWhat}</label>
      <select id={id} value={chosen} onChange={(event) => setLab(event.currentTarget.value)}>
        {all.map(({ of, text }) => (
          <option key={of} value={of}>
            {text}
          </option>
        ))}
      </select>
      {seat === undefined && sections.length > 0 && (
        <>
          <label for={`${id}-section`}>{t.ofWhom}</label>
          <select id={`${id}-section`} value={section} onChange={(event) => setSection(event.currentTarget.value)}>
            <option value="">{t.everybody}</option>
            {sections.map((one) => (
              <option key={one} value={one}>
                {t.group(one)}
              </option>
            ))}
          </select>
        </>
      )}
      <label for={`${id}-minutes`}>{t.minutes}</label>
      <input
        id={`${id}-minutes`}
        type="number"
        min={1}
        max={10_080}
        required
        value={minutes}
        onInput={(event) => setMinutes(event.currentTarget.value)}
      />
      <div class="actions">
        <button type="submit">{t.extend}</button>
      </div>
      <p role="status">{said}</p>
    </form>
  )
}
