/** A program without prompt marks, such as a shell inside a container, is given so long after Enter. */
const afterEnterMs = 1_000

/** Where Enter was typed and no prompt tells of the command's end, it is looked at soon all the same. */
export class EnteredCommands {
  readonly #timers = new Map<string, NodeJS.Timeout>()

  constructor(private readonly onDue: () => void) {}

  /** Enter was typed in a terminal. */
  begin(terminal: string): void {
    this.end(terminal)
    const timer = setTimeout(() => {
      this.#timers.delete(terminal)
      this.onDue()
    }, afterEnterMs)
    this.#timers.set(terminal, timer)
  }

  /** A prompt has come. */
  end(terminal: string): void {
    clearTimeout(this.#timers.get(terminal))
    this.#timers.delete(terminal)
  }

  clear(): void {
    for (const terminal of [...this.#timers.keys()]) this.end(terminal)
  }
}
