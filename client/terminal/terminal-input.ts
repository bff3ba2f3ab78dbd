import { signal } from '@preact/signals'
import type { Trouble } from '../../server/protocol/protocol.js'
import { requestOver, type ServerSocket } from '../state/request.js'

/** Most bytes of one message, and messages of a paste that are not acknowledged yet. */
const messageBytes = 32 * 1024
const messagesInFlight = 4
/** What is typed goes as a text up to this, in characters: that is one message, where bytes are two. */
const textCharacters = 256

/** What may be typed behind a paste that is on its way, in bytes. */
const waitingBytes = 64 * 1024

const interrupt = 0x03
const pasteBegin = '\x1b[200~'
const pasteEnd = '\x1b[201~'

export interface InputTarget {
  socket: ServerSocket
  terminal: string
  /** Whether the terminal takes input now. Nothing is kept for later: nobody should type into what they can't see. */
  ready(): boolean
  /** What was typed may not have arrived. */
  onLost(): void
}

interface Paste {
  bytes: Uint8Array
  bracketed: boolean
  cancelled: boolean
  /** Typed since. */
  behind: Uint8Array[]
}

/** Sends what is typed and pasted, in order, and large pastes no faster than the server takes them. */
export class TerminalInput {
  /** How far a paste is, in bytes. */
  readonly pasting = signal<{ sent: number; total: number } | undefined>(undefined)
  readonly #target: InputTarget
  readonly #encoder = new TextEncoder()
  #paste: Paste | undefined

  constructor(target: InputTarget) {
    this.#target = target
  }

  /** Sends what was typed. @returns whether it was taken */
  send(typed: string | Uint8Array): boolean {
    const { ready } = this.#target
    if (!ready()) return false
    const bytes = typeof typed === 'string' ? this.#encoder.encode(typed) : typed
    if (this.#paste !== undefined && !(bytes.length === 1 && bytes[0] === interrupt)) {
      const { behind } = this.#paste
      if (behind.reduce((sum, one) => sum + one.length, bytes.length) > waitingBytes) return false
      behind.push(bytes)
      return true
    }
    // Ctrl-C ends a paste too: it would come long after what it should stop.
    this.cancelPaste()
    if (typeof typed === 'string' && typed.length <= textCharacters) void this.#type(typed)
    else for (let at = 0; at < bytes.length; at += messageBytes) void this.#type(bytes.subarray(at, at + messageBytes))
    return true
  }

  /**
   * Sends a text, cleaned, as one paste; one at a time. @returns how it ended: `away` where the terminal takes no input, or
   * the connection was lost on the way
   */
  async paste(text: string, bracketed: boolean): Promise<'sent' | 'cancelled' | 'away' | Trouble> {
    if (!this.#target.ready() || this.#paste !== undefined) return 'away'
    const lines = text.replaceAll('\n', '\r')
    const bytes = this.#encoder.encode(bracketed ? pasteBegin + lines + pasteEnd : lines)
    const paste: Paste = { bytes, bracketed, cancelled: false, behind: [] }
    this.#paste = paste
    this.pasting.value = { sent: 0, total: bytes.length }
    const outcome = await this.#sendPaste(paste)
    if (this.#paste === paste) {
      this.#paste = undefined
      this.pasting.value = undefined
      if (outcome === 'sent') for (const typed of paste.behind) this.send(typed)
    }
    return outcome
  }

  /** What has not been sent of a paste is not sent. */
  cancelPaste(): void {
    const paste = this.#paste
    if (paste === undefined) return
    this.#paste = undefined
    this.pasting.value = undefined
    paste.cancelled = true
    // A program that saw a paste begin takes all keys for text until it ends.
    if (paste.bracketed && this.#target.ready()) void this.#write(this.#encoder.encode(pasteEnd))
  }

  async #sendPaste(paste: Paste): Promise<'sent' | 'cancelled' | 'away' | Trouble> {
    let at = 0
    let sent = 0
    let outcome: 'sent' | 'away' | Trouble = 'sent'
    const sendSome = async () => {
      while (at < paste.bytes.length && outcome === 'sent' && !paste.cancelled) {
        if (!this.#target.ready()) {
          outcome = 'away'
          return
        }
        const part = paste.bytes.subarray(at, at + messageBytes)
        at += part.length
        const trouble = await this.#write(part)
        if (trouble !== undefined) outcome = trouble.code === 'connection.away' ? 'away' : trouble
        sent += part.length
        if (this.#paste === paste) this.pasting.value = { sent, total: paste.bytes.length }
      }
    }
    await Promise.all(Array.from({ length: messagesInFlight }, sendSome))
    return paste.cancelled ? 'cancelled' : outcome
  }

  /** A connection that is dying takes keys that never arrive. */
  async #type(input: Uint8Array | string): Promise<void> {
    const trouble = await this.#write(input)
    if (trouble?.code === 'connection.away') this.#target.onLost()
  }

  async #write(input: Uint8Array | string): Promise<Trouble | undefined> {
    const { socket, terminal } = this.#target
    const ask = typeof input === 'string' ? { terminal, text: input } : { terminal, bytes: input }
    const answered = await requestOver(socket, 'terminal.write', ask)
    return answered.ok ? undefined : answered.trouble
  }
}
