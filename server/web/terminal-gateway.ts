import type { Socket } from 'socket.io'
import { TroubleError } from '../error/trouble.js'
import type { Events, TerminalBytes } from '../protocol/protocol.js'
import type { Requests } from '../protocol/requests.js'
import type { Session } from '../session/session.js'
import type { Attachment } from '../terminal/client.js'
import { HIGH_BYTES } from '../terminal/flow-control.js'
import type { Connection } from './connection.js'
import { troubles } from './troubles.js'

/** Of one window; a rack has fewer. */
const mostAttachments = 64
/** On top of what the windows of all attachments hold: views and answers. */
const slackBytes = 1024 ** 2

/** Output that goes as a text where it is ASCII: an echo, a prompt. */
const mostTextBytes = 256

interface Attached {
  attachment?: Attachment
  /** Set by a look: else all may be done to it. */
  only?: { look: string; mayWrite: boolean }
}

/**
 * The terminals that one socket is attached to. What a browser may do to a terminal it may do by this map alone, and only the
 * session puts terminals into it: an id of somebody else's is an unknown one.
 *
 * Memory: the pty host sends a viewer at most HIGH_BYTES beyond what it acknowledged. A browser that acknowledges what it never
 * received would have it all pile up here, so it is cut off once more waits than its windows can hold.
 */
export class TerminalGateway {
  readonly #attached = new Map<string, Attached>()
  #ended = false

  constructor(
    private readonly socket: Socket<Requests, Events>,
    private readonly connection: Connection,
  ) {}

  /** @param only of whoever looks into somebody else's: they never set the size, and may type only where it says so */
  async attach(session: Session, terminal: string, fromOffset: number | undefined, only?: Attached['only']) {
    this.detach(terminal)
    if (this.#attached.size >= mostAttachments) throw new TroubleError(troubles.tooManyTerminals)
    const entry: Attached = only ? { only } : {}
    this.#attached.set(terminal, entry)
    const current = () => this.#attached.get(terminal) === entry
    const { socket } = this
    try {
      const attachment = await session.attach(terminal, {
        ...(fromOffset === undefined ? {} : { fromOffset }),
        onData: (bytes, offset) => {
          if (!current()) return
          socket.emit('terminal.data', terminal, offset, shortest(bytes))
          if (this.connection.waiting > this.#attached.size * HIGH_BYTES + slackBytes) this.connection.cut()
        },
        onGap: (from, to) => {
          if (current()) socket.emit('terminal.gap', terminal, from, to)
        },
        onResize: (cols, rows) => {
          if (current()) socket.emit('terminal.resized', terminal, cols, rows)
        },
        onExit: ({ exitCode, signal }) => {
          if (current()) socket.emit('terminal.exit', terminal, exitCode, signal)
        },
        onLost: () => {
          if (!current()) return
          this.#attached.delete(terminal)
          socket.emit('terminal.lost', terminal)
        },
      })
      entry.attachment = attachment
      // Detached, attached again or gone meanwhile.
      if (!current() || this.#ended) attachment.detach()
      const { endOffset, cols, rows } = attachment.info
      return { replayTo: endOffset, cols, rows }
    } catch (error) {
      if (current()) this.#attached.delete(terminal)
      throw error
    }
  }

  async write(terminal: string, input: Uint8Array | string): Promise<void> {
    const { attachment, only } = this.#get(terminal)
    if (only?.mayWrite === false) throw new TroubleError(troubles.onlyLooking)
    await attachment.write(input)
  }

  async resize(terminal: string, cols: number, rows: number): Promise<void> {
    const { attachment, only } = this.#get(terminal)
    // The size is its learner's: whoever looks on takes it as it is.
    if (!only) await attachment.resize(cols, rows)
  }

  acknowledge(terminal: string, offset: number): void {
    this.#attached.get(terminal)?.attachment?.acknowledge(offset)
  }

  detach(terminal: string): void {
    const entry = this.#attached.get(terminal)
    this.#attached.delete(terminal)
    entry?.attachment?.detach()
  }

  /** A look has ended: nothing more is seen or typed through it. */
  endLook(look: string): void {
    for (const [terminal, { only }] of [...this.#attached]) if (only?.look === look) this.detach(terminal)
  }

  /** Lets go of all; the shells live on. */
  close(): void {
    this.#ended = true
    for (const terminal of [...this.#attached.keys()]) this.detach(terminal)
  }

  #get(terminal: string): { attachment: Attachment; only: Attached['only'] } {
    const { attachment, only } = this.#attached.get(terminal) ?? {}
    if (!attachment) throw new TroubleError(troubles.notAttached)
    return { attachment, only }
  }
}

function shortest(bytes: Uint8Array): TerminalBytes {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isText = buffer.length <= mostTextBytes && buffer.every((byte) => byte < 0x80)
  return isText ? buffer.toString('latin1') : buffer
}
