import { logOnce } from '../error/log-once.js'
import { VethlabError } from '../error/vethlab-error.js'
import type { DeskView, HandedInView } from '../protocol/classes.js'
import { closesOf, duesOf, endFor, isOpenAt, lockedOf } from '../store/class-work.js'
import type { ClassRecord, Extensions, GivenHint, People, SeatRecord } from '../store/people.js'
import type { Text } from '../wording/text.js'
import { type Terms, termsOf } from './lateness.js'
import { lookView } from './look-view.js'

/** Notes that a learner is shown. */
const mostNotes = 10
const mostLooks = 20

interface Desk {
  seat: SeatRecord
  tell(view: DeskView): void
}

/** What a desk tells beside what is on record of the class. */
export interface DeskSources {
  /** Who shows their terminals to a class. */
  shownBy(id: string): string | undefined
  /** What a learner may know of what they have handed in of a lab. */
  handedIn(
    learner: string,
    lab: string,
    terms: Terms,
    locked: readonly string[],
  ): Promise<{ usedUp: number; all: HandedInView[] }>
  /** A hint as the learner's own lab has it, once they have begun that. */
  textOf(learner: string, hint: GivenHint): Text | undefined
}

/** What learners' pages are told of their class, as it changes. */
export class Desks {
  readonly #desks = new Set<Desk>()

  constructor(
    private readonly people: People,
    private readonly sources: DeskSources,
  ) {}

  /** @returns undefined for who is in no class; else the desk now, and what ends the telling */
  async follow(
    learner: string,
    tell: (view: DeskView) => void,
  ): Promise<{ view: DeskView; end: () => void } | undefined> {
    const seat = await this.people.seatOf(learner)
    if (!seat) return undefined
    const desk: Desk = { seat, tell }
    this.#desks.add(desk)
    const view = await this.#view(seat).catch((error: unknown) => {
      this.#desks.delete(desk)
      throw error
    })
    return { view, end: () => this.#desks.delete(desk) }
  }

  /** Something of a class is otherwise: its learners are told. */
  renew(id: string): Promise<void> {
    return this.#tell(({ seat }) => seat.class === id)
  }

  /** The same of one learner alone. */
  renewOf(learner: string): Promise<void> {
    return this.#tell(({ seat }) => seat.learner === learner)
  }

  /** @param isMeant desks of one class */
  async #tell(isMeant: (desk: Desk) => boolean): Promise<void> {
    const desks = [...this.#desks].filter(isMeant)
    const [first] = desks
    if (!first) return
    const common = this.#common(first.seat.class)
    for (const { seat, tell } of desks) {
      try {
        tell(await this.#view(seat, common))
      } catch (error) {
        // Somebody may have been taken out meanwhile, or the database is away: the next change tells.
        if (!(error instanceof VethlabError)) logOnce(error)
      }
    }
  }

  /** What all desks of a class are told of, asked for once. */
  #common(id: string) {
    return Promise.all([
      this.people.classOf(id),
      this.people.hands(id),
      this.people.notes(id, 100),
      this.people.givenHints(id),
    ])
  }

  async #view({ id, class: of, learner }: SeatRecord, common = this.#common(of)): Promise<DeskView> {
    const [one, hands, notes, given] = await common
    // By now they may have been given more time.
    const [seat, looks] = await Promise.all([this.people.seatOf(learner), this.people.looks(id, mostLooks)])
    if (!one) {
      throw new VethlabError('class.not-found', 'is gone', { place: of, cure: 'Join another class.' })
    }
    const by = this.sources.shownBy(of)
    const end = endFor(one, seat?.extensions)
    const at = hands.findIndex(({ seat }) => seat === id)
    const hand = hands[at]
    return {
      title: one.title,
      isOpen: isOpenAt(one, new Date().toISOString(), seat?.extensions),
      isQueuePaused: one.isQueuePaused,
      hints: given
        .filter((hint) => hint.seat === id)
        .slice(-mostNotes)
        .toReversed()
        .map((hint) => {
          const text = this.sources.textOf(learner, hint)
          const { seat: _, ...rest } = hint
          return { ...rest, ...(text ? { text } : {}) }
        }),
      ...(end === undefined ? {} : { endsAt: end }),
      due: duesOf(one, seat?.extensions),
      closes: closesOf(one, seat?.extensions),
      ...(hand
        ? {
            hand: {
              at: hand.at,
              before: hands.slice(0, at).filter(({ helper }) => helper === undefined).length,
              ...(hand.helper === undefined ? {} : { helper: hand.helper }),
              ...(hand.offer === undefined ? {} : { offer: hand.offer }),
            },
          }
        : {}),
      notes: notes.filter(({ seat }) => seat === undefined || seat === id).slice(0, mostNotes),
      ...(by === undefined ? {} : { shown: { by } }),
      looks: looks.map(lookView),
      locks: one.locks,
      assessed: one.assessed,
      handedIn: await this.#handedIn(learner, one, seat?.extensions),
    }
  }

  async #handedIn(learner: string, one: ClassRecord, extensions?: Extensions): Promise<DeskView['handedIn']> {
    const labs = Object.keys(one.assessed).map(async (lab) => {
      const { steps } = lockedOf(one.locks, lab)
      return [lab, await this.sources.handedIn(learner, lab, termsOf(one, lab, extensions)!, steps)] as const
    })
    return Object.fromEntries(await Promise.all(labs))
  }
}
