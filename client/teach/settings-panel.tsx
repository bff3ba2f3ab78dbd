import { useEffect, useState } from 'preact/hooks'
import type { ClassView } from '../../server/protocol/classes.js'
import type { CatalogueView } from '../../server/protocol/protocol.js'
import { confirmed } from '../shell/dialog.js'
import { CheckField, InputField } from '../shell/fields.js'
import { fieldTime, timeOfField } from '../shell/time.js'
import { load } from '../state/load.js'
import { LabPicker, type PickedLab } from './lab-picker.js'
import { strings } from './strings.js'
import { ask, changed } from './teach-state.js'

/** Title, labs and times of a class, and its end. */
export function SettingsPanel({ view }: { view: ClassView }) {
  const t = strings.value
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
        <InputField type="text" label={t.title} required maxLength={100} value={title} onInput={setTitle} />
        <InputField type="datetime-local" label={t.starts} value={starts} onInput={setStarts} />
        <InputField type="datetime-local" label={t.ends} min={starts} value={ends} onInput={setEnds} />
        <InputField type="datetime-local" label={t.codeEnds} value={codeEnds} onInput={setCodeEnds} />
        <InputField
          type="number"
          label={t.expectedLearners}
          min={1}
          max={10_000}
          value={expected}
          note={t.warmText}
          onInput={setExpected}
        />
        <InputField
          type="number"
          label={t.capacity(view.mostRacks)}
          min={1}
          max={view.mostRacks}
          value={capacity}
          onInput={setCapacity}
        />
        <InputField type="number" label={t.keepDays} min={1} max={3650} value={keep} onInput={setKeep} />
        <CheckField
          label={t.ownNumbers}
          checked={view.hasOwnNumbers}
          onChange={async (hasOwnNumbers) => changed(await ask('class.change', { class: view.id, hasOwnNumbers }))}
        />
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
