import '@xterm/xterm/css/xterm.css'
import './terminal.css'
import { type Signal, useComputed, useSignal, useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { SessionView, TerminalView } from '../../server/protocol/protocol.js'
import { troubleInWords } from '../shell/trouble.js'
import { request } from '../state/connection.js'
import { stored } from '../state/stored.js'
import { confirmed, say, TerminalNotes, TerminalQuestions } from './dialogs.js'
import { strings } from './strings.js'
import { inOrder, labelOf } from './tab-order.js'
import { TerminalPane } from './terminal-pane.js'
import type { TerminalScreen } from './terminal-screen.js'
import { NewTerminal, TerminalTabs, tabId } from './terminal-tabs.js'
import { frontTerminal, showTerminal, wantedTerminal, wantedText } from './terminals.js'

/** Emulators that are kept; a terminal beyond them is drawn anew from its record when it is shown again. */
const keptScreens = 8

/** For the first terminal of a page, whose size is not known yet. */
const usualSize = { cols: 80, rows: 24 }

/** What was in front in the session that was looked at last: a reload and a second window begin with it. */
const lastFront = stored<{ session: string; terminal: string } | null>('front-terminal', null, (value) => {
  const { session, terminal } = (value ?? {}) as { session?: unknown; terminal?: unknown }
  return typeof session === 'string' && typeof terminal === 'string' ? { session, terminal } : undefined
})

/** All terminals of a session, in tabs. */
export function TerminalArea({ session }: { session: Signal<SessionView | undefined> }) {
  const id = useComputed(() => session.value?.id)
  // A new session is a new rack, with other terminals.
  return <Terminals key={id.value} session={session} />
}

function Terminals({ session }: { session: Signal<SessionView | undefined> }) {
  /** The last shown first. */
  const recent = useSignal<readonly string[]>([])
  const screens = useSignal<ReadonlyMap<string, TerminalScreen>>(new Map())
  const closedHere = useRef(false)
  const focusNext = useRef<string | undefined>(undefined)
  const view = session.value
  const terminals = view === undefined ? [] : inOrder(view)
  const remembered = useRef(lastFront.peek()?.session === view?.id ? lastFront.peek()?.terminal : undefined)
  const front =
    recent.value.find((one) => terminals.some((terminal) => terminal.id === one)) ??
    (terminals.find((terminal) => terminal.id === remembered.current) ?? terminals[0])?.id

  const bringToFront = (terminal: string) => {
    recent.value = [terminal, ...recent.peek().filter((one) => one !== terminal)]
    remembered.current = terminal
    if (view !== undefined) lastFront.value = { session: view.id, terminal }
  }

  useSignalEffect(() => {
    const wanted = wantedTerminal.value
    if (wanted === undefined || !session.value?.terminals.some((terminal) => terminal.id === wanted)) return
    wantedTerminal.value = undefined
    bringToFront(wanted)
    // It may be seen only after the next drawing.
    focusNext.current = wanted
    requestAnimationFrame(() => {
      if (focusNext.current === wanted) screens.peek().get(wanted)?.focus()
    })
  })

  useSignalEffect(() => {
    const wanted = wantedText.value
    const screen = wanted === undefined ? undefined : screens.value.get(wanted.terminal)
    // It takes a paste once all that it shows has come.
    if (wanted === undefined || screen?.connection.caughtUp.value !== true) return
    wantedText.value = undefined
    void screen.paste(wanted.text)
  })

  useEffect(() => {
    frontTerminal.value = front
    return () => {
      frontTerminal.value = undefined
    }
  }, [front])

  // The focus was on what is gone; it goes to what has taken its place, not to the top of the page.
  useEffect(() => {
    if (closedHere.current && front !== undefined && document.activeElement === document.body) {
      document.getElementById(tabId(front))?.focus()
    }
    closedHere.current = false
  }, [front])

  const open = async (host: string): Promise<TerminalView | undefined> => {
    if (view === undefined) return undefined
    const size = (front === undefined ? undefined : screens.peek().get(front)?.fitting()) ?? usualSize
    const answered = await request('terminal.open', { session: view.id, host, ...size })
    if (answered.ok) showTerminal(answered.value.id)
    else say(troubleInWords(answered.trouble))
    return answered.ok ? answered.value : undefined
  }
  const close = async (terminal: TerminalView) => {
    if (view === undefined) return
    const running = !terminal.atPrompt && terminal.exited === undefined
    const { close: title, closeRunning, closeIt } = strings.peek()
    if (running && !(await confirmed({ title: title(labelOf(terminal)), text: closeRunning, yes: closeIt }))) return
    closedHere.current = true
    const answered = await request('terminal.close', { session: view.id, terminal: terminal.id })
    if (!answered.ok && answered.trouble.code !== 'terminal.not-found') say(troubleInWords(answered.trouble))
  }
  const replace = async (terminal: TerminalView) => {
    if ((await open(terminal.host)) !== undefined) await close(terminal)
  }
  const onScreen = (terminal: string, screen: TerminalScreen | undefined) => {
    const next = new Map(screens.peek())
    if (screen === undefined) next.delete(terminal)
    else next.set(terminal, screen)
    screens.value = next
  }

  const alive = front === undefined ? [] : [front, ...recent.value.filter((one) => one !== front)].slice(0, keptScreens)
  const titles = new Map([...screens.value].map(([terminal, screen]) => [terminal, screen.title.value]))
  const ringing = new Set([...screens.value].filter(([, screen]) => screen.rings.value).map(([terminal]) => terminal))
  const words = strings.value
  return (
    <>
      <section class="terminal-area" aria-label={words.terminals}>
        <div class="terminal-head">
          {terminals.length > 0 && (
            <TerminalTabs
              terminals={terminals}
              front={front}
              titles={titles}
              ringing={ringing}
              onFront={bringToFront}
              onClose={close}
            />
          )}
          <NewTerminal
            hosts={view?.phase.name === 'open' ? view.hosts.filter(({ alive }) => alive).map(({ name }) => name) : []}
            onOpen={open}
          />
        </div>
        <div class="terminal-panes">
          {view !== undefined &&
            terminals
              .filter(({ id }) => alive.includes(id))
              .map((terminal) => (
                <TerminalPane
                  key={terminal.id}
                  session={view.id}
                  terminal={terminal}
                  shown={terminal.id === front}
                  onScreen={(screen) => onScreen(terminal.id, screen)}
                  onOpenNew={() => void replace(terminal)}
                />
              ))}
          {terminals.length === 0 && (
            <p class="terminal-none">{view?.phase.name === 'open' ? words.nothingOpen : words.notYet}</p>
          )}
        </div>
        <TerminalNotes />
      </section>
      <TerminalQuestions />
    </>
  )
}
