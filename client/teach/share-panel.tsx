import { useEffect, useState } from 'preact/hooks'
import type { MatrixView } from '../../server/protocol/classes.js'
import type { CatalogueView } from '../../server/protocol/protocol.js'
import { inLanguage } from '../state/language.js'
import { load } from '../state/load.js'
import { strings } from './strings.js'
import { ask } from './teach-state.js'

/** Shows one's own terminals to the class: those of a lab that one has open. */
export function SharePanel({ matrix: { class: one, shown } }: { matrix: MatrixView }) {
  const t = strings.value
  const [catalogue, setCatalogue] = useState<CatalogueView>()
  const list = () =>
    load<CatalogueView>('/api/catalogue').then((answered) => answered.ok && setCatalogue(answered.value))
  useEffect(() => void list(), [])
  const end = () => void ask('share.end', { class: one.id })
  if (shown !== undefined) {
    return (
      <p class="shared" role="status">
        {shown.mine ? t.sharing : t.sharedBy(shown.by || t.teacher)}{' '}
        <button type="button" onClick={end}>
          {t.endShare}
        </button>
      </p>
    )
  }
  const running = catalogue?.running ?? []
  return (
    <details onToggle={() => void list()}>
      <summary>{t.share}</summary>
      {running.length === 0 ? (
        <p>{t.shareNone}</p>
      ) : (
        <div class="actions">
          {running.map(({ session, lab }) => {
            const title = catalogue?.labs.find(({ id }) => id === lab)?.title
            return (
              <button key={session} type="button" onClick={() => void ask('share.begin', { class: one.id, session })}>
                {t.shareOf(title === undefined ? lab : inLanguage(title))}
              </button>
            )
          })}
        </div>
      )}
    </details>
  )
}
