import { VethlabError } from '../../error/vethlab-error.js'
import type { SessionView } from '../../protocol/protocol.js'
import type { LiveRack } from './live-rack.js'

type Busy = NonNullable<SessionView['busy']>

export interface RackUseOptions {
  session: string
  /** The rack, while it is open. */
  live(): LiveRack | undefined
  /** Someone did something. */
  touch(): void
  /** A request has been let in. */
  onBegin(): void
  /** The server itself begins to work at the rack, or has ended. */
  onOccupied(occupied: boolean): void
  onError(error: unknown): void
  onChange(): void
}

/**
 * Lets requests in to a session's rack: only while it is open, and not while the server itself works at it, such as during a
 * reset.
 */
export class RackUse {
  readonly #options: RackUseOptions
  #busy: Busy | undefined

  constructor(options: RackUseOptions) {
    this.#options = options
  }

  /** What the server does now. */
  get busy(): Busy | undefined {
    return this.#busy
  }

  get live(): LiveRack | undefined {
    return this.#options.live()
  }

  touch(): void {
    this.#options.touch()
  }

  /** The rack, for whoever may use it at any time. @throws VethlabError session.not-open */
  open(): LiveRack {
    const { live } = this
    if (live) return live
    throw new VethlabError('session.not-open', 'has no rack that runs', {
      place: this.#options.session,
      cure: 'Open the lab again.',
    })
  }

  /** The rack, for a request that begins to work with it. @throws VethlabError session.not-open, session.busy */
  begin(): LiveRack {
    const live = this.open()
    if (this.#busy) {
      throw new VethlabError('session.busy', `is ${this.#busy.what}`, {
        place: this.#options.session,
        cure: 'Wait until that has finished.',
      })
    }
    this.touch()
    this.#options.onBegin()
    return live
  }

  /**
   * Begins a work during which no request is let in. It goes on behind the request that asks for it.
   * @param work ends when its signal aborts: the rack is let go of
   */
  occupy(busy: Busy, work: (live: LiveRack, signal: AbortSignal) => Promise<void>): void {
    const { onOccupied, onError, onChange } = this.#options
    const live = this.open()
    this.#busy = busy
    onOccupied(true)
    onChange()
    const whole = async () => {
      try {
        await work(live, live.signal)
      } catch (error) {
        if (!live.signal.aborted) onError(error)
      } finally {
        if (this.live === live) {
          this.#busy = undefined
          onOccupied(false)
          this.touch()
          onChange()
        }
      }
    }
    this.background(whole())
  }

  /** What a request has begun and does not wait for. */
  background(work: Promise<unknown>): void {
    work.catch(this.#options.onError)
  }

  /** The rack is not the session's to use any more: nothing is done in it now. */
  letGo(): void {
    this.#busy = undefined
  }
}
