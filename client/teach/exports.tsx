import { strings } from './strings.js'
import { ask } from './teach-state.js'

/** The results of a class as a file. */
export function Exports({ id }: { id: string }) {
  const t = strings.value
  const save = async (format: 'csv' | 'jsonl') => {
    const file = await ask('class.export', { class: id, format })
    if (file === undefined) return
    const link = document.createElement('a')
    link.href = URL.createObjectURL(
      new Blob([file.text], { type: format === 'csv' ? 'text/csv' : 'application/jsonl' }),
    )
    link.download = file.name
    link.click()
    URL.revokeObjectURL(link.href)
  }
  return (
    <p class="actions">
      {t.exportAs}
      <button type="button" onClick={() => void save('csv')}>
        CSV
      </button>
      <button type="button" onClick={() => void save('jsonl')}>
        JSON Lines
      </button>
    </p>
  )
}
