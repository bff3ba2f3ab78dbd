import { useState } from 'preact/hooks'
import type { ClassView, SeatView } from '../../server/protocol/classes.js'
import { SelectField } from '../shell/fields.js'
import { strings } from './strings.js'
import { ask } from './teach-state.js'

/** Makes two seats of one person one. */
export function MergeForm({
  view,
  seat,
  seats,
  onDone,
}: {
  view: ClassView
  seat: SeatView
  seats: readonly SeatView[]
  onDone(): void
}) {
  const t = strings.value
  // Who is there twice is most likely meant.
  const others = seats
    .filter((one) => one.id !== seat.id)
    .toSorted((a, b) => Number(b.isDuplicate) - Number(a.isDuplicate))
  const [other, setOther] = useState(others[0]?.id ?? '')
  return (
    <form
      onSubmit={async (event) => {
        event.preventDefault()
        if ((await ask('seat.merge', { class: view.id, seat: seat.id, other })) !== undefined) onDone()
      }}
    >
      <p>{t.mergeText(seat.name)}</p>
      <SelectField
        label={t.mergeWith}
        value={other}
        options={others.map((one) => [
          one.id,
          [one.name, one.student, one.section].filter((part) => part !== undefined).join(' · '),
        ])}
        onChange={setOther}
      />
      <div class="actions">
        <button type="submit" class="primary">
          {t.mergeDo}
        </button>
      </div>
    </form>
  )
}
