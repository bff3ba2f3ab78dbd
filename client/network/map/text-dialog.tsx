import type { NetworkMap } from '../../../server/protocol/protocol.js'
import { Dialog } from '../../shell/dialog.js'
import { Words } from '../../shell/words.js'
import { language } from '../../state/language.js'
import { strings } from '../strings.js'
import { clockOf } from '../timeline/look-back.js'
import { CopyButton } from './facts-pane.js'
import { nested, readingOf } from './reading.js'

/** The map in words: complete, in order, and to be copied. */
export function TextDialog({ map, onClose }: { map: NetworkMap; onClose(): void }) {
  const t = strings.value
  return (
    <Dialog title={t.textOf} onClose={onClose}>
      <p class="reading-head muted">
        {t.at(clockOf(map.takenAt))}
        <CopyButton text={readingOf(map, language.value, t.ties)} label={t.copy} />
      </p>
      <div class="reading">
        <ul class="reading-elements">
          {nested(map).map(({ element, inside }) => (
            <li key={element.id} data-id={element.id}>
              <Words text={element.sentence} />
              {inside.length > 0 && (
                <ul>
                  {inside.map((one) => (
                    <li key={one.id} data-id={one.id}>
                      <Words text={one.sentence} />
                    </li>
                  ))}
                </ul>
              )}
            </li>
          ))}
        </ul>
        {map.ties.length > 0 && (
          <>
            <h3>{t.ties}</h3>
            <ul class="reading-ties">
              {map.ties.map((tie) => (
                <li key={tie.id} data-id={tie.id}>
                  <Words text={tie.sentence} />
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
    </Dialog>
  )
}
