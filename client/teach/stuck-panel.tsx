import { useId, useState } from 'preact/hooks'
import type { ClassView } from '../../server/protocol/classes.js'
import { strings } from './strings.js'
import { ask, changed } from './teach-state.js'

/** The rule by which somebody is said to be stuck, and its numbers. */
export function StuckPanel({ view }: { view: ClassView }) {
  const t = strings.value
  const id = useId()
  const [rule, setRule] = useState(view.stuckRule)
  const [said, setSaid] = useState('')
  const number = (key: 'sameReason' | 'times' | 'leastMinutes', text: string, [min, max]: [number, number]) => (
    <>
      <label for={`${id}-${key}`}>{text}</label>
      <input
        id={`${id}-${key}`}
        type="number"
        min={min}
        max={max}
        step={key === 'times' ? 0.5 : 1}
        required
        value={rule[key]}
        onInput={(event) => setRule({ ...rule, [key]: event.currentTarget.valueAsNumber })}
      />
    </>
  )
  return (
    <details>
      <summary>{t.stuckRule}</summary>
      <form
        onSubmit={async (event) => {
          event.preventDefault()
          setSaid('')
          const done = await ask('class.change', { class: view.id, stuckRule: rule })
          changed(done)
          if (done !== undefined) setSaid(t.saved)
        }}
      >
        <p>{t.stuckText}</p>
        <label class="check">
          <input
            type="checkbox"
            checked={!rule.isMuted}
            onChange={(event) => setRule({ ...rule, isMuted: !event.currentTarget.checked })}
          />
          {t.stuckOn}
        </label>
        {number('sameReason', t.stuckSame, [2, 50])}
        {number('times', t.stuckTimes, [1, 20])}
        {number('leastMinutes', t.stuckLeast, [1, 240])}
        <div class="actions">
          <button type="submit">{t.save}</button>
        </div>
        <p role="status">{said}</p>
      </form>
    </details>
  )
}
