import type { LabRack } from '../labrack/lab-rack.js'
import { oneLine } from '../wording/one-line.js'

export interface RackShelfOptions {
  /** So many wait, as long as they are wanted. */
  ahead: number
  /** So many are taken in all, unless somebody wants more, or fewer. */
  most: number
  /** Told in a line of a rack that could not be closed. */
  say(line: string): void
}

/** Racks that were opened ahead, each for one to take; and those that are being closed while others go on. */
export class RackShelf {
  readonly #waiting: Promise<LabRack>[] = []
  readonly #closing = new Set<Promise<void>>()
  #toOpen: number

  constructor(
    private readonly open: () => Promise<LabRack>,
    private readonly options: RackShelfOptions,
  ) {
    this.#toOpen = options.most
    this.#fill()
  }

  /** So many more are wanted than was said, or fewer. */
  want(more: number): void {
    this.#toOpen += more
    this.#fill()
  }

  /** The one that has waited longest. @throws what its opening has thrown */
  async take(): Promise<LabRack> {
    const rack = this.#waiting.shift() ?? this.#begin()
    this.#fill()
    return await rack
  }

  /** Closes it in the background. */
  putAway(rack: LabRack): void {
    const closing = rack
      .close()
      .catch((error: Error) => this.options.say(oneLine(error.message)))
      .finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }

  /** Closes all that wait, and resolves when nothing is left. */
  async clear(): Promise<void> {
    this.#toOpen = 0
    const left = await Promise.allSettled(this.#waiting.splice(0))
    for (const one of left) if (one.status === 'fulfilled') this.putAway(one.value)
    await Promise.all(this.#closing)
  }

  #fill(): void {
    while (this.#waiting.length < this.options.ahead && this.#toOpen > 0) this.#waiting.push(this.#begin())
  }

  #begin(): Promise<LabRack> {
    this.#toOpen--
    const rack = this.open()
    // Whoever takes it is told.
    rack.catch(() => {})
    return rack
  }
}
