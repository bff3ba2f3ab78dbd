import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { LookView, MatrixView } from '../../server/protocol/classes.js'
import type { TerminalView } from '../../server/protocol/protocol.js'
import { now, relative } from '../shell/time.js'
import { request } from '../state/connection.js'
import { language } from '../state/language.js'
import type { WatchedTerminal } from '../terminal/watched-terminal.js'
import { strings } from './strings.js'
import { ask } from './teach-state.js'

/** How often the terminals of a learner are listed anew, in milliseconds. */
const listMs = 3_000

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
      {endsAt !== undefined && isShown && <Terminals look={look} name={name} />}
    </div>
  )
}

function Terminals({ look, name }: { look: LookView; name: string }) {
  const t = strings.value
  const [terminals, setTerminals] = useState<TerminalView[]>([])
  const [chosen, setChosen] = useState<string>()
  const [Watched, setWatched] = useState<ComponentType<Parameters<typeof WatchedTerminal>[0]>>()
  useEffect(() => {
    void import('../terminal/watched-terminal.js').then((loaded) => setWatched(() => loaded.WatchedTerminal))
  }, [])
  useEffect(() => {
    const list = async () => {
      // Nothing to be told where no lab is open: it is looked for again.
      const opened = await request('look.open', { look: look.id })
      setTerminals(opened.ok ? opened.value.terminals : [])
    }
    void list()
    const timer = setInterval(() => void list(), listMs)
    return () => clearInterval(timer)
  }, [look.id])
  const shown = terminals.find(({ id }) => id === chosen) ?? terminals.at(-1)
  if (shown === undefined) return <p class="muted">{t.noTerminals}</p>
  const labelOf = ({ host, number }: TerminalView) => t.terminalOf(name, host, number)
  return (
    <>
      {terminals.length > 1 && (
        <select aria-label={t.looks} value={shown.id} onChange={(event) => setChosen(event.currentTarget.value)}>
          {terminals.map((terminal) => (
            <option key={terminal.id} value={terminal.id}>
              {labelOf(terminal)}
            </option>
          ))}
        </select>
      )}
      {Watched !== undefined && (
        <Watched key={shown.id} look={look.id} terminal={shown.id} label={labelOf(shown)} mayWrite={look.mayWrite} />
      )}
    </>
  )
}
