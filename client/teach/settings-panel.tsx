import { useEffect, useId, useState } from 'preact/hooks'
import type { ClassView } from '../../server/protocol/classes.js'
import type { CatalogueView } from '../../server/protocol/protocol.js'
import { confirmed } from '../shell/dialog.js'
import { fieldTime, timeOfField } from '../shell/time.js'
import { load } from '../state/load.js'
import { LabPicker, type PickedLab } from './lab-picker.js'
import { strings } from './strings.js'
import { ask, changed } from './teach-state.js'

/** Title, labs and times of a class, and its end. */
export function SettingsPanel({ view }: { view: ClassView }) {
  const t = strings.value
  const id = useId()
  const [title, setTitle] = useState(view.title)
  const [starts, setStarts] = useState(fieldTime(view.startsAt))
  const [ends, setEnds] = useState(fieldTime(view.endsAt))
  const [codeEnds, setCodeEnds] = useState(fieldTime(view.codeEndsAt))
  const [keep, setKeep] = useState(view.keepDays === undefined ? '' : String(view.keepDays))
  const [capacity, setCapacity] = useState(view.capacity === undefined ? '' : String(view.capacity))
  const [expected, setExpected] = useState(view.expected === undefined ? '' : String(view.expected))
  const [labs, setLabs] = useState<PickedLab[]>([])
  const [said, setSaid] = useState('')
  // A new code may have taken it away.
  useEffect(() => setCodeEnds(fieldTime(view.codeEndsAt)), [view.codeEndsAt])
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
            startsAt: timeOfField(starts),
            endsAt: timeOfField(ends),
            codeEndsAt: timeOfField(codeEnds),
            keepDays: keep === '' ? null : Number(keep),
            capacity: capacity === '' ? null : Number(capacity),
            expected: expected === '' ? null : Number(expected),
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
        <label for={`${id}-code-ends`}>{t.codeEnds}</label>
        <input
          id={`${id}-code-ends`}
          type="datetime-local"
          value={codeEnds}
          onInput={(event) => setCodeEnds(event.currentTarget.value)}
        />
        <label for={`${id}-expected`}>{t.expectedLearners}</label>
        <input
          id={`${id}-expected`}
          type="number"
          min={1}
          max={10_000}
          value={expected}
          aria-describedby={`${id}-warm`}
          onInput={(event) => setExpected(event.currentTarget.value)}
        />
        <p id={`${id}-warm`} class="muted">
          {t.warmText}
        </p>
        <label for={`${id}-capacity`}>{t.capacity(view.mostRacks)}</label>
        <input
          id={`${id}-capacity`}
          type="number"
          min={1}
          max={view.mostRacks}
          value={capacity}
          onInput={(event) => setCapacity(event.currentTarget.value)}
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
