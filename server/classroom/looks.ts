import { VethlabError } from '../error/vethlab-error.js'
import { may } from '../learner/may.js'
import type { Who } from '../learner/who.js'
import type { Session } from '../session/session.js'
import type { Sessions } from '../session/sessions.js'
import type { LookRecord, People, SeatRecord } from '../store/people.js'
import { oneLine } from '../wording/one-line.js'

/** Longest that a learner can let somebody look, in minutes. */
export const longestLook = 240

/**
 * Who looks into whose terminals. A role gives nobody a look: one of the staff asks, the learner gives it, for a time, to read or to type as well,
 * and either ends it. All of it stays on record, where the learner sees it.
 */
export class Looks {
  /** Those that are used now: told when they end. */
  readonly #used = new Map<string, Set<() => void>>()
  readonly #timers = new Map<string, NodeJS.Timeout>()

  constructor(
    private readonly sessions: Sessions,
    private readonly people: People,
    /** Something of a class is otherwise. */
    private readonly renew: (id: string) => void,
  ) {}

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
  }

  async ask(who: Who, by: string, seat: SeatRecord, mayWrite: boolean): Promise<LookRecord> {
    // A new question takes the place of the old one, with what was given by it.
    const before = await this.people.looks(seat.id, 50)
    const asked = await this.people.askLook({ seat: seat.id, person: who.person, by, mayWrite })
    for (const look of before) if (look.person === who.person) this.#over(look.id)
    this.renew(seat.class)
    return asked
  }

  /** The learner lets them look for some minutes. @throws VethlabError look.not-found */
  async give(learner: string, id: string, minutes: number): Promise<void> {
    const seat = await this.people.seatOf(learner)
    const endsAt = new Date(Date.now() + Math.min(longestLook, minutes) * 60_000).toISOString()
    const given = seat && (await this.people.giveLook(id, seat.id, endsAt))
    if (!given) throw notFound(id)
    this.renew(seat.class)
  }

  /** The learner, or who looks, has enough of it. @throws VethlabError look.not-found */
  async end(who: Who, id: string): Promise<void> {
    const look = await this.people.lookOf(id)
    const own = await this.people.seatOf(who.person)
    if (!look || (look.person !== who.person && look.seat !== own?.id)) throw notFound(id)
    await this.people.endLook(id)
    this.#over(id)
    const of = own?.id === look.seat ? own.class : await this.#classOf(look)
    if (of !== undefined) this.renew(of)
  }

  /**
   * The session that may be looked into now, of which class, and how.
   * @param onEnd called once, when the look has ended
   * @throws VethlabError look.not-found where it was not given, has ended, or is no look of theirs; session.not-open where nothing runs
   */
  async use(
    who: Who,
    id: string,
    onEnd: () => void,
  ): Promise<{ session: Session; class: string; mayWrite: boolean; stop: () => void }> {
    const look = await this.people.lookOf(id)
    const now = new Date().toISOString()
    const lasts = look?.endsAt !== undefined && look.endedAt === undefined && look.endsAt > now
    if (!look || !lasts || look.person !== who.person) throw notFound(id)
    const of = await this.#classOf(look)
    if (of === undefined || !may(who, 'assist', { class: of })) throw notFound(id)
    const seat = (await this.people.seats(of)).find((one) => one.id === look.seat)
    const session = seat && this.sessions.keptOf(seat.learner).findLast(({ holdsRack }) => holdsRack)
    if (!session) {
      throw new VethlabError('session.not-open', 'has no hosts that run', {
        place: oneLine(seat?.name ?? id, 60),
        cure: 'Wait until the learner has opened a lab.',
      })
    }
    const used = this.#used.get(id) ?? new Set()
    this.#used.set(id, used.add(onEnd))
    if (!this.#timers.has(id)) {
      const left = Date.parse(look.endsAt!) - Date.now()
      this.#timers.set(
        id,
        setTimeout(() => {
          this.#over(id)
          this.renew(of)
        }, left).unref(),
      )
    }
    return { session, class: of, mayWrite: look.mayWrite, stop: () => used.delete(onEnd) }
  }

  #over(id: string): void {
    clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
    const used = this.#used.get(id)
    this.#used.delete(id)
    for (const tell of used ?? []) tell()
  }

  async #classOf({ seat }: LookRecord): Promise<string | undefined> {
    return this.people.classOfSeat(seat)
  }
}

function notFound(id: string): VethlabError {
  return new VethlabError('look.not-found', 'is not given, or has ended', {
    place: oneLine(id, 40),
    cure: 'Ask the learner once more.',
  })
}
