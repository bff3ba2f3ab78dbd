import { z } from 'zod'
import { VethlabError } from '../error/vethlab-error.js'
import { type Channel, dial } from '../rpc/channel.js'
import {
  INPUT_BYTES,
  type TerminalExit,
  type TerminalInfo,
  terminalInfo,
  viewerEvents,
  watcherRequests,
} from './protocol.js'
import type { EndedCommand } from './shell-marks.js'

export interface AttachOptions {
  /** Bytes received before, say over a connection that broke. Without it, all that is kept comes. */
  fromOffset?: number
  /** `offset` is where these bytes begin in the terminal's whole output. Acknowledge them once they are dealt with. */
  onData(bytes: Uint8Array, offset: number): void
  /** The bytes from `from` up to `to` are lost: they came while this viewer took none, or before it attached. */
  onGap?(from: number, to: number): void
  /** Comes last, after all output. */
  onExit?(exit: TerminalExit): void
  onResize?(cols: number, rows: number): void
}

export interface WatchEvents {
  /** It was opened, or its prompt, size or exit changed. */
  onTerminal(info: TerminalInfo): void
  /** A command of its shell runs; its text is missing where the shell does not tell it. Short ones are told by their end alone. */
  onCommandStart?(terminal: string, text: string | undefined): void
  /** At least one command of its shell has ended; what is told is the last one. */
  onCommandEnd(terminal: string, command: EndedCommand): void
  onClosed(terminal: string): void
}

/** A viewer's end of one terminal. Its promises may be ignored. */
export interface Attachment {
  /** The terminal when the viewer was attached. */
  readonly info: TerminalInfo
  /** Types. Bytes after the program's exit are ignored; more than 4 MiB that wait are refused as a whole. */
  write(input: Uint8Array | string): Promise<void>
  /** All bytes before that offset are dealt with: more may be sent. */
  acknowledge(offset: number): void
  /** Asks for a size, which is clamped, and announced to all viewers when it changes. */
  resize(cols: number, rows: number): Promise<void>
  detach(): void
}

interface Watching {
  options: AttachOptions
  /** Events that came before the answer to `attach` was dealt with; no more than a window's bytes. */
  early: ((viewer: AttachOptions) => void)[] | undefined
}

/** Speaks with a pty host. */
export class PtyHostClient {
  readonly #channel: Channel
  readonly #viewers = new Map<number, Watching>()
  #attachments = 0
  #watching: WatchEvents | undefined

  constructor(channel: Channel) {
    this.#channel = channel
    channel.handleAtOnce('data', viewerEvents.data, ({ attachment, offset, bytes }) =>
      this.#tell(attachment, (viewer) => viewer.onData(bytes, offset)),
    )
    channel.handleAtOnce('gap', viewerEvents.gap, ({ attachment, from, to }) =>
      this.#tell(attachment, (viewer) => viewer.onGap?.(from, to)),
    )
    channel.handleAtOnce('resized', viewerEvents.resized, ({ attachment, cols, rows }) =>
      this.#tell(attachment, (viewer) => viewer.onResize?.(cols, rows)),
    )
    channel.handleAtOnce('exit', viewerEvents.exit, ({ attachment, exitCode, signal }) =>
      this.#tell(attachment, (viewer) => viewer.onExit?.({ exitCode, signal })),
    )
    channel.handle('changes', watcherRequests.changes, ({ terminals, commandEnds, commandStarts, closed }) => {
      for (const info of terminals) this.#watching?.onTerminal(info)
      for (const { terminal, ...command } of commandEnds) this.#watching?.onCommandEnd(terminal, command)
      for (const { terminal, text } of commandStarts) this.#watching?.onCommandStart?.(terminal, text)
      for (const id of closed) this.#watching?.onClosed(id)
    })
  }

  static async connect(socketPath: string, options: { timeoutMs?: number } = {}): Promise<PtyHostClient> {
    return new PtyHostClient(await dial(socketPath, options))
  }

  async open(terminal: { host: string; cols: number; rows: number }): Promise<TerminalInfo> {
    return terminalInfo.parse(await this.#channel.request('open', terminal))
  }

  async list(): Promise<TerminalInfo[]> {
    return z.array(terminalInfo).parse(await this.#channel.request('list', {}))
  }

  /** Starts watching a terminal; the first event comes after this promise has resolved. */
  async attach(id: string, options: AttachOptions): Promise<Attachment> {
    const channel = this.#channel
    const attachment = this.#attachments++
    const { fromOffset } = options
    const viewer: Watching = { options, early: [] }
    this.#viewers.set(attachment, viewer)
    let info: TerminalInfo
    try {
      const params = { terminal: id, attachment, ...(fromOffset === undefined ? {} : { fromOffset }) }
      info = terminalInfo.parse(await channel.request('attach', params))
    } catch (error) {
      this.#viewers.delete(attachment)
      throw error
    }
    // Those who wait for this promise go first.
    setImmediate(() => {
      const early = viewer.early ?? []
      viewer.early = undefined
      for (const tell of early) this.#tell(attachment, tell)
    })
    let acknowledged = -1
    return {
      info,
      write: (input) => ignorable(this.#write(attachment, typeof input === 'string' ? Buffer.from(input) : input)),
      acknowledge: (offset) => {
        if (offset > acknowledged) channel.notify('acknowledge', { attachment, offset })
        acknowledged = Math.max(acknowledged, offset)
      },
      resize: (cols, rows) => ignorable(this.#send('resize', { attachment, cols, rows })),
      detach: () => {
        if (this.#viewers.delete(attachment)) ignorable(this.#send('detach', { attachment }))
      },
    }
  }

  /**
   * From now on, tells of every terminal that opens, changes (prompt, size, exit) or closes; the present ones come first.
   * Changes are gathered: of each terminal the last state comes. A second call replaces the first.
   */
  async watch(events: WatchEvents): Promise<void> {
    this.#watching = events
    await this.#send('watch', {})
  }

  /**
   * Types a text and Enter, as a paste where the program has asked for that (bracketed paste). What stood on the line is cleared.
   * @throws VethlabError terminal.busy when no prompt waits, terminal.not-found, argument.invalid for control characters
   */
  run(terminal: string, text: string): Promise<void> {
    return this.#send('run', { terminal, text })
  }

  /** Ends a terminal's program and forgets its record. */
  close(id: string): Promise<void> {
    return this.#send('close', { terminal: id })
  }

  /** Ends the pty host with all its terminals. */
  shutdown(): Promise<void> {
    return this.#send('shutdown', {})
  }

  /** Called once when the connection is gone, by either side. */
  onClose(listener: () => void): void {
    this.#channel.onClose(listener)
  }

  /** Ends the connection, and with it all events, at once; the terminals live on. */
  disconnect(): void {
    this.#viewers.clear()
    this.#watching = undefined
    this.#channel.close()
  }

  #tell(attachment: number, event: (viewer: AttachOptions) => void): void {
    const viewer = this.#viewers.get(attachment)
    if (viewer?.early !== undefined) viewer.early.push(event)
    else if (viewer !== undefined) event(viewer.options)
  }

  async #write(attachment: number, bytes: Uint8Array): Promise<void> {
    // Refused here already, for it might not even fit into a message.
    if (bytes.length > INPUT_BYTES) {
      throw new VethlabError('terminal.limit', `${bytes.length} bytes of input at once, at most ${INPUT_BYTES}`, {
        place: 'write.bytes',
        cure: 'Paste less at once.',
      })
    }
    await this.#channel.requestAtOnce('write', { attachment, bytes })
  }

  async #send(method: string, params: object): Promise<void> {
    await this.#channel.request(method, params)
  }
}

/** Lets the caller ignore a promise: its rejection then ends no process. */
function ignorable(promise: Promise<void>): Promise<void> {
  promise.catch(() => {})
  return promise
}
