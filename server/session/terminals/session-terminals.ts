import { type Lab, requireHost } from '../../lab/lab.js'
import type { TerminalView } from '../../protocol/protocol.js'
import type { Attachment } from '../../terminal/client.js'
import { EnteredCommands } from './entered-commands.js'
import type { RackTerminals, SessionAttachOptions } from './rack-terminals.js'

export interface SessionTerminalsOptions {
  lab: Lab
  /** Those of the rack, while it is open. */
  live(): RackTerminals | undefined
  /** The same. @throws VethlabError session.not-open */
  open(): RackTerminals
  /** Someone did something. */
  touch(): void
  /** Someone works at the rack: a command was entered. */
  onWork(): void
  /** A command was entered whose end nobody tells of: it may have ended by now. */
  onMayHaveEnded(): void
}

/** The terminals of a session, and what is typed into them. */
export class SessionTerminals {
  readonly #options: SessionTerminalsOptions
  readonly #entered: EnteredCommands

  constructor(options: SessionTerminalsOptions) {
    this.#options = options
    this.#entered = new EnteredCommands(options.onMayHaveEnded)
  }

  get list(): TerminalView[] {
    return this.#options.live()?.list ?? []
  }

  /** @throws VethlabError session.not-open, terminal.limit, host.not-found */
  async open(host: string, cols: number, rows: number): Promise<TerminalView> {
    const terminals = this.#options.open()
    this.#options.touch()
    requireHost(this.#options.lab, host)
    return await terminals.open(host, cols, rows)
  }

  /** @throws VethlabError session.not-open, terminal.not-found */
  async close(id: string): Promise<void> {
    const terminals = this.#options.open()
    this.#options.touch()
    await terminals.close(id)
  }

  /** What is typed through it counts as a sign of someone. @throws VethlabError session.not-open, terminal.not-found */
  async attach(terminal: string, options: SessionAttachOptions): Promise<Attachment> {
    const attachment = await this.#options.open().attach(terminal, options)
    return {
      ...attachment,
      write: (input) => {
        this.typed(terminal, input)
        return attachment.write(input)
      },
    }
  }

  /** Something was typed into a terminal. Attachments made here tell it by themselves. */
  typed(terminal: string, input: Uint8Array | string): void {
    this.#options.touch()
    if (hasEnter(input)) this.#onEnter(terminal)
  }

  /** Types a block into a terminal of that host. @returns its id @throws as `RackTerminals.run` */
  async run(host: string, text: string, preferred?: string): Promise<string> {
    const used = await this.#options.open().run(host, text, preferred)
    this.#onEnter(used)
    return used
  }

  /**
   * Says in a terminal of that host which commands were run there for the learner: as comments, which its shell only reads and
   * keeps in its history. Where no terminal waits for a command, it is not said.
   */
  async note(host: string, commands: string): Promise<void> {
    const lines = commands.split('\n').map((line) => `# vethlab: ${line}`.trimEnd())
    await this.#options.live()?.runWhereWaiting(host, lines.join('\n'))
  }

  /** A prompt has come in a terminal. */
  commandEnded(terminal: string): void {
    this.#entered.end(terminal)
  }

  /** The rack is not the session's any more. */
  letGo(): void {
    this.#entered.clear()
  }

  #onEnter(terminal: string): void {
    if (!this.#options.live()) return
    this.#entered.begin(terminal)
    this.#options.onWork()
  }
}

function hasEnter(input: Uint8Array | string): boolean {
  return typeof input === 'string' ? /[\r\n]/.test(input) : input.includes(13) || input.includes(10)
}
