import { messageText } from '../error/message-in.js'
import type { Lab } from '../lab/lab.js'
import type { LabRack } from '../labrack/lab-rack.js'
import type { Text } from '../wording/text.js'

export interface RackShelfOptions {
  open(lab: Lab): Promise<LabRack>
  /** So many wait, as long as they are wanted. */
  ahead: number
  /** Told in a line of a rack that could not be closed. */
  say(line: Text): void
}

/** Racks that were opened ahead, each for one to take; and those that are being closed while others go on. */
export class RackShelf {
  readonly #waiting: { lab: Lab; rack: Promise<LabRack> }[] = []
  readonly #closing = new Set<Promise<void>>()

  /** @param toOpen the labs of all that will be taken, in about that order */
  constructor(
    private readonly toOpen: Lab[],
    private readonly options: RackShelfOptions,
  ) {
    this.#fill()
  }

  /** One more will be taken. */
  want(lab: Lab): void {
    this.toOpen.push(lab)
    this.#fill()
  }

  /** One will not be taken. */
  spare(lab: Lab): void {
    const planned = this.toOpen.lastIndexOf(lab)
    if (planned >= 0) this.toOpen.splice(planned, 1)
    else this.#close(this.#waitingFor(lab))
    this.#fill()
  }

  /** The one of that lab that has waited longest. @throws what its opening has thrown */
  async take(lab: Lab): Promise<LabRack> {
    const planned = this.toOpen.indexOf(lab)
    const rack = this.#waitingFor(lab) ?? this.#begin(planned >= 0 ? this.toOpen.splice(planned, 1)[0]! : lab)
    this.#fill()
    return await rack
  }

  /** Closes it in the background. */
  putAway(rack: LabRack): void {
    const closing = rack
      .close()
      .catch((error: Error) => this.options.say(messageText(error)))
      .finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }

  /** Closes all that wait, and resolves when nothing is left. */
  async clear(): Promise<void> {
    this.toOpen.length = 0
    await Promise.all(this.#waiting.splice(0).map(({ rack }) => this.#close(rack)))
    await Promise.all(this.#closing)
  }

  async #close(rack: Promise<LabRack> | undefined): Promise<void> {
    const opened = await rack?.catch(() => undefined)
    if (opened) this.putAway(opened)
  }

  #waitingFor(lab: Lab): Promise<LabRack> | undefined {
    const at = this.#waiting.findIndex((one) => one.lab === lab)
    return at < 0 ? undefined : this.#waiting.splice(at, 1)[0]!.rack
  }

  #fill(): void {
    while (this.#waiting.length < this.options.ahead) {
      const lab = this.toOpen.shift()
      if (!lab) return
      this.#waiting.push({ lab, rack: this.#begin(lab) })
    }
  }

  #begin(lab: Lab): Promise<LabRack> {
    const rack = this.options.open(lab)
    // Whoever takes it is told.
    rack.catch(() => {})
    return rack
  }
}
