import { logOnce } from '../error/log-once.js'
import { VethlabError } from '../error/vethlab-error.js'
import type { DeskView, HandedInView } from '../protocol/classes.js'
import { isOpenAt } from '../store/class-work.js'
import type { Assessment, ClassRecord, People, SeatRecord } from '../store/people.js'
import { lookView } from './look-view.js'

/** Notes that a learner is shown. */
const mostNotes = 10
const mostLooks = 20

interface Desk {
  seat: SeatRecord
  tell(view: DeskView): void
}

/** What learners' pages are told of their class, as it changes. */
export class Desks {
  readonly #desks = new Set<Desk>()

  constructor(
    private readonly people: People,
    /** Who shows their terminals to a class. */
    private readonly shownBy: (id: string) => string | undefined,
    /** What a learner may know of what they have handed in of a lab. */
    private readonly handedIn: (
      learner: string,
      lab: string,
      shows: Assessment['shows'],
    ) => Promise<{ usedUp: number; all: HandedInView[] }>,
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

  async #tell(isMeant: (desk: Desk) => boolean): Promise<void> {
    for (const { seat, tell } of [...this.#desks].filter(isMeant)) {
      try {
        tell(await this.#view(seat))
      } catch (error) {
        // Somebody may have been taken out meanwhile, or the database is away: the next change tells.
        if (!(error instanceof VethlabError)) logOnce(error)
      }
    }
  }

  async #view({ id, learner, class: of }: SeatRecord): Promise<DeskView> {
    const [one, hands, notes, looks] = await Promise.all([
      this.people.classOf(of),
      this.people.hands(of),
      this.people.notes(of, 100),
      this.people.looks(id, mostLooks),
    ])
    if (!one) {
      throw new VethlabError('class.not-found', 'is gone', { place: of, cure: 'Join another class.' })
    }
    const by = this.shownBy(of)
    const at = hands.findIndex(({ seat }) => seat === id)
    const hand = hands[at]
    return {
      title: one.title,
      isOpen: isOpenAt(one, new Date().toISOString()),
      ...(hand
        ? {
            hand: {
              at: hand.at,
              before: hands.slice(0, at).filter(({ helper }) => helper === undefined).length,
              ...(hand.helper === undefined ? {} : { helper: hand.helper }),
            },
          }
        : {}),
      notes: notes.filter(({ seat }) => seat === undefined || seat === id).slice(0, mostNotes),
      ...(by === undefined ? {} : { shown: { by } }),
      looks: looks.map(lookView),
      locks: one.locks,
      assessed: one.assessed,
      handedIn: await this.#handedIn(learner, one),
    }
  }

  async #handedIn(learner: string, { assessed }: ClassRecord): Promise<DeskView['handedIn']> {
    const labs = Object.entries(assessed).map(
      async ([lab, { shows }]) => [lab, await this.handedIn(learner, lab, shows)] as const,
    )
    return Object.fromEntries(await Promise.all(labs))
  }
}
