import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { TerminalView } from '../../server/protocol/protocol.js'
import { CrossIcon } from '../shell/icons.js'
import { Menu } from '../shell/menu.js'
import { marks } from '../state/language.js'
import { strings } from './strings.js'
import { labelOf } from './tab-order.js'

export const tabId = (terminal: string) => `terminal-tab-${terminal}`
export const panelId = (terminal: string) => `terminal-panel-${terminal}`

interface TabsOptions {
  terminals: readonly TerminalView[]
  front: string | undefined
  titles: ReadonlyMap<string, string>
  ringing: ReadonlySet<string>
  onFront(terminal: string): void
  onClose(terminal: TerminalView): void
}

/** The tabs. Only the front one is in the order of Tab; arrows lead to the others. */
export function TerminalTabs({ terminals, front, titles, ringing, onFront, onClose }: TabsOptions) {
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const tab = front === undefined ? undefined : document.getElementById(tabId(front))
    tab?.parentElement?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [front])
  const goTo = (index: number) => {
    const terminal = terminals.at(index % terminals.length)
    if (terminal === undefined) return
    onFront(terminal.id)
    document.getElementById(tabId(terminal.id))?.focus()
  }
  const onKey = (event: KeyboardEvent, terminal: TerminalView, index: number) => {
    if (event.key === 'ArrowRight') goTo(index + 1)
    else if (event.key === 'ArrowLeft') goTo(index - 1)
    else if (event.key === 'Home') goTo(0)
    else if (event.key === 'End') goTo(-1)
    else if (event.key === 'Delete') onClose(terminal)
    else return
    event.preventDefault()
  }
  const words = strings.value
  return (
    <div class="terminal-tabs" role="tablist" aria-label={words.terminals} ref={list}>
      {terminals.map((terminal, index) => {
        const label = labelOf(terminal)
        const running = !terminal.atPrompt && terminal.exited === undefined
        const selected = terminal.id === front
        const state = terminal.exited !== undefined ? words.ended : running ? words.running : undefined
        return (
          <div
            key={terminal.id}
            role="presentation"
            class={[
              'terminal-tab',
              selected && 'selected',
              terminal.exited !== undefined && 'ended',
              ringing.has(terminal.id) && 'rings',
            ]
              .filter((name) => name !== false)
              .join(' ')}
          >
            <button
              type="button"
              role="tab"
              id={tabId(terminal.id)}
              aria-selected={selected}
              aria-controls={selected ? panelId(terminal.id) : undefined}
              aria-label={state === undefined ? label : `${label}${marks.value.comma}${state}`}
              aria-description={words.deleteCloses}
              tabIndex={selected ? 0 : -1}
              title={titles.get(terminal.id) || undefined}
              onClick={() => onFront(terminal.id)}
              onAuxClick={(event) => {
                if (event.button === 1) onClose(terminal)
              }}
              onKeyDown={(event) => onKey(event, terminal, index)}
            >
              <span class={running ? 'dot running' : 'dot'} />
              {label}
            </button>
            {/* For the mouse: a tab list may hold nothing but tabs, and Delete does the same. */}
            <button
              type="button"
              class="close"
              tabIndex={-1}
              aria-hidden="true"
              title={words.close(label)}
              onClick={() => onClose(terminal)}
            >
              <CrossIcon />
            </button>
          </div>
        )
      })}
    </div>
  )
}

interface NewTerminalOptions {
  hosts: readonly string[]
  onOpen(host: string): void
}

/** About as wide as the menu becomes, in CSS pixels. */
const menuWidth = 180

/** The + beside the tabs: with one host it opens at once, with more it asks where. */
export function NewTerminal({ hosts, onOpen }: NewTerminalOptions) {
  const place = useRef<HTMLDivElement>(null)
  /** At the right edge there is no room for the menu but on its left. */
  const toTheLeft = useSignal(false)
  const words = strings.value
  const [single] = hosts
  if (single === undefined) return null
  const measure = () => {
    const left = place.current?.getBoundingClientRect().left ?? 0
    toTheLeft.value = left + menuWidth > document.documentElement.clientWidth
  }
  return (
    <div class={toTheLeft.value ? 'terminal-new to-the-left' : 'terminal-new'} ref={place}>
      {hosts.length > 1 ? (
        <Menu label={words.open} face={<PlusIcon />} onOpen={measure}>
          {hosts.map((host) => (
            <button key={host} type="button" role="menuitem" tabIndex={-1} onClick={() => onOpen(host)}>
              {host}
            </button>
          ))}
        </Menu>
      ) : (
        <button
          type="button"
          aria-label={words.openOn(single)}
          title={words.openOn(single)}
          onClick={() => onOpen(single)}
        >
          <PlusIcon />
        </button>
      )}
    </div>
  )
}

const PlusIcon = () => (
  <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    <path d="M8 3.5v9M3.5 8h9" />
  </svg>
)
