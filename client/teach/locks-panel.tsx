import type { ClassView } from '../../server/protocol/classes.js'
import { inLanguage } from '../state/language.js'
import { strings } from './strings.js'
import { ask, changed } from './teach-state.js'

/** What learners are given of a lab: steps, and solutions. */
export function LocksPanel({ view, lab }: { view: ClassView; lab: ClassView['labs'][number] }) {
  const t = strings.value
  const { steps: locked = [], solutions = false } = view.locks[lab.id] ?? {}
  const set = async (steps: readonly string[], withoutSolutions: boolean) =>
    changed(await ask('class.lock', { class: view.id, lab: lab.id, steps: [...steps], solutions: withoutSolutions }))
  return (
    <details>
      <summary>
        {t.locks} · {inLanguage(lab.title)}
      </summary>
      <p>{t.locksText}</p>
      <fieldset class="lab-picker">
        <legend>{t.stepOpen}</legend>
        <ul>
          {lab.steps.map((step) => (
            <li key={step.id}>
              <label>
                <input
                  type="checkbox"
                  checked={!locked.includes(step.id)}
                  onChange={(event) => {
                    const others = locked.filter((id) => id !== step.id)
                    void set(event.currentTarget.checked ? others : [...others, step.id], solutions)
                  }}
                />
                {inLanguage(step.heading)}
              </label>
            </li>
          ))}
        </ul>
      </fieldset>
      <label class="check">
        <input
          type="checkbox"
          checked={!solutions}
          onChange={(event) => void set(locked, !event.currentTarget.checked)}
        />
        {t.solutionsOpen}
      </label>
    </details>
  )
}
