import { useRef } from 'preact/hooks'
import type { ClassView } from '../../server/protocol/classes.js'
import { CheckField } from '../shell/fields.js'
import { inLanguage } from '../state/language.js'
import { strings } from './strings.js'
import { ask, changed } from './teach-state.js'

/** What learners are given of a lab: steps, and solutions. */
export function LocksPanel({ view, lab }: { view: ClassView; lab: ClassView['labs'][number] }) {
  const t = strings.value
  // What was asked for last counts before the server has answered: who is quick changes two things at once.
  const asked = useRef<{ steps: readonly string[]; solutions: boolean; open: number } | undefined>(undefined)
  const { steps: locked, solutions } = asked.current ?? { steps: [], solutions: false, ...view.locks[lab.id] }
  const set = async (steps: readonly string[], withoutSolutions: boolean) => {
    asked.current = { steps, solutions: withoutSolutions, open: (asked.current?.open ?? 0) + 1 }
    const done = await ask('class.lock', {
      class: view.id,
      lab: lab.id,
      steps: [...steps],
      solutions: withoutSolutions,
    })
    if (--asked.current.open === 0) asked.current = undefined
    changed(done)
  }
  return (
    <details>
      <summary>
        {t.locks} · {inLanguage(lab.title)}
      </summary>
      <p>{t.locksText}</p>
      <fieldset class="lab-picker">
        <legend>{t.stepOpen}</legend>
        <ul>
          {[...lab.steps, { id: 'finish', heading: undefined }].map((step) => (
            <li key={step.id}>
              <label>
                <input
                  type="checkbox"
                  checked={!locked.includes(step.id)}
                  onChange={(event) => {
                    const now = asked.current ?? { steps: locked, solutions }
                    const others = now.steps.filter((id) => id !== step.id)
                    void set(event.currentTarget.checked ? others : [...others, step.id], now.solutions)
                  }}
                />
                {step.heading === undefined ? t.finish : inLanguage(step.heading)}
              </label>
            </li>
          ))}
        </ul>
      </fieldset>
      <CheckField
        label={t.solutionsOpen}
        checked={!solutions}
        onChange={(areOpen) => void set((asked.current ?? { steps: locked }).steps, !areOpen)}
      />
    </details>
  )
}
