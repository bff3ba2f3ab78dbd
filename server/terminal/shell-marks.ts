import { commandText, MOST_COMMAND_BYTES } from './command-text.js'

/** Longest sequence that could mean something here, in bytes; what is longer is read to its end and forgotten. */
const MOST_BYTES = 64
/** Begins the one that may be longer: it carries a command. */
const COMMAND_LINE = '633;E;'

const BEL = 0x07
const CAN = 0x18
const SUB = 0x1a
const ESC = 0x1b
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const LOWER_C = 0x63

/** What a shell tells of a command that has ended: its text and its exit code, each where it says so. */
export interface EndedCommand {
  text?: string
  exitCode?: number
}

export interface ShellMarksListener {
  /** `atPrompt` is another than before. */
  onPrompt(): void
  /** A prompt is about to be drawn, with an empty line. */
  onNewPrompt(): void
  /** A command begins to run, with its text where the shell tells it. */
  onCommandStart(text: string | undefined): void
  onCommandEnd(command: EndedCommand): void
}

/**
 * Reads in a terminal's output what its shell tells of itself: where a prompt is, which command runs and where it ends (OSC
 * 633, the marks of VS Code's shell integration), and whether it takes pastes in brackets (DECSET 2004). Bytes may be cut
 * anywhere.
 * All of this comes from the learner's machine, so it is a hint and never a proof.
 */
export class ShellMarks {
  atPrompt = false
  bracketedPaste = false
  readonly #listener: ShellMarksListener
  #running: { text: string | undefined } | undefined
  /** Said of the command that is about to run. */
  #next: string | undefined
  /** Since no mark came: a prompt with a long text is drawn anew before the shell takes it, and does not wait then. */
  #entered = false
  #state: 'ground' | 'escape' | 'csi' | 'osc' = 'ground'
  /** The sequence so far, undefined once it is too long to mean anything. */
  #text: string | undefined = ''

  constructor(listener: ShellMarksListener) {
    this.#listener = listener
  }

  /** The command that runs now. */
  get running(): { text: string | undefined } | undefined {
    return this.#running
  }

  feed(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#state === 'ground') {
        const next = bytes.indexOf(ESC, at)
        if (next === -1) return
        this.#state = 'escape'
        at = next + 1
      } else {
        this.#take(bytes[at++] as number)
      }
    }
  }

  /** A command was just entered: no prompt waits until the next mark says so. */
  entered(): void {
    this.#entered = true
    this.#setPrompt(false)
  }

  /** The shell has ended, and its command with it. */
  exited(): void {
    this.#endCommand()
    this.entered()
  }

  #take(byte: number): void {
    if (byte === ESC) {
      // Ends whatever was there; an OSC that ends properly goes on with a backslash.
      if (this.#state === 'osc') this.#osc()
      this.#state = 'escape'
    } else if (byte === CAN || byte === SUB) {
      this.#state = 'ground'
    } else if (this.#state === 'escape') {
      this.#begin(byte)
    } else if (this.#state === 'osc') {
      if (byte === BEL) {
        this.#osc()
        this.#state = 'ground'
      } else {
        this.#collect(byte)
      }
    } else if (byte >= 0x40 && byte <= 0x7e) {
      this.#csi(byte)
      this.#state = 'ground'
    } else {
      this.#collect(byte)
    }
  }

  #begin(byte: number): void {
    this.#text = ''
    if (byte === CLOSE_BRACKET) this.#state = 'osc'
    else if (byte === OPEN_BRACKET) this.#state = 'csi'
    else this.#state = 'ground'
    // A full reset of the terminal.
    if (byte === LOWER_C) this.bracketedPaste = false
  }

  #collect(byte: number): void {
    if (this.#text === undefined) return
    const most = this.#state === 'osc' && this.#text.startsWith(COMMAND_LINE) ? MOST_COMMAND_BYTES : MOST_BYTES
    this.#text = this.#text.length < most ? this.#text + String.fromCharCode(byte) : undefined
  }

  #csi(final: number): void {
    const text = this.#text
    if (text === undefined || !text.startsWith('?')) return
    const on = final === 0x68
    if (!on && final !== 0x6c) return
    if (!text.slice(1).split(';').includes('2004')) return
    this.bracketedPaste = on
    // The shell has taken a line. If that was only the first of several, no mark comes before the command is whole.
    if (!on) this.#setPrompt(false)
  }

  #osc(): void {
    if (this.#text?.startsWith(COMMAND_LINE)) {
      this.#next = commandText(this.#text.slice(COMMAND_LINE.length))
      return
    }
    const [, mark, code] = /^633;([ABCD])(?:;(\d{1,3})?|$)/.exec(this.#text ?? '') ?? []
    if (mark === undefined || (mark === 'B' && this.#entered)) return
    this.#entered = false
    const next = this.#next
    this.#next = undefined
    // D says it, but a shell whose prompt was changed may only get to A or B, and one line may be several commands.
    this.#endCommand(mark === 'D' && code !== undefined ? Number(code) : undefined)
    if (mark === 'C') {
      this.#setPrompt(false)
      this.#running = { text: next }
      this.#listener.onCommandStart(next)
      return
    }
    if (mark === 'A') this.#listener.onNewPrompt()
    this.#setPrompt(mark === 'B')
  }

  #endCommand(exitCode?: number): void {
    if (this.#running === undefined) return
    const { text } = this.#running
    this.#running = undefined
    this.#listener.onCommandEnd({
      ...(text === undefined ? {} : { text }),
      ...(exitCode === undefined ? {} : { exitCode }),
    })
  }

  #setPrompt(atPrompt: boolean): void {
    if (atPrompt === this.atPrompt) return
    this.atPrompt = atPrompt
    this.#listener.onPrompt()
  }
}
