import { useState } from 'preact/hooks'
import type { ClassView } from '../../server/protocol/classes.js'
import { CheckField, InputField } from '../shell/fields.js'
import { strings } from './strings.js'
import { ask, changed } from './teach-state.js'

/** The rule by which somebody is said to be stuck, and its numbers. */
export function StuckPanel({ view }: { view: ClassView }) {
  const t = strings.value
  const [rule, setRule] = useState(view.stuckRule)
  const [said, setSaid] = useState('')
  const number = (key: 'sameReason' | 'times' | 'leastMinutes', text: string, [min, max]: [number, number]) => (
    <InputField
      type="number"
      label={text}
      min={min}
      max={max}
      step={key === 'times' ? 0.5 : 1}
      required
      // What is no number yet shows as nothing.
      value={Number.isNaN(rule[key]) ? '' : String(rule[key])}
      onInput={(value) => setRule({ ...rule, [key]: value === '' ? Number.NaN : Number(value) })}
    />
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
        <CheckField
          label={t.stuckOn}
          checked={!rule.isMuted}
          onChange={(isOn) => setRule({ ...rule, isMuted: !isOn })}
        />
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
