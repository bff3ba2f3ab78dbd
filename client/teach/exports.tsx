import type { ClassView } from '../../server/protocol/classes.js'
import type { Asked } from '../../server/protocol/requests.js'
import { inLanguage, language } from '../state/language.js'
import { strings } from './strings.js'
import { ask } from './teach-state.js'

const gradebooks = [
  ['canvas', 'Canvas'],
  ['moodle', 'Moodle'],
  ['nbgrader', 'nbgrader'],
  ['csv', 'CSV'],
] as const

/** The results of a class as a file: all steps, or the grades of a lab for a gradebook. */
export function Exports({
  id,
  lab,
  isAssessed,
}: {
  id: string
  lab: ClassView['labs'][number] | undefined
  isAssessed: boolean
}) {
  const t = strings.value
  const save = async (format: Asked<'class.export'>['format']) => {
    const file = await ask('class.export', { class: id, format })
    if (file === undefined) return
    const link = document.createElement('a')
    const type = file.name.endsWith('.csv') ? 'text/csv' : 'application/jsonl'
    link.href = URL.createObjectURL(new Blob([file.text], { type }))
    link.download = file.name
    link.click()
    URL.revokeObjectURL(link.href)
  }
  return (
    <>
      <p class="actions">
        {t.exportAs}
        <button type="button" onClick={() => void save('csv')}>
          CSV
        </button>
        <button type="button" onClick={() => void save('jsonl')}>
          JSON Lines
        </button>
      </p>
      {lab !== undefined && (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields
        <div class="actions" role="group" aria-label={t.gradesFor(inLanguage(lab.title))}>
          {t.gradesFor(inLanguage(lab.title))}
          {gradebooks.map(([gradebook, name]) => (
            <button
              key={gradebook}
              type="button"
              onClick={() => void save({ gradebook, lab: lab.id, language: language.peek() })}
            >
              {name}
            </button>
          ))}
          {isAssessed && (
            <button type="button" onClick={() => void save({ results: lab.id })}>
              {t.results}
            </button>
          )}
        </div>
      )}
    </>
  )
}
