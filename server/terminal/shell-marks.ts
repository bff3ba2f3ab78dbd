/** Longest sequence that could mean something here, in bytes; what is longer is read to its end and forgotten. */
const MOST_BYTES = 64

const BEL = 0x07
const CAN = 0x18
const SUB = 0x1a
const ESC = 0x1b
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const LOWER_C = 0x63

export interface ShellMarksListener {
  /** `atPrompt` is another than before. */
  onPrompt(): void
  /** A prompt is about to be drawn, with an empty line. */
  onNewPrompt(): void
  onCommandEnd(): void
}

/**
 * Reads in a terminal's output what its shell tells of itself: where a prompt is and where a command ends (OSC 633, the
 * marks of VS Code's shell integration), and whether it takes pastes in brackets (DECSET 2004). Bytes may be cut anywhere.
 * All of this comes from the learner's machine, so it is a hint and never a proof.
 */
export class ShellMarks {
  atPrompt = false
  bracketedPaste = false
  readonly #listener: ShellMarksListener
  #running = false
  /** Since no mark came: a prompt with a long text is drawn anew before the shell takes it, and does not wait then. */
  #entered = false
  #state: 'ground' | 'escape' | 'csi' | 'osc' = 'ground'
  /** The sequence so far, undefined once it is too long to mean anything. */
  #text: string | undefined = ''

  constructor(listener: ShellMarksListener) {
    this.#listener = listener
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

  /** A command was just entered, or the shell has ended: no prompt waits until the next mark says so. */
  entered(): void {
    this.#entered = true
    this.#setPrompt(false)
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
    this.#text = this.#text.length < MOST_BYTES ? this.#text + String.fromCharCode(byte) : undefined
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
    const [, mark] = /^633;([ABCD])(?:;|$)/.exec(this.#text ?? '') ?? []
    if (mark === undefined || (mark === 'B' && this.#entered)) return
    this.#entered = false
    if (mark === 'C') {
      this.#setPrompt(false)
      this.#running = true
      return
    }
    // D says it, but a shell whose prompt was changed may only get to A or B.
    if (this.#running) {
      this.#running = false
      this.#listener.onCommandEnd()
    }
    if (mark === 'A') this.#listener.onNewPrompt()
    this.#setPrompt(mark === 'B')
  }

  #setPrompt(atPrompt: boolean): void {
    if (atPrompt === this.atPrompt) return
    this.atPrompt = atPrompt
    this.#listener.onPrompt()
  }
}
