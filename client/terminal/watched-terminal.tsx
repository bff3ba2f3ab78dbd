import '@xterm/xterm/css/xterm.css'
import { Terminal } from '@xterm/xterm'
import { useEffect, useRef } from 'preact/hooks'
import { socket } from '../state/connection.js'
import { terminalFontSize } from '../state/settings.js'
import { currentColours } from './colours.js'
import { swallowQueries } from './queries.js'
import { TerminalConnection } from './terminal-connection.js'

const scrollback = 2_000

/** Somebody else's terminal, in the size that it has there; what is typed goes to it where the look allows it. */
export function WatchedTerminal({
  look,
  terminal: id,
  label,
  mayWrite,
}: {
  /** Undefined for what one's class is shown. */
  look: string | undefined
  terminal: string
  label: string
  mayWrite: boolean
}) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = place.current!
    const terminal = new Terminal({
      scrollback,
      cursorBlink: false,
      disableStdin: !mayWrite,
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue('--font-mono').trim() || 'monospace',
      fontSize: terminalFontSize.peek(),
      minimumContrastRatio: 4.5,
      theme: currentColours(),
      logLevel: 'off',
    })
    terminal.open(element)
    const connection = new TerminalConnection({
      socket,
      ...(look === undefined ? { shown: true as const } : { look }),
      terminal: id,
      screen: {
        write: (bytes, done) => terminal.write(bytes, done),
        gap: (_count, done) => terminal.write('\r\n…\r\n', done),
        resize: (cols, rows) => terminal.resize(cols, rows),
      },
    })
    // The learner's own emulator answers what programs ask.
    swallowQueries(terminal.parser, () => false)
    if (mayWrite) terminal.onData((data) => void connection.input.send(data))
    return () => {
      connection.dispose()
      terminal.dispose()
    }
  }, [look, id, mayWrite])
  return <section class="watched" ref={place} aria-label={label} />
}
