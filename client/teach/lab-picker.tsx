import type { Text } from '../../server/wording/text.js'
import { inLanguage } from '../state/language.js'
import { strings } from './strings.js'

export interface PickedLab {
  id: string
  title: Text
  isIn: boolean
}

/** Which labs a class has, and in which order. */
export function LabPicker({ labs, onChange }: { labs: readonly PickedLab[]; onChange(labs: PickedLab[]): void }) {
  const t = strings.value
  const move = (at: number, by: -1 | 1) => {
    const next = [...labs]
    const [lab] = next.splice(at, 1)
    next.splice(at + by, 0, lab!)
    onChange(next)
  }
  return (
    <fieldset class="lab-picker">
      <legend>{t.labsOf}</legend>
      <ol>
        {labs.map((lab, at) => (
          <li key={lab.id}>
            <label>
              <input
                type="checkbox"
                checked={lab.isIn}
                onChange={(event) => {
                  const isIn = event.currentTarget.checked
                  onChange(labs.map((one) => (one.id === lab.id ? { ...one, isIn } : one)))
                }}
              />
              {inLanguage(lab.title)}
            </label>
            <button
              type="button"
              class="quiet only-icon"
              disabled={at === 0}
              aria-label={t.up(inLanguage(lab.title))}
              title={t.up(inLanguage(lab.title))}
              onClick={() => move(at, -1)}
            >
              ↑
            </button>
            <button
              type="button"
              class="quiet only-icon"
              disabled={at === labs.length - 1}
              aria-label={t.down(inLanguage(lab.title))}
              title={t.down(inLanguage(lab.title))}
              onClick={() => move(at, 1)}
            >
              ↓
            </button>
          </li>
        ))}
      </ol>
    </fieldset>
  )
}
