import type { TerminalView, Trouble } from '../../server/protocol/protocol.js'
import { request } from '../state/connection.js'
import { side } from '../state/lab.js'
import { view } from '../state/session.js'
import { loadTerminals, terminals } from './load-terminals.js'

/** How long a new shell may take to its first prompt, in milliseconds. */
const promptMs = 8_000
const firstSize = { cols: 80, rows: 24 }

/**
 * Puts a text at a prompt of a host, for the learner to change and to enter: in the terminal in front if it can be, else in another
 * one that waits, else in a new one. Nothing is entered. @returns why not
 */
export async function putBlock(host: string, text: string): Promise<Trouble | undefined> {
  const session = view.peek()
  if (session === undefined) return undefined
  await loadTerminals()
  const loaded = terminals.peek()
  if (typeof loaded !== 'object') return undefined
  const waiting = session.terminals.filter((one) => one.host === host && one.atPrompt)
  const front = waiting.find(({ id }) => id === loaded.frontTerminal.peek()) ?? waiting[0]
  let id = front?.id
  if (id === undefined) {
    const opened = await request('terminal.open', { session: session.id, host, ...firstSize })
    if (!opened.ok) return opened.trouble
    id = opened.value.id
    await untilPrompt(id)
  }
  side.value = 'terminal'
  loaded.showTerminal(id, text)
  return undefined
}

function untilPrompt(id: string): Promise<void> {
  const waits = (terminal: TerminalView) => terminal.id === id && terminal.atPrompt
  return new Promise((resolve) => {
    let stop = () => {}
    const done = () => {
      clearTimeout(timer)
      stop()
      resolve()
    }
    const timer = setTimeout(done, promptMs)
    stop = view.subscribe((now) => {
      // Subscribed first, so that there is something to stop.
      if (now?.terminals.some(waits)) queueMicrotask(done)
    })
  })
}
