import { effect, signal } from '@preact/signals'
import { FitAddon } from '@xterm/addon-fit'
import { type ISearchOptions, SearchAddon } from '@xterm/addon-search'
import { UnicodeGraphemesAddon } from '@xterm/addon-unicode-graphemes'
import { WebLinksAddon } from '@xterm/addon-web-links'
import { Terminal } from '@xterm/xterm'
import { troubleInWords } from '../shell/trouble.js'
import { socket } from '../state/connection.js'
import { fontSizes, screenReader, terminalFontSize } from '../state/settings.js'
import { windowInUse } from './active-window.js'
import { currentColours, onThemeChange } from './colours.js'
import { copyText } from './copy.js'
import { confirmed, say } from './dialogs.js'
import { openLink } from './links.js'
import { bytesOf, cleanPaste, pasteBytes, runsLines } from './paste.js'
import { programCopy } from './program-copy.js'
import { swallowQueries } from './queries.js'
import { strings } from './strings.js'
import { TerminalConnection } from './terminal-connection.js'
import { terminalsHaveBeenUsed } from './terminals.js'
import { loadWebgl } from './webgl.js'

const scrollback = 10_000
const resizeMs = 50
const bellMs = 200

/** A size that is not this window's shows as such only after this long: its own takes a moment to come back. */
const otherSizeMs = 600

/** What is shown of a paste that is asked about. */
const previewCharacters = 2_000

const matchColours: ISearchOptions['decorations'] = {
  matchBackground: '#5c4a1c',
  matchOverviewRuler: '#e6c063',
  activeMatchBackground: '#a8641c',
  activeMatchBorder: '#eb9c66',
  activeMatchColorOverviewRuler: '#eb9c66',
}

const isMac = /Mac|iP(hone|ad|od)/.test(navigator.platform)

export interface ScreenOptions {
  session: string
  terminal: string
  /** Empty, with a size, and `position: relative`. */
  element: HTMLElement
}

/** One terminal on the page: the emulator, its connection, and what the learner's keys and clicks mean to it. */
export class TerminalScreen {
  readonly connection: TerminalConnection
  readonly search = new SearchAddon()
  /** What the program calls itself; any program may say anything. */
  readonly title = signal('')
  readonly searching = signal(false)
  /** Another window has set the size, and it does not fit this one. */
  readonly otherSize = signal(false)
  readonly rings = signal(false)
  /** The next letter that is typed means what it means with Ctrl. */
  readonly control = signal(false)
  /** Counts up with each key that went nowhere. */
  readonly dropped = signal(0)
  /** Of them, those that the learner was told of. */
  #told = 0
  /** A key is down that the emulator has seen. */
  #keyDown = false
  readonly #terminal: Terminal
  readonly #fit = new FitAddon()
  readonly #element: HTMLElement
  readonly #undo: (() => void)[] = []
  #shown = false
  #resizeTimer: ReturnType<typeof setTimeout> | undefined
  #otherSizeTimer: ReturnType<typeof setTimeout> | undefined
  #bellTimer: ReturnType<typeof setTimeout> | undefined

  constructor({ session, terminal: id, element }: ScreenOptions) {
    this.#element = element
    const terminal = new Terminal({
      // Searching, and widths of graphemes.
      allowProposedApi: true,
      scrollback,
      cursorBlink: false,
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue('--font-mono').trim() || 'monospace',
      fontSize: terminalFontSize.peek(),
      lineHeight: 1.15,
      minimumContrastRatio: 4.5,
      // Marks of a search, in the scroll bar.
      overviewRuler: { width: 10 },
      macOptionClickForcesSelection: true,
      screenReaderMode: screenReader.peek(),
      theme: currentColours(),
      linkHandler: { activate: (_event, text) => void openLink(text) },
      logLevel: 'off',
    })
    this.#terminal = terminal
    terminal.loadAddon(this.#fit)
    terminal.loadAddon(this.search)
    terminal.loadAddon(new UnicodeGraphemesAddon())
    terminal.loadAddon(new WebLinksAddon((_event, uri) => void openLink(uri)))
    terminal.open(element)
    this.#undo.push(loadWebgl(terminal))
    this.connection = new TerminalConnection({
      socket,
      session,
      terminal: id,
      onLost: () => this.dropped.value++,
      screen: {
        write: (bytes, done) => terminal.write(bytes, done),
        gap: (count, done) => this.#showGap(count, done),
        resize: (cols, rows) => {
          if (cols !== terminal.cols || rows !== terminal.rows) terminal.resize(cols, rows)
          this.#checkSize()
        },
      },
    })
    const { connection } = this
    swallowQueries(terminal.parser, () => windowInUse.peek() && !connection.replaying)
    terminal.parser.registerOscHandler(52, (data) => {
      this.#copyForProgram(data)
      return true
    })
    terminal.onData((data) => this.#type(data))
    terminal.onBinary((data) => this.#type(Uint8Array.from(data, (character) => character.charCodeAt(0))))
    terminal.onKey(() => {
      terminalsHaveBeenUsed.value = true
    })
    terminal.onTitleChange((title) => {
      this.title.value = title.replace(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '').slice(0, 120)
    })
    terminal.onBell(() => this.#ring())
    terminal.attachCustomKeyEventHandler((event) => this.#onKey(event))
    this.#listen('paste', (event) => this.#onPaste(event as ClipboardEvent))
    this.#listen('keydown', () => (this.#keyDown = true))
    this.#listen('keyup', () => (this.#keyDown = false))
    this.#listen('input', (event) => this.#onInput(event as InputEvent))
    this.#follow()
  }

  get terminal(): Terminal {
    return this.#terminal
  }

  /** Whether it is the tab in front. */
  show(shown: boolean): void {
    this.#shown = shown
    if (shown) this.#claimSize()
  }

  focus(): void {
    this.#terminal.focus()
  }

  /** How many cells fit here; undefined while it is not seen. */
  fitting(): { cols: number; rows: number } | undefined {
    const size = this.#element.clientWidth > 0 ? this.#fit.proposeDimensions() : undefined
    return size !== undefined && Number.isFinite(size.cols) && Number.isFinite(size.rows) ? size : undefined
  }

  /** Gives the terminal this window's size. */
  takeSize(): void {
    const size = this.fitting()
    if (size === undefined) return
    if (size.cols !== this.#terminal.cols || size.rows !== this.#terminal.rows) {
      this.connection.resize(size.cols, size.rows)
    }
    this.#checkSize()
  }

  findNext(text: string, incremental: boolean): void {
    this.search.findNext(text, { incremental, decorations: matchColours })
  }

  findPrevious(text: string): void {
    this.search.findPrevious(text, { decorations: matchColours })
  }

  endSearch(): void {
    this.search.clearDecorations()
    this.searching.value = false
    this.focus()
  }

  dispose(): void {
    for (const timer of [this.#resizeTimer, this.#otherSizeTimer, this.#bellTimer]) clearTimeout(timer)
    this.connection.dispose()
    for (const undo of this.#undo.splice(0)) undo()
    this.#terminal.dispose()
  }

  /** Follows what can change while the page is open: settings, theme, language, size, which window is used. */
  #follow(): void {
    const { options } = this.#terminal
    const observer = new ResizeObserver(() => this.#claimSize())
    observer.observe(this.#element)
    this.#undo.push(
      () => observer.disconnect(),
      onThemeChange(() => {
        options.theme = currentColours()
      }),
      effect(() => {
        options.fontSize = terminalFontSize.value
        this.#claimSize()
      }),
      effect(() => {
        options.screenReaderMode = screenReader.value
        // Output is read when there is a pause: what a check says must not be cut off by it.
        this.#element.querySelector('.live-region')?.setAttribute('aria-live', 'polite')
      }),
      effect(() => {
        Terminal.strings.tooMuchOutput = strings.value.tooMuchOutput
      }),
      effect(() => {
        const dropped = this.dropped.value
        if (this.connection.state.value !== 'live' || dropped === this.#told) return
        this.#told = dropped
        if (!this.connection.exited.peek()) say(strings.peek().keysLost)
      }),
      effect(() => {
        // Back here, or attached again: this window's size counts again.
        if (windowInUse.value && this.connection.state.value === 'live') this.#claimSize()
        this.#checkSize()
      }),
    )
  }

  #listen(name: string, listener: (event: Event) => void): void {
    // Before the emulator's own.
    this.#element.addEventListener(name, listener, { capture: true })
    this.#undo.push(() => this.#element.removeEventListener(name, listener, { capture: true }))
  }

  #claimSize(): void {
    if (!this.#shown) return
    clearTimeout(this.#resizeTimer)
    this.#resizeTimer = setTimeout(() => {
      if (windowInUse.peek()) this.takeSize()
      else this.#checkSize()
    }, resizeMs)
  }

  #checkSize(): void {
    clearTimeout(this.#otherSizeTimer)
    const differs = () => {
      const own = this.fitting()
      const { cols, rows } = this.#terminal
      return own !== undefined && this.#shown && (own.cols !== cols || own.rows !== rows)
    }
    if (!differs()) this.otherSize.value = false
    else {
      this.#otherSizeTimer = setTimeout(() => {
        this.otherSize.value = differs() && this.connection.state.peek() === 'live' && !this.connection.exited.peek()
      }, otherSizeMs)
    }
  }

  #type(typed: string | Uint8Array): void {
    const { connection } = this
    const data = this.#withControl(typed)
    // Mostly not typed at all, but an answer to what is replayed.
    if (connection.state.peek() === 'live' && connection.replaying) return
    if (!connection.input.send(data) && !connection.exited.peek()) this.dropped.value++
  }

  /** ASCII's control characters are the letters, and @ [ \\ ] ^ _, less 64. */
  #withControl(typed: string | Uint8Array): string | Uint8Array {
    if (!this.control.peek() || typeof typed !== 'string' || typed.length !== 1) return typed
    this.control.value = false
    return /[@-_a-z]/.test(typed) ? String.fromCharCode(typed.toUpperCase().charCodeAt(0) - 64) : typed
  }

  /** @returns whether the emulator may have the key */
  #onKey(event: KeyboardEvent): boolean {
    const { ctrlKey, shiftKey, altKey, metaKey, code } = event
    // The page's shortcuts: no program needs these.
    if (altKey && shiftKey && !ctrlKey && !metaKey && /^(Key|Digit)/.test(code)) return false
    const control = isMac ? metaKey && !ctrlKey : ctrlKey && !metaKey
    if (!control || altKey) return true
    const once = (act: () => void) => {
      event.preventDefault()
      event.stopPropagation()
      if (event.type === 'keydown') act()
      return false
    }
    const copies = this.#terminal.hasSelection()
    if (code === 'KeyC' && (shiftKey || copies)) {
      return once(() => {
        if (!copies) return
        copyText(this.#terminal.getSelection())
        if (!shiftKey) this.#terminal.clearSelection()
      })
    }
    // The browser pastes by itself, and tells with an event.
    if (code === 'KeyV') return false
    if (code === 'KeyF' && shiftKey) {
      return once(() => {
        this.searching.value = true
      })
    }
    const size = terminalFontSize.peek()
    const resizes = (to: number) =>
      once(() => {
        terminalFontSize.value = Math.min(Math.max(to, fontSizes.least), fontSizes.most)
      })
    if (event.key === '+' || event.key === '=' || code === 'NumpadAdd') return resizes(size + 1)
    if ((event.key === '-' && !shiftKey) || code === 'NumpadSubtract') return resizes(size - 1)
    if (code === 'Digit0' || code === 'Numpad0') return resizes(fontSizes.usual)
    return true
  }

  /**
   * What comes without keys: from dictation, or a panel of emoji. The emulator takes it by itself, but for its screen-reader mode
   * (https://github.com/xtermjs/xterm.js/issues/3679).
   */
  #onInput({ data, inputType, isComposing, composed }: InputEvent): void {
    if (!screenReader.peek() || inputType !== 'insertText' || !data || isComposing) return
    if (!composed || !this.#keyDown) this.#terminal.input(data)
  }

  #onPaste(event: ClipboardEvent): void {
    if (event.clipboardData === null) return
    event.preventDefault()
    event.stopPropagation()
    void this.paste(event.clipboardData.getData('text/plain'))
  }

  /** Pastes a text, after a question where it would run at once. */
  async paste(pasted: string): Promise<void> {
    const { connection } = this
    const text = cleanPaste(pasted)
    if (text === '') return
    const words = strings.peek()
    if (bytesOf(text) > pasteBytes) return say(words.pasteTooLarge)
    if (connection.input.pasting.peek() !== undefined) return say(words.pasteBusy)
    if (!connection.ready) {
      this.dropped.value++
      return
    }
    if (!this.#terminal.modes.bracketedPasteMode && runsLines(text)) {
      const lines = text.replace(/\n$/, '').split('\n').length
      const quote = text.length > previewCharacters ? `${text.slice(0, previewCharacters)}\n…` : text
      if (!(await confirmed({ title: words.pasteHow, text: words.pasteLines(lines), quote, yes: words.paste }))) return
    }
    terminalsHaveBeenUsed.value = true
    this.#terminal.scrollToBottom()
    const outcome = await connection.input.paste(text, this.#terminal.modes.bracketedPasteMode)
    if (outcome === 'away') say(strings.peek().pasteInterrupted)
    else if (typeof outcome === 'object') say(troubleInWords(outcome))
  }

  #copyForProgram(data: string): void {
    // Not in the background, and not once more when the record is replayed.
    if (this.connection.replaying || !windowInUse.peek() || !this.#element.contains(document.activeElement)) return
    const text = programCopy(data)
    if (text === undefined) return
    const words = strings.peek()
    const ask = () => say(words.copyByProgram, { label: words.copy, run: () => copyText(text) })
    // Some browsers let nothing be copied without a click.
    if (navigator.clipboard === undefined) ask()
    else navigator.clipboard.writeText(text).then(() => say(words.copiedByProgram), ask)
  }

  #showGap(count: number, done: () => void): void {
    const line = strings.peek().gap(count.toLocaleString('en'))
    // CAN ends a sequence that was cut off; as bytes, so that a character that was cut off ends too.
    this.#terminal.write(new TextEncoder().encode(`\x18\x1b[0m\r\n\x1b[2m${line}\x1b[0m\r\n`), done)
  }

  #ring(): void {
    if (this.connection.replaying) return
    this.rings.value = true
    clearTimeout(this.#bellTimer)
    this.#bellTimer = setTimeout(() => {
      this.rings.value = false
    }, bellMs)
  }
}
