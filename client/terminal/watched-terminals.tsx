import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { TerminalView } from '../../server/protocol/protocol.js'
import { request } from '../state/connection.js'
import { strings } from './strings.js'
import type { WatchedTerminal } from './watched-terminal.js'

/** How often somebody else's terminals are listed anew, in milliseconds. */
const listMs = 3_000

/** Somebody else's terminals, one at a time: by the look that was given into them, or what one's class is shown where there is none. */
export function WatchedTerminals({ look, name, mayWrite }: { look?: string; name: string; mayWrite: boolean }) {
  const t = strings.value
  const [terminals, setTerminals] = useState<TerminalView[]>()
  const [chosen, setChosen] = useState<string>()
  const [Watched, setWatched] = useState<ComponentType<Parameters<typeof WatchedTerminal>[0]>>()
  useEffect(() => {
    void import('./watched-terminal.js').then((loaded) => setWatched(() => loaded.WatchedTerminal))
  }, [])
  useEffect(() => {
    const list = async () => {
      // Nothing to be told where no lab is open: it is looked for again.
      const opened = look === undefined ? await request('share.open', {}) : await request('look.open', { look })
      setTerminals(opened.ok ? opened.value.terminals : [])
    }
    void list()
    const timer = setInterval(() => void list(), listMs)
    return () => clearInterval(timer)
  }, [look])
  if (terminals === undefined) return null
  const shown = terminals.find(({ id }) => id === chosen) ?? terminals[0]
  if (shown === undefined) return <p class="muted">{t.noneOpen}</p>
  const labelOf = ({ host, number }: TerminalView) => t.watchedOf(name, host, number)
  return (
    <>
      {terminals.length > 1 && (
        <select aria-label={t.choose} value={shown.id} onChange={(event) => setChosen(event.currentTarget.value)}>
          {terminals.map((terminal) => (
            <option key={terminal.id} value={terminal.id}>
              {labelOf(terminal)}
            </option>
          ))}
        </select>
      )}
      {Watched !== undefined && (
        <Watched key={shown.id} look={look} terminal={shown.id} label={labelOf(shown)} mayWrite={mayWrite} />
      )}
    </>
  )
}
