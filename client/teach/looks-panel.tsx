import { useState } from 'preact/hooks'
import type { LookView, MatrixView } from '../../server/protocol/classes.js'
import { now, relative } from '../shell/time.js'
import { language } from '../state/language.js'
import { WatchedTerminals } from '../terminal/watched-terminals.js'
import { strings } from './strings.js'
import { ask } from './teach-state.js'

/** Looks into learners' terminals that were asked for, and the terminals of those that are given. */
export function LooksPanel({ matrix: { seats, looks } }: { matrix: MatrixView }) {
  const t = strings.value
  const nameOf = (id: string) => seats.find((seat) => seat.id === id)?.name ?? ''
  if (looks.length === 0) return null
  return (
    <section aria-label={t.looks}>
      {looks.map((look) => (
        <Look key={look.id} look={look} name={nameOf(look.seat)} />
      ))}
    </section>
  )
}

function Look({ look, name }: { look: LookView; name: string }) {
  const t = strings.value
  const [isShown, setShown] = useState(true)
  const { endsAt } = look
  return (
    <div class="look">
      <p role="status">
        {endsAt === undefined ? t.lookAsked(name) : t.lookGiven(name)}{' '}
        {endsAt !== undefined && look.mayWrite && t.mayType}{' '}
        {endsAt !== undefined && t.lookUntil(relative(Date.parse(endsAt) - now.value, language.value))}
        {endsAt !== undefined && (
          <button type="button" aria-expanded={isShown} onClick={() => setShown(!isShown)}>
            {isShown ? t.hide : t.show}
          </button>
        )}
        <button type="button" onClick={() => void ask('look.end', { look: look.id })}>
          {t.endLook}
        </button>
      </p>
      {endsAt !== undefined && isShown && <WatchedTerminals look={look.id} name={name} mayWrite={look.mayWrite} />}
    </div>
  )
}
