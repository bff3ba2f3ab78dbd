/** Somebody who waits for room on the machine. */
export interface Waiter {
  /** A page of theirs is open: who has gone keeps nobody from going in. */
  isThere(): boolean
  /** Of what they share room with, where it may have less than all of the machine: others go past whoever waits for that alone. */
  quota?: WaitingQuota | undefined
  /**
   * Their place from 1 on, and when it may be theirs at the latest, in milliseconds since 1970, where that is known. Undefined: it is
   * their turn, and they count as being in from this call on.
   */
  tell(place: { position: number; freeAt?: number } | undefined): void
}

/** Room that some share. */
export interface WaitingQuota {
  of: string
  /** So many of them can go in now. */
  room(): number
  /** As `WaitingRoomOptions.ends`, of them alone. */
  ends(): readonly number[]
}

export interface WaitingRoomOptions {
  /** So many can go in now. */
  room(): number
  /** When racks would end if nobody came to them any more, in milliseconds since 1970. */
  ends(): readonly number[]
}

interface Waiting {
  waiter: Waiter
  letIn(): void
  told?: string
}

/** Who came first goes in first. */
export class WaitingRoom {
  readonly #line: Waiting[] = []

  constructor(private readonly options: WaitingRoomOptions) {}

  get count(): number {
    return this.#line.length
  }

  /** Resolves when it is their turn. @throws what the signal gives, when that is aborted */
  wait(waiter: Waiter, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        const at = this.#line.indexOf(waiting)
        if (at >= 0) this.#line.splice(at, 1)
        signal.removeEventListener('abort', onAbort)
      }
      const onAbort = () => {
        leave()
        reject(signal.reason as Error)
        this.look()
      }
      const waiting: Waiting = {
        waiter,
        letIn() {
          leave()
          waiter.tell(undefined)
          resolve()
        },
      }
      if (signal.aborted) return reject(signal.reason as Error)
      signal.addEventListener('abort', onAbort, { once: true })
      this.#line.push(waiting)
      this.look()
    })
  }

  /** Lets in those for whom there is room by now, and tells the others where they are. */
  look(): void {
    // Asked for each time: who goes in may make others be looked at.
    while (this.options.room() > 0) {
      const next = this.#line.find(({ waiter }) => waiter.isThere() && !isHeldUp(waiter))
      if (!next) break
      next.letIn()
    }
    for (const waiting of [...this.#line]) {
      const { quota } = waiting.waiter
      const isHeld = isHeldUp(waiting.waiter)
      // Who waits for their own kind alone stands behind those of it.
      const line = isHeld ? this.#line.filter(({ waiter }) => waiter.quota?.of === quota?.of) : this.#line
      const n = line.indexOf(waiting)
      const freeAt = (isHeld ? quota! : this.options).ends().toSorted((a, b) => a - b)[n]
      const place = { position: n + 1, ...(freeAt === undefined ? {} : { freeAt }) }
      const told = JSON.stringify(place)
      if (waiting.told === told) continue
      waiting.told = told
      waiting.waiter.tell(place)
    }
  }
}

function isHeldUp({ quota }: Waiter): boolean {
  return quota !== undefined && quota.room() <= 0
}
