import { changeClass, createClass, readClass, readClasses } from './class-work.js'
import {
  addGivenHints,
  addNote,
  askLook,
  endLook,
  giveLook,
  offerLook,
  raiseHand,
  readGivenHints,
  readHands,
  readLook,
  readLooks,
  readLooksOf,
  readNotes,
  takeHand,
} from './help-work.js'
import { newId } from './id.js'
import { addLogin, deleteWhere, readKnown, readStanding } from './login-work.js'
import type {
  ClassChange,
  ClassRecord,
  Extensions,
  GivenHint,
  HandRecord,
  Identified,
  Joined,
  Known,
  LookRecord,
  MemberRecord,
  NoteRecord,
  People,
  PersonRecord,
  SeatRecord,
  SubmissionRecord,
} from './people.js'
import type { Work } from './query.js'
import { planRoster } from './roster-plan.js'
import {
  addSeat,
  describeSeat,
  joinClass,
  mergeSeats,
  placeFor,
  readSeat,
  readSeatOf,
  readSeats,
  reissueSeat,
  resumeSeat,
  setExtensions,
} from './seat-work.js'
import {
  acceptInvitation,
  addPerson,
  invitePerson,
  linkIdentity,
  readIdentified,
  readInvited,
  readMembers,
  readPerson,
  readPersons,
  setMember,
} from './staff-work.js'
import { addRegrading, addSubmission, judgeSubmission, readHoldsEvidence, readSubmissions } from './submission-work.js'
import { keptName, keptText } from './text.js'

/** Of the result of a submission, in characters: a lab has some tens of checks, each with some sentences. */
const longestResult = 4 * 1024 ** 2

/** What people are kept in. */
export interface PeopleHouse {
  /** In one transaction, at once; `work` may be begun more than once. */
  transact<T>(work: () => Work<T>): Promise<T>
  /** Puts a learner on record, unless they are. */
  addLearner(id: string): Promise<void>
}

/** People in either kind of database. */
export class KeptPeople implements People {
  constructor(private readonly house: PeopleHouse) {}

  createClass({ title, labs, ...rest }: Parameters<People['createClass']>[0]): Promise<ClassRecord> {
    const [id, at] = [newId(), now()]
    const what = { title: keptName(title, 'title'), labs: labs.map((lab) => keptName(lab, 'lab')), ...rest }
    return this.house.transact(() => createClass(id, what, at))
  }

  changeClass(id: string, change: ClassChange): Promise<ClassRecord | undefined> {
    return this.house.transact(() => changeClass(keptName(id, 'class'), change))
  }

  classes(): Promise<ClassRecord[]> {
    return this.house.transact(() => readClasses())
  }

  classOf(id: string): Promise<ClassRecord | undefined> {
    return this.house.transact(() => readClass(keptName(id, 'class')))
  }

  async addRoster(
    id: string,
    entries: Parameters<People['addRoster']>[1],
  ): Promise<{ added: number; known: number; changed: number }> {
    const kept = entries.map(({ name, ...rest }) => ({
      ...Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, keptName(value, key)])),
      name: keptName(name, 'name'),
    }))
    const { fresh, changed, known } = planRoster(await this.seats(id), kept)
    const seats = fresh.map((entry) => ({ ...entry, class: id, learner: newId() }))
    for (const { learner } of seats) await this.house.addLearner(learner)
    const at = now()
    await this.house.transact(function* () {
      for (const seat of seats) yield* addSeat(seat, { isOfRoster: true, phrase: null, joinedAt: null, at })
      for (const seat of changed) yield* describeSeat(seat)
    })
    return { added: fresh.length, known, changed: changed.length }
  }

  seats(id: string): Promise<SeatRecord[]> {
    return this.house.transact(() => readSeats(keptName(id, 'class')))
  }

  async join({ code, name, student, phrase, most }: Parameters<People['join']>[0]): Promise<Joined> {
    const at = now()
    const asked = {
      code: keptName(code, 'code'),
      name: keptName(name, 'name'),
      ...(student === undefined ? {} : { student: keptName(student, 'id') }),
      phrase,
      most,
    }
    const learner = newId()
    const place = await this.house.transact(() => placeFor(asked, at))
    if ('refused' in place) return place
    // One whose seat waits may have been put on record by another server.
    await this.house.addLearner('waiting' in place ? place.waiting.learner : learner)
    return this.house.transact(() => joinClass(asked, learner, at))
  }

  async resume(phrase: string): Promise<SeatRecord | undefined> {
    const seat = await this.house.transact(() => resumeSeat(phrase))
    if (seat) await this.house.addLearner(seat.learner)
    return seat
  }

  reissue(seat: string, phrase: string): Promise<SeatRecord | undefined> {
    const at = now()
    return this.house.transact(() => reissueSeat(keptName(seat, 'seat'), phrase, at))
  }

  setExtensions(seat: string, extensions: Extensions): Promise<SeatRecord | undefined> {
    return this.house.transact(() => setExtensions(keptName(seat, 'seat'), extensions))
  }

  mergeSeats(kept: string, merged: string): Promise<SeatRecord | undefined> {
    const at = now()
    return this.house.transact(() => mergeSeats(keptName(kept, 'seat'), keptName(merged, 'seat'), at))
  }

  removeSeat(seat: string): Promise<boolean> {
    return this.house.transact(function* () {
      const found = yield* readSeat(keptName(seat, 'seat'))
      return found !== undefined && (yield* deleteWhere('learner', 'id', found.learner)) > 0
    })
  }

  seatOf(learner: string): Promise<SeatRecord | undefined> {
    return this.house.transact(() => readSeatOf(keptName(learner, 'learner')))
  }

  classOfSeat(seat: string): Promise<string | undefined> {
    return this.house.transact(function* () {
      return (yield* readSeat(keptName(seat, 'seat')))?.class
    })
  }

  raiseHand(hand: Parameters<People['raiseHand']>[0]): Promise<void> {
    const at = now()
    return this.house.transact(() => raiseHand(hand, at))
  }

  offerLook(seat: string, offer: HandRecord['offer']): Promise<void> {
    return this.house.transact(() => offerLook(keptName(seat, 'seat'), offer))
  }

  addGivenHints(hints: readonly Omit<GivenHint, 'at'>[]): Promise<void> {
    const at = now()
    const kept = hints.map((hint) => ({ ...hint, by: keptName(hint.by, 'name') }))
    return this.house.transact(() => addGivenHints(kept, at))
  }

  givenHints(id: string): Promise<GivenHint[]> {
    return this.house.transact(() => readGivenHints(keptName(id, 'class')))
  }

  async lowerHand(seat: string): Promise<void> {
    await this.house.transact(() => deleteWhere('hand', 'seat', seat))
  }

  takeHand(seat: string, helper: string | undefined): Promise<void> {
    return this.house.transact(() => takeHand(seat, helper))
  }

  hands(id: string): Promise<HandRecord[]> {
    return this.house.transact(() => readHands(keptName(id, 'class')))
  }

  addNote(id: string, { text, by, ...rest }: Parameters<People['addNote']>[1]): Promise<NoteRecord> {
    const at = now()
    const note = { ...rest, text: keptText(text, 'note', 4_000), by: keptName(by, 'name') }
    return this.house.transact(() => addNote(keptName(id, 'class'), note, at))
  }

  notes(id: string, most: number): Promise<NoteRecord[]> {
    return this.house.transact(() => readNotes(keptName(id, 'class'), most))
  }

  askLook(look: Parameters<People['askLook']>[0]): Promise<LookRecord> {
    const at = now()
    return this.house.transact(() => askLook({ ...look, by: keptName(look.by, 'name') }, at))
  }

  giveLook(look: string, seat: string, endsAt: string): Promise<LookRecord | undefined> {
    const at = now()
    return this.house.transact(() => giveLook(keptName(look, 'look'), seat, endsAt, at))
  }

  endLook(look: string): Promise<LookRecord | undefined> {
    const at = now()
    return this.house.transact(() => endLook(keptName(look, 'look'), at))
  }

  lookOf(look: string): Promise<LookRecord | undefined> {
    return this.house.transact(() => readLook(keptName(look, 'look')))
  }

  looksOf(id: string, person: string): Promise<LookRecord[]> {
    const at = now()
    return this.house.transact(() => readLooksOf(keptName(id, 'class'), keptName(person, 'person'), at))
  }

  looks(seat: string, most: number): Promise<LookRecord[]> {
    return this.house.transact(() => readLooks(keptName(seat, 'seat'), most))
  }

  async addSubmission({ learner, lab, session }: Parameters<People['addSubmission']>[0]): Promise<SubmissionRecord> {
    const at = now()
    const submission = {
      learner: keptName(learner, 'learner'),
      lab: keptName(lab, 'lab'),
      session: keptName(session, 'session'),
    }
    // One who has begun on another server.
    await this.house.addLearner(learner)
    return this.house.transact(() => addSubmission(submission, at))
  }

  judgeSubmission(id: string, result: string): Promise<void> {
    const kept = keptText(result, 'result', longestResult)
    return this.house.transact(() => judgeSubmission(keptName(id, 'submission'), kept))
  }

  addRegrading(id: string, result: string): Promise<void> {
    const [at, kept] = [now(), keptText(result, 'result', longestResult)]
    return this.house.transact(() => addRegrading(keptName(id, 'submission'), kept, at))
  }

  submissions(learner: string, lab?: string): Promise<SubmissionRecord[]> {
    const of = lab === undefined ? undefined : keptName(lab, 'lab')
    return this.house.transact(() => readSubmissions(keptName(learner, 'learner'), of))
  }

  holdsEvidence(learner: string): Promise<boolean> {
    return this.house.transact(() => readHoldsEvidence(keptName(learner, 'learner')))
  }

  async addPerson(person: Parameters<People['addPerson']>[0]): Promise<PersonRecord> {
    const [id, at] = [newId(), now()]
    const kept = { ...person, name: keptName(person.name, 'name'), login: keptName(person.login, 'login') }
    await this.house.addLearner(id)
    return this.house.transact(() => addPerson(id, kept, at))
  }

  persons(): Promise<PersonRecord[]> {
    return this.house.transact(() => readPersons())
  }

  async personOf(login: string): Promise<(PersonRecord & { password?: string }) | undefined> {
    return this.house.transact(() => readPerson(keptText(login, 'login')))
  }

  removePerson(login: string): Promise<boolean> {
    return this.house.transact(function* () {
      const found = yield* readPerson(login)
      return found !== undefined && (yield* deleteWhere('learner', 'id', found.id)) > 0
    })
  }

  setMember(id: string, person: string, role: MemberRecord['role'] | undefined): Promise<void> {
    return this.house.transact(() => setMember(id, person, role))
  }

  members(id: string): Promise<MemberRecord[]> {
    return this.house.transact(() => readMembers(keptName(id, 'class')))
  }

  invite(person: string, hash: string, endsAt: string): Promise<void> {
    return this.house.transact(() => invitePerson(person, hash, endsAt))
  }

  invited(hash: string): Promise<PersonRecord | undefined> {
    const at = now()
    return this.house.transact(() => readInvited(hash, at))
  }

  acceptInvitation(hash: string, password: string | undefined): Promise<PersonRecord | undefined> {
    const at = now()
    return this.house.transact(() => acceptInvitation(hash, password, at))
  }

  link(issuer: string, subject: string, learner: string): Promise<void> {
    const names = [keptText(issuer, 'issuer', 2_048), keptName(subject, 'subject')] as const
    return this.house.transact(() => linkIdentity(...names, learner))
  }

  identified(issuer: string, subject: string): Promise<Identified[]> {
    const at = now()
    return this.house.transact(() => readIdentified(issuer, subject, at))
  }

  async addLogin(login: Parameters<People['addLogin']>[0]): Promise<void> {
    const at = now()
    await this.house.addLearner(login.learner)
    await this.house.transact(() => addLogin(login, at))
  }

  known(hash: string): Promise<Known | undefined> {
    const at = now()
    return this.house.transact(() => readKnown(hash, at))
  }

  standing(hashes: readonly string[]): Promise<Map<string, Known>> {
    const at = now()
    return this.house.transact(() => readStanding(hashes, at))
  }

  async endLogin(hash: string): Promise<void> {
    await this.house.transact(() => deleteWhere('login', 'hash', hash))
  }

  async endLoginsOf(learner: string): Promise<void> {
    await this.house.transact(() => deleteWhere('login', 'learner', learner))
  }
}

function now(): string {
  return new Date().toISOString()
}
