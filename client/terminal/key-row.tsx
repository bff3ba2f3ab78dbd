import { strings } from './strings.js'
import type { TerminalScreen } from './terminal-screen.js'

/** Keys that the keyboards of phones and tablets lack; an arrow by the last letter of what it sends. */
const keys = [
  { face: 'Esc', sends: '\x1b' },
  { face: 'Tab', sends: '\t' },
  { face: '←', name: 'keyLeft', arrow: 'D' },
  { face: '↑', name: 'keyUp', arrow: 'A' },
  { face: '↓', name: 'keyDown', arrow: 'B' },
  { face: '→', name: 'keyRight', arrow: 'C' },
  { face: '|', name: 'keyPipe', sends: '|' },
  { face: '/', name: 'keySlash', sends: '/' },
  { face: '-', name: 'keyDash', sends: '-' },
] as const

/** A row of keys below a terminal, where the pointer is a finger. */
export function KeyRow({ screen }: { screen: TerminalScreen }) {
  const words = strings.value
  const { control } = screen
  // The keyboard on the screen stays: the terminal keeps the focus.
  const keepFocus = (event: Event) => event.preventDefault()
  const press = (key: (typeof keys)[number]) => {
    // DECCKM: what an arrow sends depends on what the program has asked for.
    const mode = screen.terminal.modes.applicationCursorKeysMode ? 'O' : '['
    screen.terminal.input('arrow' in key ? `\x1b${mode}${key.arrow}` : key.sends)
    screen.focus()
  }
  return (
    <div class="terminal-keys" role="toolbar" aria-label={words.keys} onPointerDown={keepFocus} onMouseDown={keepFocus}>
      <button
        type="button"
        aria-pressed={control.value}
        title={words.control}
        onClick={() => {
          control.value = !control.value
          screen.focus()
        }}
      >
        Ctrl
      </button>
      {keys.map((key) => (
        <button
          key={key.face}
          type="button"
          aria-label={'name' in key ? words[key.name] : undefined}
          onClick={() => press(key)}
        >
          {key.face}
        </button>
      ))}
    </div>
  )
}
