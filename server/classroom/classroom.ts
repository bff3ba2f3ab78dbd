import { logOnce } from '../error/log-once.js'
import { VethlabError } from '../error/vethlab-error.js'
import type { Lab } from '../lab/lab.js'
import { seedOf } from '../lab/parameters/seed.js'
import { newJoinCode, spacedJoinCode } from '../learner/join-code.js'
import { may } from '../learner/may.js'
import { newResumePhrase, phraseHash } from '../learner/resume-phrase.js'
import { readRoster } from '../learner/roster.js'
import { newSecret } from '../learner/secret.js'
import type { Who } from '../learner/who.js'
import type {
  ClassView,
  HandedInView,
  LearnerDetail,
  LookView,
  MatrixView,
  PreparedHints,
  SeatView,
} from '../protocol/classes.js'
import type { NetworkMap, TimelineEntry } from '../protocol/protocol.js'
import type { Read } from '../protocol/requests.js'
import { clean } from '../report/clean.js'
import { gradebooks } from '../report/forms.js'
import { type GradeLine, gradeLine } from '../report/grade-line.js'
import { studentOf } from '../report/student-names.js'
import type { Session } from '../session/session.js'
import type { Sessions } from '../session/sessions.js'
import { sessionResult } from '../session/work/session-result.js'
import { isBehind } from '../store/behind.js'
import { isOpenAt, overFor } from '../store/class-work.js'
import type { Assessment, ClassChange, ClassRecord, GivenHint, Known, SeatRecord } from '../store/people.js'
import type { Records } from '../store/records.js'
import { manyLines, oneLine } from '../wording/one-line.js'
import { Desks } from './desks.js'
import { classCsv, classJsonLines } from './export.js'
import { giveHints, preparedHints } from './hints.js'
import { LastKnown } from './last-known.js'
import { type Terms, termsOf } from './lateness.js'
import { learnerDetail } from './learner-detail.js'
import { lookView } from './look-view.js'
import { Looks } from './looks.js'
import { duplicates, liveCells, recordedCells, seatView, withHints, withoutAddress } from './matrix.js'
import { mergeSeats } from './merge-seats.js'
import { notFound } from './not-found.js'
import { withOpened } from './opened.js'
import { Shares } from './shares.js'
import { stuckReason, usualRule } from './stuck.js'
import { counted, type Judged, type JudgedAgain, Submissions, type SubmissionsOptions, usedUp } from './submissions.js'
import { closeOver, extend, setDates } from './timetable.js'
import { Tracker } from './tracker.js'
import { Warming } from './warming.js'

/** Changes of one learner within so long are told together. */
const gapMs = 200
const mostNotes = 50
/** Of a lab, that its learner is shown: the newest. */
const mostHandedIn = 20
const dayMs = 24 * 3_600_000
const retentionMs = 3_600_000
/** How late what is over is closed, at most. */
const tickMs = 5_000
/** Minutes at a step are told so often. */
const ticksAMinute = 12
/** Locks of a class as they are kept, in characters. */
const mostLocks = 20_000
/** How long a look lasts that was offered. */
const offeredMinutes = 20
/** Tries for a code that no class has. */
const mostCodes = 5

type ExportFormat = Read<'class.export'>['format']
type Gradebook = Extract<ExportFormat, { gradebook: string }>

export interface ClassFollower {
  /** Rows that are other ones than before; `undefined` when rows came or went: the whole is to be asked for again. */
  onSeats(seats: SeatView[] | undefined): void
}

interface Followed {
  class: string
  seats: Map<string, SeatRecord>
  followers: Set<ClassFollower>
  changed: Set<string>
  known: LastKnown
}

/** Classes as their staff see them. Whoever calls has asked `may` before. */
export class Classroom {
  /** By class. */
  readonly #followed = new Map<string, Followed>()
  readonly desks: Desks
  readonly shares: Shares
  readonly looks: Looks
  readonly submissions: Submissions
  readonly #warming: Warming
  readonly #tracker = new Tracker()
  readonly #dirty = new Set<Session>()
  readonly #summaries = new Map<string, Promise<Judged[]>>()
  /** What is judged again now, by class and lab. */
  readonly #regrading = new Map<string, Promise<JudgedAgain>>()
  #timer: NodeJS.Timeout | undefined
  readonly #end: () => void
  readonly #retention: NodeJS.Timeout
  readonly #clock: NodeJS.Timeout
  /** Waits until what somebody may do is known anew to all that ask for it. */
  #rightsChanged: () => Promise<void> = async () => {}
  #ticks = 0
  #isTicking = false
  /** Whoever was interrupted while judging goes on. */
  readonly #resumed: Promise<void>

  /**
   * @param evidence where bundles of what is handed in go; without it none are kept
   * @param judgingMs as `SubmissionsOptions` has it
   */
  constructor(
    private readonly sessions: Sessions,
    private readonly records: Records,
    { evidence, judgingMs }: Pick<Partial<SubmissionsOptions>, 'evidence' | 'judgingMs'> = {},
  ) {
    this.shares = new Shares(sessions, (id) => this.#renew(id))
    this.submissions = new Submissions({ records, evidence, judgingMs, onChange: (seat) => this.#handedIn(seat) })
    this.desks = new Desks(records.people, {
      shownBy: (id) => this.shares.of(id)?.by,
      handedIn: (learner, lab, terms, locked) => this.#ofDesk(learner, lab, terms, locked),
      textOf: (learner, { lab, step, check, hint }) => {
        const own = sessions.keptOf(learner).find((session) => session.lab.id === lab)?.lab
        return own?.steps.find(({ id }) => id === step)?.checks[check]?.hints[hint - 1]
      },
    })
    this.looks = new Looks(sessions, records.people, (id) => this.#renew(id))
    this.#warming = new Warming(sessions, records.people, (id) => this.#renew(id))
    this.#end = sessions.follow((session) => this.#changed(session))
    this.#retention = setInterval(() => void this.forgetOld().catch(logUnlessBehind), retentionMs).unref()
    this.#clock = setInterval(() => void this.#tick(), tickMs).unref()
    this.#resumed = this.submissions.resume(sessions.running).catch(logUnlessBehind)
  }

  close(): void {
    this.#end()
    clearInterval(this.#retention)
    clearInterval(this.#clock)
    this.#warming.close()
    this.looks.close()
    clearTimeout(this.#timer)
    this.#followed.clear()
  }

  /** Of every change of what somebody may do, waited for before anybody is told of the change; one listener. */
  onRights(listener: () => Promise<void>): void {
    this.#rightsChanged = listener
  }

  /** Those that somebody may see, the newest first. */
  async list(who: Who): Promise<ClassView[]> {
    const classes = (await this.records.people.classes()).filter(({ id }) => may(who, 'watch', { class: id }))
    return Promise.all(classes.map((one) => this.#view(who, one)))
  }

  async create(who: Who, { title, labs }: { title: string; labs: readonly string[] }): Promise<ClassView> {
    const { people } = this.records
    const made = await people.createClass({ title: oneLine(title, 100), labs: this.#known(labs) })
    // Its teacher, unless they may lead it as the owner.
    if (!may(who, 'lead', { class: made.id })) {
      await people.setMember(made.id, who.person, 'teacher')
      await this.#rightsChanged()
      return this.#view({ ...who, roles: [...who.roles, { role: 'teacher', class: made.id }] }, made)
    }
    return this.#view(who, made)
  }

  async change(who: Who, id: string, change: ClassChange): Promise<ClassView> {
    const changed = await this.records.people.changeClass(id, {
      ...change,
      ...(change.title === undefined ? {} : { title: oneLine(change.title, 100) }),
      ...(change.labs === undefined ? {} : { labs: this.#known(change.labs) }),
      // As many as the machine has, at most.
      ...(typeof change.capacity === 'number' ? { capacity: Math.min(change.capacity, this.sessions.mostRacks) } : {}),
    })
    if (!changed) throw notFound(id)
    if (change.capacity !== undefined) {
      this.sessions.setQuota({ of: id, racks: changed.capacity ?? Number.POSITIVE_INFINITY })
    }
    await this.#rightsChanged()
    this.#renew(id)
    return this.#view(who, changed)
  }

  /** What has everybody of a class have numbers of their own from now on, or those of practice. */
  numbers(isOwn: boolean): ClassChange {
    return { numberKey: isOwn ? newSecret() : null }
  }

  /**
   * What the numbers of a learner's lab are drawn from: the class's key, what the class calls them, and the lab. Undefined for who is in no
   * class, and in one without numbers of its own.
   */
  async seedFor(learner: string, lab: string): Promise<string | undefined> {
    const seat = await this.records.people.seatOf(learner)
    const key = seat && (await this.records.people.classOf(seat.class))?.numberKey
    return key === undefined ? undefined : seedOf(key, seat!.student ?? seat!.id, lab)
  }

  /** As `setDates`. */
  async dates(who: Who, id: string, lab: string, dates: Parameters<typeof setDates>[3]): Promise<ClassView> {
    await setDates(this.records.people, id, lab, dates)
    return this.change(who, id, {})
  }

  /** As `extend` of the timetable. */
  async extend(who: Who, id: string, what: Parameters<typeof extend>[2]): Promise<ClassView> {
    await extend(this.records.people, id, what)
    return this.change(who, id, {})
  }

  /** As `withOpened`. */
  known(known: Known): Promise<Known> {
    return withOpened(known, this.sessions)
  }

  /** A new code, which takes the place of the old one; without `on` nobody can join any more. */
  async setCode(who: Who, id: string, on: boolean): Promise<ClassView> {
    if (!on) return this.change(who, id, { code: null })
    const ends = (await this.records.people.classOf(id))?.codeEndsAt
    // A new one is of use: it doesn't end before it began.
    const isOver = ends !== undefined && ends <= new Date().toISOString()
    for (let n = 1; ; n++) {
      try {
        return await this.change(who, id, { code: newJoinCode(), ...(isOver ? { codeEndsAt: null } : {}) })
      } catch (error) {
        if (n >= mostCodes || !(error instanceof VethlabError && error.code === 'records.refused')) throw error
      }
    }
  }

  /** Nobody joins any more, and learners can work in it no longer: their hosts go, those that are being judged soon after that. What they did stays. */
  async end(who: Who, id: string): Promise<ClassView> {
    const ended = await this.change(who, id, { code: null, endedAt: new Date().toISOString() })
    const seats = await this.records.people.seats(id)
    await Promise.all(
      seats.flatMap(({ learner }) => this.sessions.keptOf(learner)).map((session) => session.leaveSoon()),
    )
    return ended
  }

  /** @throws VethlabError roster.invalid */
  async addRoster(id: string, csv: string): Promise<{ added: number; known: number; changed: number }> {
    const added = await this.records.people.addRoster(id, readRoster(csv))
    this.#renew(id)
    return added
  }

  /** New words for somebody who has lost theirs. @throws VethlabError class.not-found */
  async reissue(id: string, seat: string): Promise<{ phrase: string }> {
    await this.#seat(id, seat)
    const phrase = newResumePhrase()
    await this.records.people.reissue(seat, phraseHash(phrase)!)
    await this.#rightsChanged()
    this.#renew(id)
    return { phrase }
  }

  /** Closes the hosts of a learner, such as of one who has gone home; those that are being judged soon after that. @throws VethlabError class.not-found */
  async closeHosts(id: string, seat: string): Promise<void> {
    const { learner } = await this.#seat(id, seat)
    await Promise.all(this.sessions.keptOf(learner).map((session) => session.leaveSoon()))
  }

  /** Puts the hosts of a learner back to the start. @throws VethlabError class.not-found, session.not-open, session.busy */
  async resetHosts(id: string, seat: string): Promise<void> {
    const { learner, name } = await this.#seat(id, seat)
    const running = this.sessions.keptOf(learner).findLast(({ holdsRack }) => holdsRack)
    if (!running) {
      throw new VethlabError('session.not-open', 'has no hosts that run', {
        place: oneLine(name, 60),
        cure: 'Wait until the learner has opened a lab.',
      })
    }
    running.reset()
  }

  /**
   * Two seats are one person's: what was done in the second one, and what is on record of it, is the first one's from now on. Their hosts are
   * closed, and who came in as the second one does so no more. @throws VethlabError class.not-found
   */
  async mergeSeats(id: string, kept: string, merged: string): Promise<void> {
    const [one, other] = [await this.#seat(id, kept), await this.#seat(id, merged)]
    if (one.id === other.id) throw notFound(merged)
    await mergeSeats(this.records, this.sessions, one, other)
    for (const { learner } of [one, other]) this.#summaries.delete(learner)
    await this.#rightsChanged()
    this.#renew(id)
  }

  /** Somebody is not of this class any more: their seat goes, with all that is kept of them. @throws VethlabError class.not-found */
  async removeSeat(id: string, seat: string): Promise<void> {
    const { learner } = await this.#seat(id, seat)
    await Promise.all(this.sessions.keptOf(learner).map((session) => session.leave()))
    const forget = await this.submissions.forgetting(learner)
    await this.records.people.removeSeat(seat)
    await this.#rightsChanged()
    await forget()
    this.#summaries.delete(learner)
    this.#renew(id)
  }

  /** Deletes what is kept of learners of classes whose days are over. @returns how many learners that were */
  async forgetOld(now = Date.now()): Promise<number> {
    let count = 0
    for (const one of await this.records.people.classes()) {
      const { id, keepDays } = one
      if (keepDays === undefined || overFor(one) === undefined) continue
      for (const seat of await this.records.people.seats(id)) {
        // Who was given more time is at work for longer.
        if (Date.parse(overFor(one, seat.extensions)!) + keepDays * dayMs > now) continue
        await this.removeSeat(id, seat.id)
        count++
      }
    }
    await this.submissions.forgetGone()
    return count
  }

  /** A class with everybody in it. Who may only look is told how far they are, and nothing that helpers alone need. */
  async matrix(who: Who, id: string): Promise<MatrixView> {
    const known = this.#followed.get(id)?.known ?? new LastKnown()
    const found = await known.of('class', () => this.records.people.classOf(id))
    if (!found) throw notFound(id)
    const seats = await this.records.people.seats(id)
    // Something may have been handed in on another server.
    for (const { learner } of seats) this.#summaries.delete(learner)
    const about = membersOf(seats)
    const share = this.shares.of(id)
    const given = await known.of('hints', () => this.records.people.givenHints(id))
    const warming = this.#warming.of(id)
    const mayAssist = may(who, 'assist', { class: id })
    const rows = await Promise.all(seats.map((seat) => this.#row(seat, about, found, given, known)))
    const notes = await this.records.people.notes(id, mostNotes)
    return {
      class: await this.#view(who, found),
      seats: mayAssist ? rows : rows.map(withoutAddress),
      hands: mayAssist ? await this.records.people.hands(id) : [],
      notes: mayAssist ? notes : notes.filter(({ seat }) => seat === undefined),
      ...(share ? { shown: { by: share.by, mine: share.person === who.person } } : {}),
      looks: (await this.records.people.looksOf(id, who.person)).map(lookView),
      ...(warming ? { warming } : {}),
    }
  }

  /**
   * The class now, and rows of it as they change.
   * @param whoNow roles may change meanwhile
   * @returns what ends it
   */
  async follow(
    whoNow: () => Who,
    id: string,
    { onSeats }: ClassFollower,
  ): Promise<{ view: MatrixView; end: () => void }> {
    const seats = await this.records.people.seats(id)
    const followed: Followed = this.#followed.get(id) ?? {
      class: id,
      seats: new Map(),
      followers: new Set(),
      changed: new Set(),
      known: new LastKnown(),
    }
    this.#followed.set(id, followed)
    followed.seats = new Map(seats.map((seat) => [seat.learner, seat]))
    const follower: ClassFollower = {
      onSeats: (seats) => {
        const who = whoNow()
        // Who may not look any more asks again, and is refused.
        if (!may(who, 'watch', { class: id })) onSeats(undefined)
        else onSeats(may(who, 'assist', { class: id }) ? seats : seats?.map(withoutAddress))
      },
    }
    followed.followers.add(follower)
    const end = () => {
      followed.followers.delete(follower)
      if (followed.followers.size > 0) return
      if (this.#followed.get(id) === followed) this.#followed.delete(id)
    }
    try {
      return { view: await this.matrix(whoNow(), id), end }
    } catch (error) {
      end()
      throw error
    }
  }

  /** Somebody has joined a class, or was put on its roster. */
  joined(id: string): void {
    this.#renew(id)
  }

  // ---- Help ----

  /** A learner wants help at a step: the check that does not pass goes along. @throws VethlabError class.not-found */
  async raiseHand(learner: string, { lab, step }: { lab: string; step?: string | undefined }): Promise<void> {
    const seat = await this.#seatOf(learner)
    if ((await this.records.people.classOf(seat.class))?.isQueuePaused) {
      throw new VethlabError('hand.paused', 'takes no hands now', { place: seat.class, cure: 'Raise it later.' })
    }
    const view = this.sessions
      .keptOf(learner)
      .find((session) => session.lab.id === lab)
      ?.view()
    const at = view?.steps.find(({ id }) => id === (step ?? view.current))
    const failing = at?.checks.find(({ finding }) => finding.outcome === 'fail')?.finding
    await this.records.people.raiseHand({
      seat: seat.id,
      lab,
      ...(at === undefined ? {} : { step: at.id }),
      ...(failing?.outcome === 'fail' ? { reason: failing.reason, why: failing.why } : {}),
    })
    this.#renew(seat.class)
  }

  /** Whoever helps may look into their terminals from now on without asking, as long as the hand is up; or not any more. */
  async offerLook(learner: string, offer: 'view' | 'write' | undefined): Promise<void> {
    const seat = await this.#seatOf(learner)
    await this.records.people.offerLook(seat.id, offer)
    this.#renew(seat.class)
  }

  async lowerHand(learner: string): Promise<void> {
    const seat = await this.#seatOf(learner)
    await this.records.people.lowerHand(seat.id)
    this.#renew(seat.class)
  }

  /** What a learner did in a lab. @throws VethlabError class.not-found */
  async detail(id: string, seat: string, lab: string): Promise<LearnerDetail & { timeline: TimelineEntry[] }> {
    const { learner, extensions } = await this.#seat(id, seat)
    const found = this.sessions.labs.find((one) => one.id === lab)
    const terms = termsOf(await this.records.people.classOf(id), lab, extensions)
    const latest = await this.records.latestSession(learner, lab)
    const verdicts = latest ? await this.records.verdicts(latest.id) : []
    const { timeline = [] } = (await (await this.#lastSession(learner, lab))?.network.feed.view()) ?? {}
    const heading = (step: string) => (found ? headingOf(found, step) : { en: step, zh: step })
    const handedIn = (await this.submissions.of(learner, lab)).toReversed().map((judged) => ({
      ...this.submissions.view(judged, { lab: found, shows: 'steps', terms }),
      evidence: `evidence/${judged.record.evidence}`,
    }))
    const session = latest ? { session: latest.id } : {}
    const hints = (await this.records.progress(learner)).find((one) => one.lab === lab)?.hints ?? {}
    const given = (await this.records.people.givenHints(id)).filter((one) => one.seat === seat)
    return { ...learnerDetail(found, lab, verdicts, { hints, given }, heading), ...session, handedIn, timeline }
  }

  /** The network of a learner's lab, now or after an entry of its timeline. @throws VethlabError class.not-found, map.not-found */
  async network(id: string, seat: string, lab: string, entry?: number): Promise<NetworkMap | null> {
    const { learner } = await this.#seat(id, seat)
    const session = await this.#lastSession(learner, lab)
    if (!session) return null
    const { feed } = session.network
    return entry === undefined ? ((await feed.view()).map ?? null) : await feed.at(entry)
  }

  /** A learner's last session of a lab that is there, as it is. */
  async #lastSession(learner: string, lab: string): Promise<Session | undefined> {
    const isThere = this.sessions.labs.some(({ id }) => id === lab)
    return isThere ? await this.sessions.join(learner, lab, { open: false }) : undefined
  }

  /** No hand is raised any more, or they may be again. */
  pauseQueue(who: Who, id: string, on: boolean): Promise<ClassView> {
    return this.change(who, id, { isQueuePaused: on })
  }

  /** What a lab has prepared. */
  hints(lab: string): PreparedHints {
    const found = this.sessions.labs.find((one) => one.id === lab)
    return preparedHints(found, (step) => headingOf(found!, step))
  }

  /** Gives the next hint of a check to learners: it counts as one that they took. @throws VethlabError class.not-found, argument.invalid */
  async giveHints(
    id: string,
    by: string,
    { seats: chosen, ...what }: { lab: string; step: string; check: number; seats?: string[] | undefined },
  ): Promise<{ given: number; without: number }> {
    const all = await this.records.people.seats(id)
    const seats = chosen === undefined ? all : all.filter((seat) => chosen.includes(seat.id))
    const strange = chosen?.find((seat) => !seats.some((one) => one.id === seat))
    if (strange !== undefined) throw notFound(strange)
    const given = await giveHints(seats, { ...what, by }, (learner) => this.#lastSession(learner, what.lab))
    await this.records.people.addGivenHints(given)
    this.#renew(id)
    return { given: given.length, without: seats.length - given.length }
  }

  async takeHand(id: string, seat: string, helper: string | undefined): Promise<void> {
    await this.#seat(id, seat)
    await this.records.people.takeHand(seat, helper)
    this.#renew(id)
  }

  async closeHand(id: string, seat: string): Promise<void> {
    await this.#seat(id, seat)
    await this.records.people.lowerHand(seat)
    this.#renew(id)
  }

  /** Tells the class something, or one learner of it. @throws VethlabError class.not-found */
  async tell(id: string, by: string, { seat, text }: { seat?: string | undefined; text: string }): Promise<void> {
    if (seat !== undefined) await this.#seat(id, seat)
    const note = { text: manyLines(text, 1000), by, ...(seat === undefined ? {} : { seat }) }
    await this.records.people.addNote(id, note)
    this.#renew(id)
  }

  /** Asks a learner of a class to let somebody look into their terminals. @throws VethlabError class.not-found */
  async askLook(who: Who, by: string, id: string, seat: string, mayWrite: boolean): Promise<LookView> {
    const of = await this.#seat(id, seat)
    const asked = await this.looks.ask(who, by, of, mayWrite)
    const offer = (await this.records.people.hands(id)).find((hand) => hand.seat === seat)?.offer
    // The learner has said so before.
    const isOffered = offer === 'write' || (offer === 'view' && !mayWrite)
    if (isOffered) await this.looks.give(of.learner, asked.id, offeredMinutes)
    return lookView((isOffered ? await this.records.people.lookOf(asked.id) : undefined) ?? asked)
  }

  /** What learners are not given of a lab. */
  async lock(who: Who, id: string, lab: string, withheld: { steps: string[]; solutions: boolean }): Promise<ClassView> {
    const found = await this.records.people.classOf(id)
    if (!found) throw notFound(id)
    const known = ['finish', ...(this.sessions.labs.find((one) => one.id === lab)?.steps.map((step) => step.id) ?? [])]
    const steps = withheld.steps.filter((step) => known.includes(step))
    const { [lab]: _before, ...others } = found.locks
    const locks = {
      ...others,
      ...(steps.length === 0 && !withheld.solutions
        ? {}
        : {
            [lab]: {
              ...(steps.length === 0 ? {} : { steps }),
              ...(withheld.solutions ? { solutions: true as const } : {}),
            },
          }),
    }
    if (JSON.stringify(locks).length > mostLocks) {
      throw new VethlabError('argument.invalid', 'more is locked than can be kept', {
        place: lab,
        cure: 'Open some steps of other labs.',
      })
    }
    return this.change(who, id, { locks })
  }

  /** What learners do in a lab is handed in from now on, or is practice where nothing is said. What was handed in stays. */
  async assess(who: Who, id: string, lab: string, assessment: Assessment | undefined): Promise<ClassView> {
    const found = await this.records.people.classOf(id)
    if (!found) throw notFound(id)
    const { [lab]: _before, ...others } = found.assessed
    const isThere = this.sessions.labs.some((one) => one.id === lab)
    if (assessment && !isThere) throw this.sessions.noLab(lab)
    return this.change(who, id, { assessed: { ...others, ...(assessment ? { [lab]: assessment } : {}) } })
  }

  /**
   * Judges all that was handed in of a lab by its checks of today, from the evidence. Who asks while that goes on waits for the same.
   * @throws VethlabError lab.not-found
   */
  async regrade(id: string, lab: string): Promise<JudgedAgain> {
    const found = this.sessions.labs.find((one) => one.id === lab)
    if (!found) throw this.sessions.noLab(lab)
    const key = `${id} ${lab}`
    const going = this.#regrading.get(key)
    if (going) return going
    const begun = this.records.people.seats(id).then((seats) => this.submissions.judgeAgain(found, seats))
    this.#regrading.set(key, begun)
    try {
      return await begun
    } finally {
      this.#regrading.delete(key)
    }
  }

  /** What a learner has handed in, without what was found: asked for once, until something changes. */
  async #summary(learner: string): Promise<Judged[]> {
    const known = this.#summaries.get(learner) ?? this.submissions.of(learner).then(withoutSteps)
    this.#summaries.set(learner, known)
    try {
      return await known
    } catch (error) {
      this.#summaries.delete(learner)
      throw error
    }
  }

  /** Something was handed in, or judged: their page and those of the staff are told. */
  #handedIn(seat: SeatRecord): void {
    this.#summaries.delete(seat.learner)
    for (const followed of this.#followed.values()) {
      if (followed.seats.has(seat.learner)) followed.changed.add(seat.learner)
    }
    for (const followed of this.#followed.values()) if (followed.changed.size > 0) void this.#tell(followed)
    void this.desks.renewOf(seat.learner)
  }

  async #ofDesk(
    learner: string,
    lab: string,
    terms: Terms,
    locked: readonly string[],
  ): Promise<{ usedUp: number; all: HandedInView[] }> {
    const all = await this.submissions.of(learner, lab)
    const found = this.sessions.labs.find((one) => one.id === lab)
    const { shows } = terms.assessment
    const views = all
      .slice(-mostHandedIn)
      .map((one) => this.submissions.view(one, { lab: found, shows, terms, locked }))
    return { usedUp: usedUp(all), all: views }
  }

  /** All of a class as a file. */
  async export(who: Who, id: string, format: ExportFormat): Promise<{ name: string; text: string }> {
    if (typeof format === 'object' && 'results' in format) return this.#results(id, format.results)
    if (typeof format === 'object') return this.#gradebook(id, format)
    const { class: view, seats } = await this.matrix(who, id)
    const text = format === 'csv' ? classCsv(view, seats) : classJsonLines(view, seats)
    return { name: `class-${new Date().toISOString().slice(0, 10)}.${format}`, text }
  }

  /** All that was handed in of a lab and judged, a result a line. */
  async #results(id: string, lab: string): Promise<{ name: string; text: string }> {
    const seats = await this.records.people.seats(id)
    const results = await Promise.all(
      seats.map(async (seat) => {
        const all = await this.submissions.of(seat.learner, lab)
        return all.flatMap(({ gradings }) => gradings.map((result) => ({ ...result, student: studentOf(seat) })))
      }),
    )
    const lines = results.flat().map((result) => `${JSON.stringify(result)}\n`)
    return { name: `${lab}-results.jsonl`, text: lines.join('') }
  }

  /**
   * The grades of a lab: of what was handed in where it is assessed, else of what is on record of each learner's last session of it.
   * @throws VethlabError lab.not-found, argument.invalid
   */
  async #gradebook(id: string, { gradebook, lab, language }: Gradebook): Promise<{ name: string; text: string }> {
    const found = this.sessions.labs.find((one) => one.id === lab)
    if (!found) throw this.sessions.noLab(lab)
    const seats = await this.records.people.seats(id)
    const one = await this.records.people.classOf(id)
    const grades = await Promise.all(
      seats.map(async (seat): Promise<GradeLine[]> => {
        const terms = termsOf(one, lab, seat.extensions)
        if (terms) {
          const result = counted(await this.submissions.of(seat.learner, lab), { lab: found, terms })
          return result ? [gradeLine(clean({ ...result, student: studentOf(seat) }))] : []
        }
        const record = await this.records.latestSession(seat.learner, lab)
        if (!record) return []
        const about = { student: studentOf(seat), submittedAt: record.endedAt ?? new Date().toISOString() }
        const result = sessionResult(found, record, await this.records.verdicts(record.id), about)
        return [gradeLine(clean(result))]
      }),
    )
    return { name: `${lab}-${gradebook}.csv`, text: gradebooks[gradebook](grades.flat(), { language }) }
  }

  #renew(id: string): void {
    for (const { onSeats } of this.#followed.get(id)?.followers ?? []) onSeats(undefined)
    void this.desks.renew(id)
  }

  /** What is over is closed; and so often a minute, minutes at a step are told. */
  async #tick(): Promise<void> {
    if (this.#isTicking) return
    this.#isTicking = true
    try {
      await this.#resumed
      await closeOver(this.records.people, this.sessions)
      if (++this.#ticks % ticksAMinute === 0) await this.#tellMinutes()
    } catch (error) {
      logUnlessBehind(error)
    } finally {
      this.#isTicking = false
    }
  }

  async #tellMinutes(): Promise<void> {
    for (const followed of this.#followed.values()) {
      for (const learner of followed.seats.keys()) {
        if (this.sessions.keptOf(learner).some(({ holdsRack }) => holdsRack)) followed.changed.add(learner)
      }
      if (followed.changed.size > 0) await this.#tell(followed)
    }
  }

  #changed(session: Session): void {
    this.#dirty.add(session)
    this.#timer ??= setTimeout(() => void this.#look(), gapMs)
  }

  async #look(): Promise<void> {
    this.#timer = undefined
    const sessions = [...this.#dirty]
    this.#dirty.clear()
    for (const session of sessions) {
      this.#tracker.take(session.view(), session.learner)
      if (!session.holdsRack) this.#tracker.forget(session.id)
      for (const followed of this.#followed.values()) {
        if (followed.seats.has(session.learner)) followed.changed.add(session.learner)
      }
    }
    for (const followed of this.#followed.values()) if (followed.changed.size > 0) await this.#tell(followed)
  }

  async #tell(followed: Followed): Promise<void> {
    const changed = [...followed.changed].flatMap((learner) => followed.seats.get(learner) ?? [])
    followed.changed.clear()
    const about = membersOf([...followed.seats.values()])
    try {
      const { class: id, known } = followed
      const one = await known.of('class', () => this.records.people.classOf(id))
      const given = await known.of('hints', () => this.records.people.givenHints(id))
      const rows = await Promise.all(changed.map((seat) => this.#row(seat, about, one, given, known)))
      for (const { onSeats } of followed.followers) onSeats(rows)
    } catch (error) {
      // Rows stay as they are then.
      logUnlessBehind(error)
    }
  }

  async #row(
    seat: SeatRecord,
    { same, isMember }: ReturnType<typeof membersOf>,
    one: ClassRecord | undefined,
    given: readonly GivenHint[],
    known: LastKnown,
  ): Promise<SeatView> {
    const kept = this.sessions.keptOf(seat.learner)
    const progress = await known.of(`progress ${seat.learner}`, () => this.records.progress(seat.learner))
    const cells = recordedCells(progress)
    for (const session of kept) {
      const view = session.view()
      const live = liveCells(view)
      cells[session.lab.id] = live
      const at = this.#tracker.at(session.id)
      const step = view.current
      const cell = step === undefined ? undefined : live[step]
      if (!at || !cell || !session.holdsRack) continue
      const stuck = stuckReason(at, this.#tracker.usual(view.lab, step!, isMember), one?.stuckRule)
      live[step!] = { ...cell, minutes: Math.floor(at.minutes), ...(stuck ? { stuck } : {}) }
    }
    const running = kept.findLast(({ holdsRack }) => holdsRack)
    const judged = await known.of(`handed in ${seat.learner}`, () => this.#summary(seat.learner))
    const handedIn = handedInBy(judged, (lab) => termsOf(one, lab, seat.extensions))
    return seatView(seat, {
      ...(handedIn ? { handedIn } : {}),
      isDuplicate: same.has(seat.id),
      isHere: kept.some(({ isWatched }) => isWatched),
      isWaiting: kept.some(({ isWaiting }) => isWaiting),
      ...(running ? { lab: running.lab.id } : {}),
      cells: withHints(
        cells,
        progress,
        given.filter((hint) => hint.seat === seat.id),
      ),
    })
  }

  async #view(who: Who, one: ClassRecord): Promise<ClassView> {
    const { id, code, ...rest } = one
    const mayAssist = may(who, 'assist', { class: id })
    return {
      id,
      title: rest.title,
      labs: rest.labs.map((lab) => this.#labView(lab)),
      ...(code === undefined || !mayAssist ? {} : { code: spacedJoinCode(code) }),
      ...(rest.codeEndsAt === undefined || !mayAssist ? {} : { codeEndsAt: rest.codeEndsAt }),
      isRosterOnly: rest.isRosterOnly,
      ...(rest.startsAt === undefined ? {} : { startsAt: rest.startsAt }),
      ...(rest.endsAt === undefined ? {} : { endsAt: rest.endsAt }),
      ...(rest.endedAt === undefined ? {} : { endedAt: rest.endedAt }),
      createdAt: rest.createdAt,
      hasOwnNumbers: rest.numberKey !== undefined,
      ...(rest.keepDays === undefined ? {} : { keepDays: rest.keepDays }),
      isOpen: isOpenAt(one, new Date().toISOString()),
      locks: rest.locks,
      assessed: rest.assessed,
      ...(rest.capacity === undefined ? {} : { capacity: rest.capacity }),
      mostRacks: this.sessions.mostRacks,
      ...(rest.expected === undefined ? {} : { expected: rest.expected }),
      dates: rest.dates,
      stuckRule: rest.stuckRule ?? usualRule,
      isQueuePaused: rest.isQueuePaused,
      seats: (await this.records.people.seats(id)).length,
      mayAssist,
      mayLead: may(who, 'lead', { class: id }),
    }
  }

  #labView(id: string): ClassView['labs'][number] {
    const lab: Lab | undefined = this.sessions.labs.find((one) => one.id === id)
    if (!lab) return { id, title: { en: id, zh: id }, steps: [] }
    return {
      id,
      title: lab.title,
      steps: lab.steps.map((step) => ({ id: step.id, heading: headingOf(lab, step.id), optional: step.optional })),
    }
  }

  #known(labs: readonly string[]): string[] {
    const known = new Set(this.sessions.labs.map(({ id }) => id))
    return [...new Set(labs)].filter((lab) => known.has(lab))
  }

  async #seatOf(learner: string): Promise<SeatRecord> {
    const seat = await this.records.people.seatOf(learner)
    if (!seat) throw notFound(learner)
    return seat
  }

  async #seat(id: string, seat: string): Promise<SeatRecord> {
    const found = (await this.records.people.seats(id)).find((one) => one.id === seat)
    if (!found) throw notFound(seat)
    return found
  }
}

/** Which seats of a class may be one person's, and whether a learner is in it. */
function membersOf(seats: readonly SeatRecord[]): { same: Set<string>; isMember(learner: string): boolean } {
  const learners = new Set(seats.map(({ learner }) => learner))
  return { same: duplicates(seats), isMember: (learner) => learners.has(learner) }
}

/** As much as the matrix needs, which keeps it for everybody. */
function withoutSteps(all: readonly Judged[]): Judged[] {
  return all.map(({ record, gradings }) => ({ record, gradings: gradings.map((one) => ({ ...one, steps: [] })) }))
}

/** By lab, as the matrix has it; undefined where nothing was handed in. */
function handedInBy(all: readonly Judged[], termsFor: (lab: string) => Terms | undefined): SeatView['handedIn'] {
  if (all.length === 0) return undefined
  const labs = [...new Set(all.map(({ record }) => record.lab))]
  const entries = labs.map((lab) => {
    const mine = all.filter(({ record }) => record.lab === lab)
    const result = counted(mine, { terms: termsFor(lab) })
    const isTold = result && result.state !== 'could-not-tell'
    const counts = isTold ? { counts: { points: result.points, of: result.of } } : {}
    return [lab, { count: mine.length, at: mine.at(-1)!.record.acceptedAt, ...counts }] as const
  })
  return Object.fromEntries(entries)
}

function headingOf(lab: Lab, step: string): { en: string; zh: string } {
  const of = (language: 'en' | 'zh') => lab.pages[language].sections.find(({ id }) => id === step)?.heading ?? step
  return { en: of('en'), zh: of('zh') }
}

/** While the database is away there is nothing to be done. */
function logUnlessBehind(error: unknown): void {
  if (!isBehind(error)) logOnce(error)
}
