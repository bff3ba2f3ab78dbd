import type { TerminalChanges, TerminalInfo } from './protocol.js'
import type { EndedCommand } from './shell-marks.js'

/** Changes come at most this often, in milliseconds: a shell that runs commands in a loop changes all the time. */
const GATHER_MS = 10

export interface WatcherOptions {
  /** The terminal now; undefined once it is closed. */
  infoOf(id: string): TerminalInfo | undefined
  /** Resolves when the other side has dealt with it. */
  tell(changes: TerminalChanges): Promise<unknown>
}

/** Gathers what happens to terminals for one who watches them all. What waits is one entry a terminal, however slow it is. */
export class Watcher {
  readonly #options: WatcherOptions
  readonly #changed = new Set<string>()
  /** By terminal. */
  readonly #commandEnds = new Map<string, EndedCommand>()
  readonly #commandStarts = new Map<string, { text?: string }>()
  readonly #closed = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #telling = false
  #stopped = false

  constructor(options: WatcherOptions) {
    this.#options = options
  }

  changed(id: string): void {
    this.#changed.add(id)
    this.#schedule(0)
  }

  commandStarted(id: string, text: string | undefined): void {
    this.#commandStarts.set(id, text === undefined ? {} : { text })
    this.changed(id)
  }

  commandEnded(id: string, command: EndedCommand): void {
    // One that began since is this one, or was before it.
    this.#commandStarts.delete(id)
    this.#commandEnds.set(id, command)
    this.changed(id)
  }

  closed(id: string): void {
    for (const gathered of [this.#changed, this.#commandEnds, this.#commandStarts]) gathered.delete(id)
    this.#closed.add(id)
    this.#schedule(0)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #schedule(afterMs: number): void {
    if (this.#telling || this.#stopped) return
    this.#timer ??= setTimeout(() => void this.#tell(), afterMs)
  }

  async #tell(): Promise<void> {
    this.#timer = undefined
    this.#telling = true
    const changes = {
      terminals: [...this.#changed].flatMap((id) => this.#options.infoOf(id) ?? []),
      commandEnds: [...this.#commandEnds].map(([terminal, command]) => ({ terminal, ...command })),
      commandStarts: [...this.#commandStarts].map(([terminal, command]) => ({ terminal, ...command })),
      closed: [...this.#closed],
    }
    for (const gathered of [this.#changed, this.#commandEnds, this.#commandStarts, this.#closed]) gathered.clear()
    // One that does not answer in time is told again what has happened since.
    await this.#options.tell(changes).catch(() => {})
    this.#telling = false
    if (this.#changed.size > 0 || this.#closed.size > 0) this.#schedule(GATHER_MS)
  }
}
