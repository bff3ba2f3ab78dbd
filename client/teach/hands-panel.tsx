import type { HandView, MatrixView } from '../../server/protocol/classes.js'
import { now } from '../shell/time.js'
import { Words } from '../shell/words.js'
import { inLanguage } from '../state/language.js'
import { strings } from './strings.js'
import { groupsOf } from './summary.js'
import { ask, changed } from './teach-state.js'

/** Who wants help: longest waiting first, those with one cause together. */
export function HandsPanel({ matrix: { class: one, seats, hands } }: { matrix: MatrixView }) {
  const t = strings.value
  const nameOf = (id: string) => seats.find((seat) => seat.id === id)?.name ?? ''
  const headingOf = ({ lab, step }: HandView) => {
    const found = one.labs.find(({ id }) => id === lab)
    const at = found?.steps.find(({ id }) => id === step)
    return [found && inLanguage(found.title), at && inLanguage(at.heading)].filter((part) => part !== undefined)
  }
  return (
    <section aria-labelledby="hands">
      <h2 id="hands">{t.hands}</h2>
      <p class={hands.length === 0 ? 'muted' : 'unseen'} role="status">
        {hands.length === 0 ? t.noHands : t.handsOf(hands.length)}
      </p>
      {one.isQueuePaused && <p>{t.paused}</p>}
      {one.endedAt === undefined && (
        <button
          type="button"
          onClick={async () => changed(await ask('hand.pause', { class: one.id, on: !one.isQueuePaused }))}
        >
          {one.isQueuePaused ? t.resume : t.pause}
        </button>
      )}
      {groupsOf(hands).map((group) => (
        <div class="hand-group" key={`${group[0]!.lab} ${group[0]!.step} ${group[0]!.reason}`}>
          <h3>{headingOf(group[0]!).join(' · ')}</h3>
          {group[0]!.why !== undefined && (
            <p>
              <Words text={group[0]!.why} finding />
            </p>
          )}
          <ul>
            {group.map((hand) => (
              <li key={hand.seat}>
                <bdi>
                  <strong>{nameOf(hand.seat)}</strong>
                </bdi>
                <span class="muted">
                  {t.waiting(Math.max(0, Math.floor((now.value - Date.parse(hand.at)) / 60_000)))}
                  {hand.helper !== undefined && ` · ${t.helps(hand.helper || t.teacher)}`}
                  {hand.offer !== undefined && ` · ${t[`offers.${hand.offer}`]}`}
                </span>
                <span class="actions">
                  {hand.helper === undefined && (
                    <button
                      type="button"
                      onClick={() => void ask('hand.take', { class: one.id, seat: hand.seat, on: true })}
                    >
                      {t.take}
                    </button>
                  )}
                  <button type="button" onClick={() => void ask('hand.close', { class: one.id, seat: hand.seat })}>
                    {t.done}
                  </button>
                </span>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  )
}
