import type { Classroom } from '../classroom/classroom.js'
import { logOnce } from '../error/log-once.js'
import { TroubleError } from '../error/trouble.js'
import { may } from '../learner/may.js'
import { isBehind } from '../store/behind.js'
import type { Guest } from './gate.js'
import { troubles } from './troubles.js'

export interface HeldLooksOptions {
  /** Who it is, as it is now. */
  guest(): Guest
  classroom: Classroom
  /** Nothing more is seen through that look; called once for each. */
  onEnded(look: string): void
}

interface Held {
  stop(): void
  /** Of one that was given to them: ends it on record. */
  end?(who: Guest): Promise<void>
  /** Whether they may look on, as their roles are now. */
  isAllowed(guest: Guest): boolean
}

/** Looks into terminals of others that one socket has: into those of learners, and at what the class is shown. */
export class HeldLooks {
  readonly #held = new Map<string, Held>()

  constructor(private readonly options: HeldLooksOptions) {}

  /** What a look is given into now. It is asked for each time: it may have ended, or be of another session. */
  async open(look: string) {
    const { guest, classroom } = this.options
    const used = await classroom.looks.use(guest(), look, () => this.#ended(look))
    this.#hold(look, {
      stop: used.stop,
      end: (who) => classroom.looks.end(who, look),
      isAllowed: (who) => may(who, 'assist', { class: used.class }),
    })
    // The role may have been taken while that was looked up.
    this.renew()
    if (!this.#held.has(look)) throw new TroubleError(troubles.forbidden)
    return used
  }

  /** What the class of this learner is shown. */
  openShown() {
    const { guest, classroom } = this.options
    const used = classroom.shares.use(guest(), () => this.#ended(used.id))
    const isAllowed = ({ roles }: Guest) => roles.some((one) => one.role === 'learner' && one.class === used.class)
    this.#hold(used.id, { stop: used.stop, isAllowed })
    return used
  }

  /** Their roles may be other ones: what these no longer allow ends, on record as well, and so does what they show to a class. */
  renew(): void {
    const { guest, classroom } = this.options
    const who = guest()
    for (const [look, held] of [...this.#held]) {
      if (held.isAllowed(who)) continue
      this.#ended(look)
      held.end?.(who).catch(logUnlessBehind)
    }
    classroom.shares.endOf(who.person, (id) => may(who, 'assist', { class: id }))
  }

  /** Lets go of all; they may be opened again. */
  close(): void {
    for (const { stop } of this.#held.values()) stop()
    this.#held.clear()
  }

  #hold(look: string, held: Held): void {
    this.#held.get(look)?.stop()
    this.#held.set(look, held)
  }

  #ended(look: string): void {
    this.#held.get(look)?.stop()
    this.#held.delete(look)
    this.options.onEnded(look)
  }
}

/** It is refused all the same while the database is away, and later what is on record has an end of its own. */
function logUnlessBehind(error: unknown): void {
  if (!isBehind(error)) logOnce(error)
}
