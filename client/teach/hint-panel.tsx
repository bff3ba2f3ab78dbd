import { useEffect, useState } from 'preact/hooks'
import type { ClassView, PreparedHints, SeatView } from '../../server/protocol/classes.js'
import { SelectField } from '../shell/fields.js'
import { Words } from '../shell/words.js'
import { inLanguage } from '../state/language.js'
import { strings } from './strings.js'
import { cellState } from './summary.js'
import { ask } from './teach-state.js'

/** Gives the next prepared hint of a check to one learner, to those who are at the step, or to all. */
export function HintPanel({
  view,
  lab,
  seats,
}: {
  view: ClassView
  lab: ClassView['labs'][number]
  seats: readonly SeatView[]
}) {
  const t = strings.value
  const [isOpen, setOpen] = useState(false)
  const [hints, setHints] = useState<PreparedHints>()
  const [chosen, setChosen] = useState<string>()
  const [to, setTo] = useState('at')
  const [said, setSaid] = useState('')
  useEffect(() => {
    setChosen(undefined)
    setHints(undefined)
    if (isOpen) void ask('hint.list', { class: view.id, lab: lab.id }).then(setHints)
  }, [isOpen, view.id, lab.id])
  const all = (hints?.steps ?? []).flatMap((step) =>
    step.checks.map((check) => ({ key: `${step.id} ${check.index}`, step, check })),
  )
  const one = all.find(({ key }) => key === chosen) ?? all[0]
  const at = seats.filter((seat) => {
    const state = one === undefined ? 'open' : cellState(seat, lab.id, one.step.id)
    return state === 'working' || state === 'failing'
  })
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {t.hint} · {inLanguage(lab.title)}
      </summary>
      <p>{t.hintText}</p>
      {hints !== undefined && one === undefined && <p class="muted">{t.hintNone}</p>}
      {one !== undefined && (
        <form
          onSubmit={async (event) => {
            event.preventDefault()
            setSaid('')
            const some = to === 'all' ? undefined : to === 'at' ? at.map((seat) => seat.id) : [to]
            if (some?.length === 0) return setSaid(t.given(0, 0))
            const done = await ask('hint.give', {
              class: view.id,
              lab: lab.id,
              step: one.step.id,
              check: one.check.index,
              ...(some === undefined ? {} : { seats: some }),
            })
            if (done !== undefined) setSaid(t.given(done.given, done.without))
          }}
        >
          <SelectField
            label={t.step}
            value={one.key}
            options={all.map(({ key, step, check }) => [
              key,
              `${inLanguage(step.heading)} · ${t.hintCheck(check.index + 1, check.hints.length)}`,
            ])}
            onChange={setChosen}
          />
          <ol class="hints">
            {one.check.hints.map((hint) => (
              <li key={hint.en}>
                <Words text={hint} />
              </li>
            ))}
          </ol>
          <SelectField
            label={t.hintTo}
            value={to}
            options={[
              ['at', t.hintAt(at.length)],
              ['all', t.hintAll],
              ...seats.filter(({ hasJoined }) => hasJoined).map(({ id, name }) => [id, name] as const),
            ]}
            onChange={setTo}
          />
          <div class="actions">
            <button type="submit">{t.give}</button>
          </div>
          <p role="status">{said}</p>
        </form>
      )}
    </details>
  )
}
