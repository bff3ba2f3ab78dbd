import { VethlabError } from '../../error/vethlab-error.js'
import type { TerminalView } from '../../protocol/protocol.js'
import { keepUp } from '../../racks/keep-up.js'
import type { Racks } from '../../racks/racks.js'
import type { Attachment, AttachOptions, PtyHostClient } from '../../terminal/client.js'
import type { TerminalInfo } from '../../terminal/protocol.js'
import type { EndedCommand } from '../../terminal/shell-marks.js'
import { oneLine } from '../../wording/one-line.js'

/** How long a request waits for a connection that is being made. */
const connectMs = 5_000
/** How long a new shell may take to its first prompt before a block is typed into it. */
const firstPromptMs = 5_000
const firstSize = { cols: 80, rows: 24 }

/** A command of a terminal's shell, with what the shell tells of it; an exit code only once it has ended. */
export interface TerminalCommand extends EndedCommand {
  terminal: string
  host: string
}

export interface TerminalsOptions {
  racks: Racks
  rack: string
  /** Where the first terminal is opened. */
  home: string
  onChange(): void
  /** See WatchEvents. */
  onCommandStart(command: TerminalCommand): void
  onCommandEnd(command: TerminalCommand): void
  onClosed(terminal: string): void
  /** Told of each failure to connect; returns false to give up. */
  onFailure(error: unknown): boolean
}

export interface SessionAttachOptions extends AttachOptions {
  /** The attachment is gone on this side, though the terminal may live: attach again. */
  onLost?(): void
}

interface Known {
  info: TerminalInfo
  number: number
}

/** A rack's terminals as a session shows them, over a connection that is made again when it breaks. */
export class RackTerminals {
  readonly #options: TerminalsOptions
  readonly #abort = new AbortController()
  /** In the order of their opening. */
  readonly #known = new Map<string, Known>()
  readonly #waiting = new Set<() => void>()
  readonly #attached = new Set<{ onLost: (() => void) | undefined }>()
  #client: PtyHostClient | undefined
  #viewing: Promise<PtyHostClient> | undefined

  constructor(options: TerminalsOptions) {
    this.#options = options
    void keepUp(this.#abort.signal, (signal) => this.#connect(signal), options.onFailure)
  }

  get list(): TerminalView[] {
    return [...this.#known.values()].map(viewOf)
  }

  has(id: string): boolean {
    return this.#known.has(id)
  }

  /** Whether a prompt waits in that terminal, as far as is known. */
  atPrompt(id: string): boolean {
    const info = this.#known.get(id)?.info
    return info !== undefined && info.exited === undefined && info.atPrompt
  }

  /** Resolves once the first connection stands, and a terminal with it, or after some seconds. */
  async ready(): Promise<void> {
    await this.#connected().catch(() => {})
  }

  /** @throws VethlabError terminal.limit, host.not-found, rackd.unreachable */
  async open(host: string, cols: number, rows: number): Promise<TerminalView> {
    const client = await this.#connected()
    return viewOf(this.#add(await client.open({ host, cols, rows })))
  }

  /** In the place of terminals whose hosts are gone, one in each new host of that name; one there is in any case. */
  async renew(ended: readonly TerminalView[]): Promise<void> {
    const client = await this.#connected()
    for (const { id } of ended) {
      if (!this.#known.has(id)) continue
      await client.close(id).catch((error: unknown) => {
        if (!isOneOf(error, 'terminal.not-found')) throw error
      })
      this.#forget(id)
    }
    const hosts = new Set(ended.map(({ host }) => host))
    if (this.list.every(({ exited }) => exited !== undefined)) hosts.add(this.#options.home)
    for (const host of hosts) this.#add(await client.open({ host, ...firstSize }))
  }

  /** @throws VethlabError terminal.not-found */
  async close(id: string): Promise<void> {
    this.#require(id)
    const client = await this.#connected()
    await client.close(id)
    this.#forget(id)
  }

  /** Attachments have a connection of their own, so that a flood of output holds up nothing else. */
  async attach(id: string, { onLost, ...options }: SessionAttachOptions): Promise<Attachment> {
    this.#require(id)
    const client = await this.#viewer()
    const attachment = await client.attach(id, options)
    const lost = { onLost }
    this.#attached.add(lost)
    return {
      ...attachment,
      detach: () => {
        this.#attached.delete(lost)
        attachment.detach()
      },
    }
  }

  /**
   * Types a block into a terminal of that host that waits for a command: the preferred one, another, or a new one.
   * @returns its id
   * @throws VethlabError terminal.limit, terminal.busy, host.not-found
   */
  async run(host: string, text: string, preferred?: string): Promise<string> {
    const waiting = await this.runWhereWaiting(host, text, preferred)
    if (waiting !== undefined) return waiting
    const client = await this.#connected()
    const { id } = await this.open(host, firstSize.cols, firstSize.rows)
    await this.#until(() => this.atPrompt(id), firstPromptMs)
    await client.run(id, text)
    return id
  }

  /** The same, but into none where none waits. @returns its id */
  async runWhereWaiting(host: string, text: string, preferred?: string): Promise<string | undefined> {
    const client = await this.#connected()
    const fitting = [...this.#known.values()].filter(
      ({ info }) => info.host === host && info.exited === undefined && info.atPrompt,
    )
    fitting.sort((a, b) => Number(b.info.id === preferred) - Number(a.info.id === preferred))
    for (const { info } of fitting) {
      try {
        await client.run(info.id, text)
        return info.id
      } catch (error) {
        // Between the look and the typing something else began there, or it was closed.
        if (!isOneOf(error, 'terminal.busy', 'terminal.not-found')) throw error
      }
    }
    return undefined
  }

  /** Lets go of the terminals; they live on with their rack. */
  stop(): void {
    this.#abort.abort()
    this.#client?.disconnect()
    void this.#viewing?.then(
      (client) => client.disconnect(),
      () => {},
    )
    this.#wake()
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const { racks, rack, home, onChange, onCommandStart, onCommandEnd } = this.#options
    const client = await racks.terminals(rack)
    const ended = new Promise<void>((resolve) => client.onClose(resolve))
    try {
      if (signal.aborted) return
      await client.watch({
        onTerminal: (info) => {
          this.#take(info)
        },
        onCommandStart: (terminal, text) => onCommandStart(this.#command(terminal, text === undefined ? {} : { text })),
        onCommandEnd: (terminal, command) => onCommandEnd(this.#command(terminal, command)),
        onClosed: (id) => this.#forget(id),
      })
      const present = await client.list()
      for (const id of [...this.#known.keys()]) if (!present.some((info) => info.id === id)) this.#forget(id)
      // So that a page has a prompt at once.
      if (present.length === 0) this.#add(await client.open({ host: home, ...firstSize }))
      this.#client = client
      this.#wake()
      onChange()
      await ended
    } finally {
      if (this.#client === client) this.#client = undefined
      client.disconnect()
    }
  }

  async #connected(): Promise<PtyHostClient> {
    await this.#until(() => this.#client !== undefined || this.#abort.signal.aborted, connectMs)
    if (this.#client && !this.#abort.signal.aborted) return this.#client
    throw new VethlabError('rackd.unreachable', 'the terminals cannot be reached', {
      place: this.#options.rack,
      cure: 'Try once more.',
    })
  }

  #viewer(): Promise<PtyHostClient> {
    const { racks, rack } = this.#options
    this.#viewing ??= racks.terminals(rack).then(
      (client) => {
        client.onClose(() => {
          this.#viewing = undefined
          const lost = [...this.#attached]
          this.#attached.clear()
          for (const { onLost } of lost) onLost?.()
        })
        if (this.#abort.signal.aborted) client.disconnect()
        return client
      },
      (error) => {
        this.#viewing = undefined
        throw error
      },
    )
    return this.#viewing
  }

  #require(id: string): void {
    if (this.#known.has(id)) return
    throw new VethlabError('terminal.not-found', 'there is no such terminal in this session', {
      place: oneLine(id, 40),
      cure: 'Open another one.',
    })
  }

  /** What was said of it when it opened may be older than what the watch has said since. */
  #add(info: TerminalInfo): Known {
    return this.#known.get(info.id) ?? this.#take(info)
  }

  #take(info: TerminalInfo): Known {
    const known = this.#known.get(info.id)
    if (known) known.info = info
    else this.#known.set(info.id, { info, number: this.#freeNumber(info.host) })
    this.#wake()
    this.#options.onChange()
    return this.#known.get(info.id)!
  }

  #forget(id: string): void {
    if (this.#known.delete(id)) {
      this.#options.onChange()
      this.#options.onClosed(id)
    }
    this.#wake()
  }

  #command(terminal: string, command: EndedCommand): TerminalCommand {
    // Each change of a terminal comes with what it is now, so that it is known.
    const { host } = this.#known.get(terminal)?.info ?? { host: this.#options.home }
    return { terminal, host, ...command }
  }

  #freeNumber(host: string): number {
    const taken = new Set(
      [...this.#known.values()].filter(({ info }) => info.host === host).map(({ number }) => number),
    )
    let number = 1
    while (taken.has(number)) number++
    return number
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look()
  }

  /** Waits until it holds, or the time is over. */
  #until(holds: () => boolean, ms: number): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#waiting.delete(look)
        resolve()
      }
      const look = () => {
        if (holds()) done()
      }
      const timer = setTimeout(done, ms)
      this.#waiting.add(look)
    })
  }
}

function viewOf({ info, number }: Known): TerminalView {
  const { id, host, atPrompt, exited } = info
  return { id, host, number, atPrompt: atPrompt && exited === undefined, ...(exited ? { exited } : {}) }
}

function isOneOf(error: unknown, ...codes: VethlabError['code'][]): boolean {
  return error instanceof VethlabError && codes.includes(error.code)
}
