import { useEffect, useId, useState } from 'preact/hooks'
import type { ClassView } from '../../server/protocol/classes.js'
import type { CatalogueView } from '../../server/protocol/protocol.js'
import { confirmed } from '../shell/dialog.js'
import { load } from '../state/load.js'
import { LabPicker, type PickedLab } from './lab-picker.js'
import { strings } from './strings.js'
import { ask, changed } from './teach-state.js'

/** Title, labs and times of a class, and its end. */
export function SettingsPanel({ view }: { view: ClassView }) {
  const t = strings.value
  const id = useId()
  const [title, setTitle] = useState(view.title)
  const [starts, setStarts] = useState(localOf(view.startsAt))
  const [ends, setEnds] = useState(localOf(view.endsAt))
  const [keep, setKeep] = useState(view.keepDays === undefined ? '' : String(view.keepDays))
  const [labs, setLabs] = useState<PickedLab[]>([])
  const [said, setSaid] = useState('')
  useEffect(() => {
    void load<CatalogueView>('/api/catalogue').then((answered) => {
      if (!answered.ok) return
      const chosen = view.labs.map((lab) => ({ id: lab.id, title: lab.title, isIn: true }))
      const others = answered.value.labs
        .filter((lab) => !view.labs.some((one) => one.id === lab.id))
        .map((lab) => ({ id: lab.id, title: lab.title, isIn: false }))
      setLabs([...chosen, ...others])
    })
  }, [view.id])
  return (
    <details>
      <summary>{t.settings}</summary>
      <form
        onSubmit={async (event) => {
          event.preventDefault()
          setSaid('')
          const done = await ask('class.change', {
            class: view.id,
            title,
            startsAt: timeOf(starts),
            endsAt: timeOf(ends),
            keepDays: keep === '' ? null : Number(keep),
            // Before they are known none of them is to be taken away.
            ...(labs.length === 0 ? {} : { labs: labs.filter(({ isIn }) => isIn).map((lab) => lab.id) }),
          })
          changed(done)
          if (done !== undefined) setSaid(t.saved)
        }}
      >
        <label for={`${id}-title`}>{t.title}</label>
        <input
          id={`${id}-title`}
          type="text"
          required
          maxLength={100}
          value={title}
          onInput={(event) => setTitle(event.currentTarget.value)}
        />
        <label for={`${id}-starts`}>{t.starts}</label>
        <input
          id={`${id}-starts`}
          type="datetime-local"
          value={starts}
          onInput={(event) => setStarts(event.currentTarget.value)}
        />
        <label for={`${id}-ends`}>{t.ends}</label>
        <input
          id={`${id}-ends`}
          type="datetime-local"
          min={starts}
          value={ends}
          onInput={(event) => setEnds(event.currentTarget.value)}
        />
        <label for={`${id}-keep`}>{t.keepDays}</label>
        <input
          id={`${id}-keep`}
          type="number"
          min={1}
          max={3650}
          value={keep}
          onInput={(event) => setKeep(event.currentTarget.value)}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={view.hasOwnNumbers}
            onChange={async (event) =>
              changed(await ask('class.change', { class: view.id, hasOwnNumbers: event.currentTarget.checked }))
            }
          />
          {t.ownNumbers}
        </label>
        <LabPicker labs={labs} onChange={setLabs} />
        <div class="actions">
          <button type="submit" class="primary">
            {t.save}
          </button>
          {view.endedAt === undefined && (
            <button
              type="button"
              onClick={async () => {
                const question = { title: t.endSure, text: t.endText, action: t.end }
                if (await confirmed(question)) changed(await ask('class.end', { class: view.id }))
              }}
            >
              {t.end}
            </button>
          )}
        </div>
        <p role="status">{said}</p>
      </form>
    </details>
  )
}

/** A time as the browser's field has it: in the local zone, to the minute. */
function localOf(time: string | undefined): string {
  if (time === undefined) return ''
  const date = new Date(time)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

function timeOf(local: string): string | null {
  return local === '' ? null : new Date(local).toISOString()
}
