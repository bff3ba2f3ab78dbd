/** What whoever works holds, until its work is done. */
export interface Turn {
  /** Lets others work while something is only waited for; then waits for a turn again. */
  waitOut<T>(wait: () => Promise<T>): Promise<T>
}

/** So many work at the same time; the others get their turn in the order in which they asked. */
export class Turns {
  private readonly waiting: (() => void)[] = []

  constructor(private free: number) {}

  async work<T>(work: (turn: Turn) => Promise<T>): Promise<T> {
    await this.take()
    try {
      return await work({
        waitOut: async (wait) => {
          this.give()
          try {
            return await wait()
          } finally {
            await this.take()
          }
        },
      })
    } finally {
      this.give()
    }
  }

  private async take(): Promise<void> {
    if (this.free > 0) this.free--
    else await new Promise<void>((resolve) => this.waiting.push(resolve))
  }

  private give(): void {
    const next = this.waiting.shift()
    if (next) next()
    else this.free++
  }
}
