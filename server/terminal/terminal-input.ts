import { VethlabError } from '../error/vethlab-error.js'
import { INPUT_BYTES } from './protocol.js'

/** Bytes of a paste handed to the kernel at a time: what shows them, and that is up to twice as much, has room there. */
const CHUNK_BYTES = 1024

/** Attempts that follow each other at once, so that output is read in between; then there are waits. */
const QUICK_RETRIES = 4

/** Waits between attempts while nothing more is taken, in milliseconds: short at first, for a program at work. */
const FIRST_RETRY_MS = 1
const LAST_RETRY_MS = 40

/** With less than this typed since the last one, the line discipline has room for a Ctrl-C and acts on it at once. */
const LINE_DISCIPLINE_BYTES = 4095

/** More than this at once is a paste. */
const KEYS_BYTES = 256

const INTERRUPT = 0x03
const PASTE_END = Buffer.from('\x1b[201~')

/** Where the bytes go; see PtyMaster. */
export interface InputSink {
  /** Whether a paste may go on. Keys need not ask: a Ctrl-C may be what ends a flood of output. */
  readonly takesPaste: boolean
  endPaste(): void
  write(bytes: Uint8Array): number
  readonly interruptFlushesInput: boolean
  discardInput(options: { waiting: boolean }): void
}

/** Brings what is typed and pasted to a pty: in order, no faster than it takes, and Ctrl-C ahead of a queued paste. */
export class TerminalInput {
  readonly #sink: InputSink
  readonly #place: string
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #typedSinceInterrupt = 0
  #pasting = false
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  #stopped = false

  constructor(sink: InputSink, place: string) {
    this.#sink = sink
    this.#place = place
  }

  /** Takes all of it or throws; after `stop` nothing is taken. */
  push(bytes: Uint8Array): void {
    if (this.#stopped || bytes.length === 0) return
    if (bytes.length === 1 && bytes[0] === INTERRUPT) this.#clearWay()
    if (this.#queuedBytes + bytes.length > INPUT_BYTES) {
      throw new VethlabError('terminal.limit', `more than ${INPUT_BYTES} bytes of input would wait`, {
        place: this.#place,
        cure: 'Paste less at once, or wait until the program reads its input.',
      })
    }
    this.#typedSinceInterrupt += bytes.length
    this.#queue.push(bytes)
    this.#queuedBytes += bytes.length
    this.#wake()
  }

  /** Forgets what is queued, for good. */
  stop(): void {
    this.#stopped = true
    this.#clear()
    this.#cancel()
  }

  /** Unless it is about to go on by itself. */
  #wake(): void {
    if (this.#timer === undefined && this.#immediate === undefined) this.#pump()
  }

  #pump(): void {
    this.#timer = undefined
    this.#immediate = undefined
    const head = this.#queue[0]
    if (head === undefined) return
    this.#pasting ||= this.#queuedBytes > KEYS_BYTES
    if (this.#pasting && !this.#sink.takesPaste) {
      this.#retry()
      return
    }
    const chunk = head.subarray(0, CHUNK_BYTES)
    const taken = this.#sink.write(chunk)
    this.#queuedBytes -= taken
    if (taken === head.length) this.#queue.shift()
    else this.#queue[0] = head.subarray(taken)
    if (taken > 0) this.#failures = 0
    if (this.#queue.length === 0) this.#endPaste()
    else if (taken === chunk.length) this.#immediate = setImmediate(() => this.#pump())
    else this.#retry()
  }

  #cancel(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    this.#timer = undefined
    this.#immediate = undefined
  }

  #retry(): void {
    const waits = this.#failures++ - QUICK_RETRIES
    if (waits < 0) this.#immediate = setImmediate(() => this.#pump())
    else this.#timer = setTimeout(() => this.#pump(), Math.min(FIRST_RETRY_MS * 2 ** waits, LAST_RETRY_MS))
  }

  #endPaste(): void {
    if (this.#pasting) this.#sink.endPaste()
    this.#pasting = false
    this.#failures = 0
  }

  // A Ctrl-C behind a paste that nobody reads would never be seen. So the rest of the paste goes, as the kernel itself
  // flushes typed input on an interrupt; to keep it would feed it to the shell that the interrupt returns to.
  #clearWay(): void {
    const flushes = this.#typedSinceInterrupt >= LINE_DISCIPLINE_BYTES && this.#sink.interruptFlushesInput
    this.#typedSinceInterrupt = 0
    if (this.#queuedBytes === 0 && !flushes) return
    const cutsPaste = this.#queue.some((bytes) =>
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(PASTE_END),
    )
    this.#clear()
    this.#cancel()
    this.#sink.discardInput({ waiting: flushes })
    // A program that saw a bracketed paste begin must see it end, or it takes all keys for text.
    if (cutsPaste && !flushes) this.push(PASTE_END)
  }

  #clear(): void {
    this.#queue = []
    this.#queuedBytes = 0
    this.#endPaste()
  }
}
