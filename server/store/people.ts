import type { Role } from '../learner/who.js'
import type { Text } from '../wording/text.js'

/** A class as it is on record. Times are ISO 8601. */
export interface ClassRecord {
  id: string
  title: string
  /** Ids of labs, in the order of the class. */
  labs: string[]
  /** By which learners join; without one nobody can. */
  code?: string
  codeEndsAt?: string
  /** Only who is on the roster may join. */
  isRosterOnly: boolean
  startsAt?: string
  endsAt?: string
  createdAt: string
  /** It was ended by hand. */
  endedAt?: string
  /** So many days after its end all that is kept of its learners is deleted; for ever where it is missing. */
  keepDays?: number
  /** What everybody's own numbers are drawn from; all have those of practice where it is missing. */
  numberKey?: string
  locks: Locks
  assessed: Assessed
  /** Racks of its learners at the same time; as many as the machine has where it is missing. */
  capacity?: number
  /** Learners for whom hosts are made ready before it begins; as many as there are seats where it is missing. */
  expected?: number
  dates: Dates
  /** When somebody is taken for stuck; by the usual rule where it is missing. */
  stuckRule?: StuckRule
  /** Nobody can raise a hand now. */
  isQueuePaused: boolean
}

/** By lab of a class: when it opens, until when it is worked at, and the lab that has to be finished before. */
export type Dates = Record<string, { opensAt?: string; dueAt?: string; after?: string }>

/** Until when somebody may work though the class, or a lab of it, is over for others. */
export interface Extensions {
  end?: string
  labs?: Record<string, string>
}

/** When somebody counts as stuck. */
export interface StuckRule {
  /** So many times as long as the class's median for the step. */
  times: number
  /** And at least so many minutes. */
  leastMinutes: number
  /** The same check has failed for the same reason so often, each time when the learner asked. */
  sameReason: number
  /** Nobody is told of. */
  isMuted: boolean
}

/** What learners of a class are not given, by lab: steps that are not open yet, and solutions, also those that are done for them. */
export type Locks = Record<string, { steps?: string[]; solutions?: true }>

/** Labs of a class whose work is handed in and counts, each with how; all others are practice. */
export type Assessed = Record<string, Assessment>

export interface Assessment {
  /** So many may be handed in; any number where it is missing. */
  attempts?: number
  /** What a learner is told of it: that it was handed in, its points, or what was found of each step as well. */
  shows: 'nothing' | 'points' | 'steps'
  /** Which of several counts; the best one where it is missing. */
  counts?: 'best' | 'last'
  /** Of one that was judged again, which grading holds: the one with more points where it is missing. */
  regraded?: 'newer'
  /** For so many minutes after it is due nobody is late; none where it is missing. */
  grace?: number
  /** What may be handed in once the lab is due, and what that costs; nothing where it is missing. */
  late?: Late
}

/** For so many hours after it is due a lab stays open; each hour or day that has begun takes off so many percent of the points. */
export interface Late {
  hours: number
  percent: number
  per: 'hour' | 'day'
}

/** What a learner has handed in of a lab. */
export interface SubmissionRecord {
  id: string
  learner: string
  lab: string
  session: string
  /** From 1, of the learner and the lab. */
  number: number
  /** By the server's clock: what deadlines are counted by. */
  acceptedAt: string
  /** Where its evidence is kept, below the folder of all: the folder of the learner who handed it in, and its bundle. */
  evidence: string
  /** A result as JSON; missing while it is being judged, and where whoever judged was ended on the way. */
  result?: string
  /** Results by checks of later, as JSON, oldest first. */
  regradings: string[]
}

export interface SeatRecord {
  id: string
  class: string
  learner: string
  name: string
  student?: string
  email?: string
  section?: string
  isOfRoster: boolean
  /** Nobody has taken it without. */
  joinedAt?: string
  extensions?: Extensions
  createdAt: string
}

export interface PersonRecord {
  /** Of the learner that this person is, too. */
  id: string
  name: string
  login: string
  mayFound: boolean
  hasPassword: boolean
}

export interface MemberRecord {
  class: string
  person: string
  name: string
  role: 'teacher' | 'assistant' | 'viewer'
}

/** Somebody who was let in: what they may do, and how they are called. */
export interface Known {
  learner: string
  name: string
  roles: Role[]
}

/** Somebody wants help. */
export interface HandRecord {
  seat: string
  lab: string
  step?: string
  /** Of the check that does not pass. */
  reason?: string
  why?: Text
  /** Who of the staff helps. */
  helper?: string
  /** Whoever helps may look into their terminals, or type there as well. */
  offer?: 'view' | 'write'
  at: string
}

/** What staff told a class, or one learner of it. */
export interface NoteRecord {
  id: string
  seat?: string
  text: string
  by: string
  at: string
}

/** That one of the staff asked to look into a learner's terminals. It is given by the learner, for a time, and ended by either. */
export interface LookRecord {
  id: string
  seat: string
  person: string
  by: string
  mayWrite: boolean
  askedAt: string
  givenAt?: string
  endsAt?: string
  endedAt?: string
}

/** A prepared hint that one of the staff gave to a learner. */
export interface GivenHint {
  seat: string
  lab: string
  step: string
  /** Index of the check. */
  check: number
  /** Which one of its hints, from 1. */
  hint: number
  by: string
  at: string
}

export type ClassChange = Partial<
  Pick<ClassRecord, 'title' | 'labs' | 'isRosterOnly' | 'locks' | 'assessed' | 'dates' | 'isQueuePaused'> & {
    [K in 'code' | 'codeEndsAt' | 'startsAt' | 'endsAt' | 'endedAt' | 'numberKey']: string | null
  } & { [K in 'keepDays' | 'capacity' | 'expected']: number | null } & { stuckRule: StuckRule | null }
>

/** As whom somebody of a login service is known here. */
export interface Identified {
  learner: string
  isStaff: boolean
  /** Of their class, where it is a seat. */
  title: string
  /** Staff always; a seat while its class has not ended. */
  isOpen: boolean
}

/** What became of somebody who wanted to join. */
export type Joined =
  | { seat: SeatRecord }
  /** No class has that code, or its time is over; nobody on the roster is called that; the seat is somebody's already. */
  | { refused: 'no-class' | 'not-on-roster' | 'taken' | 'full' }

/**
 * Who may come in, and what classes there are. Calls are carried out at once, in one transaction each, or reject with VethlabError:
 * records.behind while a database elsewhere can't be reached, records.refused for what is there already.
 */
export interface People {
  createClass(what: { title: string; labs: readonly string[]; isRosterOnly?: boolean }): Promise<ClassRecord>
  /** @returns undefined where there is none of that id */
  changeClass(id: string, change: ClassChange): Promise<ClassRecord | undefined>
  classes(): Promise<ClassRecord[]>
  classOf(id: string): Promise<ClassRecord | undefined>

  /** Seats that wait for those on a roster. Who is there already gets no second one, and what the list says besides: see `planRoster`. */
  addRoster(
    id: string,
    entries: readonly { name: string; student?: string; email?: string; section?: string }[],
  ): Promise<{ added: number; known: number; changed: number }>
  seats(id: string): Promise<SeatRecord[]>
  /** @param phrase hash of the phrase that the learner is given */
  join(ask: { code: string; name: string; student?: string; phrase: string; most: number }): Promise<Joined>
  /** The seat of a phrase, by its hash. */
  resume(phrase: string): Promise<SeatRecord | undefined>
  /** Another phrase in the place of the old one, which brings nobody in any more. All browsers of the seat are logged out. */
  reissue(seat: string, phrase: string): Promise<SeatRecord | undefined>
  /** More time for one learner; it takes the place of what they were given before. */
  setExtensions(seat: string, extensions: Extensions): Promise<SeatRecord | undefined>
  /**
   * Makes two seats of one person one: what was done in the second one, and all that is on record of it, is the first one's. What was handed
   * in from either is numbered anew, in the order of time; evidence stays where it is. Who came in as the second one does so no more. @returns undefined unless both are there, in one class
   */
  mergeSeats(kept: string, merged: string): Promise<SeatRecord | undefined>
  /** Takes the seat away, with the learner and all that is kept of them. */
  removeSeat(seat: string): Promise<boolean>

  seatOf(learner: string): Promise<SeatRecord | undefined>
  classOfSeat(seat: string): Promise<string | undefined>

  raiseHand(hand: Omit<HandRecord, 'at' | 'helper' | 'offer'>): Promise<void>
  /** Lets whoever helps look into their terminals; undefined: not any more. */
  offerLook(seat: string, offer: HandRecord['offer']): Promise<void>
  lowerHand(seat: string): Promise<void>
  /** Says who helps; undefined: nobody any more. */
  takeHand(seat: string, helper: string | undefined): Promise<void>
  /** Of a class, longest waiting first. */
  hands(id: string): Promise<HandRecord[]>
  /** @param seat one learner alone; the whole class where it is undefined */
  addNote(id: string, note: { seat?: string; text: string; by: string }): Promise<NoteRecord>
  /** Newest first. */
  notes(id: string, most: number): Promise<NoteRecord[]>
  /** Notes hints that were given; one that was given before is not noted again. */
  addGivenHints(hints: readonly Omit<GivenHint, 'at'>[]): Promise<void>
  /** Of a class, oldest first. */
  givenHints(id: string): Promise<GivenHint[]>
  askLook(look: { seat: string; person: string; by: string; mayWrite: boolean }): Promise<LookRecord>
  /** @returns undefined where it was not asked for by that learner, or has ended */
  giveLook(look: string, seat: string, endsAt: string): Promise<LookRecord | undefined>
  endLook(look: string): Promise<LookRecord | undefined>
  lookOf(look: string): Promise<LookRecord | undefined>
  /** Those of one person into a class that have not ended, by hand or by time. */
  looksOf(id: string, person: string): Promise<LookRecord[]>
  /** Of a learner, newest first. */
  looks(seat: string, most: number): Promise<LookRecord[]>

  /** Accepts what a learner hands in: it gets the next number of that lab. */
  addSubmission(submission: { learner: string; lab: string; session: string }): Promise<SubmissionRecord>
  /** What it is worth, as JSON. One that is gone by then is passed over. */
  judgeSubmission(id: string, result: string): Promise<void>
  /** The same, judged again: what it was worth before stays. One that is gone by then is passed over. */
  addRegrading(id: string, result: string): Promise<void>
  /** Of a learner, or of a lab of theirs, in the order in which they were handed in. */
  submissions(learner: string, lab?: string): Promise<SubmissionRecord[]>
  /** Whether anything that was handed in has its evidence in the folder of that learner, who may be gone: see `mergeSeats`. */
  holdsEvidence(learner: string): Promise<boolean>

  addPerson(person: { name: string; login: string; mayFound: boolean }): Promise<PersonRecord>
  persons(): Promise<PersonRecord[]>
  /** One of the staff by their login, with what is kept of their password. */
  personOf(login: string): Promise<(PersonRecord & { password?: string }) | undefined>
  removePerson(login: string): Promise<boolean>
  setMember(id: string, person: string, role: MemberRecord['role'] | undefined): Promise<void>
  members(id: string): Promise<MemberRecord[]>
  invite(person: string, hash: string, endsAt: string): Promise<void>
  /** Whom an invitation is for, while it lasts. */
  invited(hash: string): Promise<PersonRecord | undefined>
  /** Uses it up: sets the password, if one is given, and ends all logins. @returns undefined where it does not last any more */
  acceptInvitation(hash: string, password: string | undefined): Promise<PersonRecord | undefined>

  /** Somebody whom a login service knows is this learner, too. */
  link(issuer: string, subject: string, learner: string): Promise<void>
  /** As whom somebody is known here: one of the staff, or seats. */
  identified(issuer: string, subject: string): Promise<Identified[]>

  addLogin(login: { hash: string; learner: string; idleMs: number; endsAt: string }): Promise<void>
  /** Who that is, and notes that they came; undefined once it has ended, by age, by idleness or by hand. */
  known(hash: string): Promise<Known | undefined>
  /** The same of several that are open in browsers now, by their hash, without a note. */
  standing(hashes: readonly string[]): Promise<Map<string, Known>>
  endLogin(hash: string): Promise<void>
  endLoginsOf(learner: string): Promise<void>
}
