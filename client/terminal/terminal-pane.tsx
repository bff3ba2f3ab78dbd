import { useSignal, useSignalEffect } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import type { TerminalView } from '../../server/protocol/protocol.js'
import { connection } from '../state/connection.js'
import { marks } from '../state/language.js'
import { KeyRow } from './key-row.js'
import { progressBytes } from './paste.js'
import { SearchBar } from './search-bar.js'
import { strings } from './strings.js'
import { labelOf } from './tab-order.js'
import { TerminalScreen } from './terminal-screen.js'
import { panelId, tabId } from './terminal-tabs.js'

/** A terminal that does not come back at once shows that it is waited for, in milliseconds. */
const patienceMs = 1_500

interface PaneOptions {
  session: string
  terminal: TerminalView
  shown: boolean
  onScreen(screen: TerminalScreen | undefined): void
  onOpenNew(): void
}

/** One terminal: its screen, and what is said over it. */
export function TerminalPane({ session, terminal, shown, onScreen, onOpenNew }: PaneOptions) {
  const place = useRef<HTMLDivElement>(null)
  const screen = useSignal<TerminalScreen | undefined>(undefined)
  const label = labelOf(terminal)

  // A pane has one terminal for life.
  useLayoutEffect(() => {
    if (place.current === null) return
    const made = new TerminalScreen({ session, terminal: terminal.id, element: place.current })
    screen.value = made
    onScreen(made)
    return () => {
      onScreen(undefined)
      made.dispose()
    }
  }, [])
  useEffect(() => screen.value?.show(shown), [shown, screen.value])

  const words = strings.value
  useEffect(() => {
    const textarea = screen.value?.terminal.textarea
    textarea?.setAttribute('aria-label', words.terminalOf(label))
    textarea?.setAttribute('aria-description', words.howToLeave)
  }, [words, label, screen.value])

  const now = screen.value
  const exited = terminal.exited !== undefined
  const pasting = now?.connection.input.pasting.value
  return (
    <div
      class={['terminal-pane', now?.rings.value && 'rings'].filter(Boolean).join(' ')}
      role="tabpanel"
      id={panelId(terminal.id)}
      aria-labelledby={tabId(terminal.id)}
      hidden={!shown}
    >
      <div class={now?.otherSize.value ? 'terminal-clip other-size' : 'terminal-clip'}>
        <div class="terminal-fit" ref={place} />
      </div>
      {now?.searching.value && <SearchBar screen={now} />}
      {now !== undefined && !exited && <AwayBanner screen={now} />}
      {now?.otherSize.value && (
        <button
          type="button"
          class="terminal-hint"
          onClick={() => {
            now.takeSize()
            now.focus()
          }}
        >
          {words.otherSize}
        </button>
      )}
      {pasting !== undefined && pasting.total > progressBytes && (
        <div class="terminal-bar">
          <span>{words.pasting}</span>
          <progress aria-label={words.pasting} max={pasting.total} value={pasting.sent} />
          <button
            type="button"
            onClick={() => {
              now?.connection.input.cancelPaste()
              now?.focus()
            }}
          >
            {words.cancel}
          </button>
        </div>
      )}
      {now !== undefined && !exited && <KeyRow screen={now} />}
      {exited && (
        <div class="terminal-bar ended">
          <span>{howItEnded(terminal)}</span>
          <button type="button" onClick={onOpenNew}>
            {words.openNew}
          </button>
        </div>
      )}
    </div>
  )
}

function howItEnded({ exited }: TerminalView): string {
  const words = strings.value
  if (exited?.signal) return words.hasEndedWith(exited.signal)
  return exited?.exitCode ? words.hasEndedWith(words.exitCode(exited.exitCode)) : words.hasEnded
}

/** Says that the connection is away, and nudges when somebody types all the same. */
function AwayBanner({ screen }: { screen: TerminalScreen }) {
  const banner = useRef<HTMLDivElement>(null)
  const waitsLong = useSignal(false)
  const droppedBefore = useRef(0)
  const attached = screen.connection.state.value === 'live'
  const away = connection.value === 'away'
  useEffect(() => {
    waitsLong.value = false
    droppedBefore.current = screen.dropped.peek()
    if (attached) return
    const timer = setTimeout(() => {
      waitsLong.value = true
    }, patienceMs)
    return () => clearTimeout(timer)
  }, [attached, waitsLong])
  useSignalEffect(() => {
    const { value } = screen.dropped
    if (value === 0) return
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches
    banner.current?.animate(
      still ? { outline: ['3px solid currentColor', 'none'] } : { transform: ['scale(1)', 'scale(1.03)', 'scale(1)'] },
      { duration: 250 },
    )
  })
  if (!away && (attached || !waitsLong.value)) return null
  const words = strings.value
  return (
    <div class="terminal-away" ref={banner}>
      {away ? words.away : words.reattaching}
      {marks.value.blank}
      {screen.dropped.value > droppedBefore.current && words.lost}
    </div>
  )
}
