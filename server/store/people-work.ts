import type { Role } from '../learner/who.js'
import { newId } from './id.js'
import type {
  ClassChange,
  ClassRecord,
  HandRecord,
  Identified,
  Joined,
  Known,
  Locks,
  LookRecord,
  MemberRecord,
  NoteRecord,
  People,
  PersonRecord,
  SeatRecord,
} from './people.js'
import { ask, countChanged, type Value, type Work } from './query.js'

interface ClassRow {
  id: string
  title: string
  labs: string
  code: string | null
  code_ends_at: string | null
  is_roster_only: number
  starts_at: string | null
  ends_at: string | null
  created_at: string
  ended_at: string | null
  keep_days: number | null
  number_key: string | null
  locks: string
}

interface SeatRow {
  id: string
  class: string
  learner: string
  name: string
  student: string | null
  email: string | null
  section: string | null
  is_of_roster: number
  joined_at: string | null
  created_at: string
}

interface PersonRow {
  id: string
  name: string
  login: string
  password: string | null
  may_found: number
}

const classColumns =
  'class.id, class.title, class.labs, class.code, class.code_ends_at, class.is_roster_only, class.starts_at, class.ends_at, class.created_at, class.ended_at, class.keep_days, class.number_key, class.locks'
const seatColumns = 'id, class, learner, name, student, email, section, is_of_roster, joined_at, created_at'
const personColumns = 'person.id, person.name, person.login, person.password, person.may_found'

export function* createClass(
  id: string,
  { title, labs, isRosterOnly = false }: Parameters<People['createClass']>[0],
  at: string,
): Work<ClassRecord> {
  yield* ask(
    'INSERT INTO class (id, title, labs, is_roster_only, created_at) VALUES (?, ?, ?, ?, ?)',
    id,
    title,
    JSON.stringify(labs),
    Number(isRosterOnly),
    at,
  )
  return (yield* readClass(id))!
}

const changeable: Record<keyof ClassChange, string> = {
  title: 'title',
  labs: 'labs',
  isRosterOnly: 'is_roster_only',
  code: 'code',
  codeEndsAt: 'code_ends_at',
  startsAt: 'starts_at',
  endsAt: 'ends_at',
  endedAt: 'ended_at',
  locks: 'locks',
  keepDays: 'keep_days',
  numberKey: 'number_key',
}

export function* changeClass(id: string, change: ClassChange): Work<ClassRecord | undefined> {
  for (const [name, value] of Object.entries(change) as [keyof ClassChange, ClassChange[keyof ClassChange]][]) {
    if (value === undefined) continue
    const kept =
      typeof value === 'object' && value !== null
        ? JSON.stringify(value)
        : typeof value === 'boolean'
          ? Number(value)
          : value
    yield* ask(`UPDATE class SET ${changeable[name]} = ? WHERE id = ?`, kept, id)
  }
  return yield* readClass(id)
}

export function* readClasses(): Work<ClassRecord[]> {
  const rows = yield* ask<ClassRow>(`SELECT ${classColumns} FROM class ORDER BY created_at DESC, id`)
  return rows.map(classRecord)
}

export function* readClass(id: string): Work<ClassRecord | undefined> {
  const [row] = yield* ask<ClassRow>(`SELECT ${classColumns} FROM class WHERE id = ?`, id)
  return row && classRecord(row)
}

function classRecord(row: ClassRow): ClassRecord {
  return {
    id: row.id,
    title: row.title,
    labs: JSON.parse(row.labs) as string[],
    ...(row.code === null ? {} : { code: row.code }),
    ...(row.code_ends_at === null ? {} : { codeEndsAt: row.code_ends_at }),
    isRosterOnly: row.is_roster_only === 1,
    ...(row.starts_at === null ? {} : { startsAt: row.starts_at }),
    ...(row.ends_at === null ? {} : { endsAt: row.ends_at }),
    createdAt: row.created_at,
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
    ...(row.keep_days === null ? {} : { keepDays: row.keep_days }),
    ...(row.number_key === null ? {} : { numberKey: row.number_key }),
    locks: JSON.parse(row.locks) as Locks,
  }
}

/** Whether learners may work in it at that time. */
function isOpenAt({ startsAt, endsAt, endedAt }: ClassRecord, at: string): boolean {
  return endedAt === undefined && (startsAt === undefined || startsAt <= at) && (endsAt === undefined || at < endsAt)
}

export function* readSeats(id: string): Work<SeatRecord[]> {
  const rows = yield* ask<SeatRow>(`SELECT ${seatColumns} FROM seat WHERE class = ? ORDER BY created_at, id`, id)
  return rows.map(seatRecord)
}

function seatRecord(row: SeatRow): SeatRecord {
  return {
    id: row.id,
    class: row.class,
    learner: row.learner,
    name: row.name,
    ...(row.student === null ? {} : { student: row.student }),
    ...(row.email === null ? {} : { email: row.email }),
    ...(row.section === null ? {} : { section: row.section }),
    isOfRoster: row.is_of_roster === 1,
    ...(row.joined_at === null ? {} : { joinedAt: row.joined_at }),
    createdAt: row.created_at,
  }
}

/** @param learner who gets the seat; has to be on record */
export function* addSeat(
  seat: { class: string; learner: string; name: string; student?: string; email?: string; section?: string },
  rest: { isOfRoster: boolean; phrase: string | null; joinedAt: string | null; at: string },
): Work<SeatRecord> {
  const [row] = yield* ask<SeatRow>(
    `INSERT INTO seat (id, class, learner, name, student, email, section, phrase, is_of_roster, joined_at, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING ${seatColumns}`,
    newId(),
    seat.class,
    seat.learner,
    seat.name,
    seat.student ?? null,
    seat.email ?? null,
    seat.section ?? null,
    rest.phrase,
    Number(rest.isOfRoster),
    rest.joinedAt,
    rest.at,
  )
  return seatRecord(row!)
}

/** A class by the code that learners type, at a time at which they may join: before it begins, too. */
function* classByCode(code: string, at: string): Work<ClassRecord | undefined> {
  const [row] = yield* ask<ClassRow>(`SELECT ${classColumns} FROM class WHERE code = ?`, code)
  const found = row && classRecord(row)
  if (!found || found.endedAt !== undefined) return undefined
  const isOver = [found.codeEndsAt, found.endsAt].some((end) => end !== undefined && end <= at)
  return isOver ? undefined : found
}

type JoinAsk = Parameters<People['join']>[0]

/** Where somebody would sit who joins: on a seat that waits for them, or on a new one of a class. */
export function* placeFor(
  { code, name, student, most }: JoinAsk,
  at: string,
): Work<Extract<Joined, { refused: string }> | { waiting: SeatRecord } | { class: string }> {
  const found = yield* classByCode(code, at)
  if (!found) return { refused: 'no-class' }
  const seats = yield* readSeats(found.id)
  const same = (one: string | undefined, other: string | undefined) =>
    one !== undefined && one.toLowerCase() === other?.toLowerCase()
  // By their id where they have one: a name may be there twice.
  const listed = seats.filter(
    (seat) => seat.isOfRoster && (seat.student === undefined ? same(seat.name, name) : same(seat.student, student)),
  )
  const waiting = listed.find(({ joinedAt }) => joinedAt === undefined)
  if (waiting) return { waiting }
  if (listed.length > 0) return { refused: 'taken' }
  if (found.isRosterOnly) return { refused: 'not-on-roster' }
  return seats.length >= most ? { refused: 'full' } : { class: found.id }
}

/** @param learner for a new seat; has to be on record */
export function* joinClass(asked: JoinAsk, learner: string, at: string): Work<Joined> {
  const place = yield* placeFor(asked, at)
  if ('refused' in place) return place
  const { name, student, phrase } = asked
  if ('waiting' in place) {
    const [taken] = yield* ask<SeatRow>(
      `UPDATE seat SET joined_at = ?, phrase = ? WHERE id = ? AND joined_at IS NULL RETURNING ${seatColumns}`,
      at,
      phrase,
      place.waiting.id,
    )
    return taken ? { seat: seatRecord(taken) } : { refused: 'taken' }
  }
  const own = { class: place.class, learner, name, ...(student === undefined ? {} : { student }) }
  return { seat: yield* addSeat(own, { isOfRoster: false, phrase, joinedAt: at, at }) }
}

export function* resumeSeat(phrase: string): Work<SeatRecord | undefined> {
  const [row] = yield* ask<SeatRow>(`SELECT ${seatColumns} FROM seat WHERE phrase = ?`, phrase)
  return row && seatRecord(row)
}

export function* reissueSeat(seat: string, phrase: string, at: string): Work<SeatRecord | undefined> {
  const [row] = yield* ask<SeatRow>(
    `UPDATE seat SET phrase = ?, joined_at = coalesce(joined_at, ?) WHERE id = ? RETURNING ${seatColumns}`,
    phrase,
    at,
    seat,
  )
  if (!row) return undefined
  yield* ask('DELETE FROM login WHERE learner = ?', row.learner)
  return seatRecord(row)
}

export function* readSeat(seat: string): Work<SeatRecord | undefined> {
  const [row] = yield* ask<SeatRow>(`SELECT ${seatColumns} FROM seat WHERE id = ?`, seat)
  return row && seatRecord(row)
}

export function* readSeatOf(learner: string): Work<SeatRecord | undefined> {
  const [row] = yield* ask<SeatRow>(`SELECT ${seatColumns} FROM seat WHERE learner = ?`, learner)
  return row && seatRecord(row)
}

// ---- Help ----

interface HandRow {
  seat: string
  lab: string
  step: string | null
  reason: string | null
  why: string | null
  helper: string | null
  at: string
}

export function* raiseHand(
  { seat, lab, step, reason, why }: Omit<HandRecord, 'at' | 'helper'>,
  at: string,
): Work<void> {
  // Whoever waits keeps their place.
  yield* ask(
    `INSERT INTO hand (seat, lab, step, reason, why, at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (seat) DO UPDATE SET lab = excluded.lab, step = excluded.step, reason = excluded.reason, why = excluded.why`,
    seat,
    lab,
    step ?? null,
    reason ?? null,
    why === undefined ? null : JSON.stringify(why),
    at,
  )
}

export function* readHands(id: string): Work<HandRecord[]> {
  const rows = yield* ask<HandRow>(
    'SELECT hand.seat, hand.lab, hand.step, hand.reason, hand.why, hand.helper, hand.at FROM hand JOIN seat ON seat.id = hand.seat WHERE seat.class = ? ORDER BY hand.at, hand.seat',
    id,
  )
  return rows.map(({ seat, lab, step, reason, why, helper, at }) => ({
    seat,
    lab,
    at,
    ...(step === null ? {} : { step }),
    ...(reason === null ? {} : { reason }),
    ...(why === null ? {} : { why: JSON.parse(why) as NonNullable<HandRecord['why']> }),
    ...(helper === null ? {} : { helper }),
  }))
}

export function* addNote(
  id: string,
  { seat, text, by }: { seat?: string; text: string; by: string },
  at: string,
): Work<NoteRecord> {
  const note = newId()
  yield* ask(
    'INSERT INTO note (id, class, seat, text, by_name, at) VALUES (?, ?, ?, ?, ?, ?)',
    note,
    id,
    seat ?? null,
    text,
    by,
    at,
  )
  return { id: note, ...(seat === undefined ? {} : { seat }), text, by, at }
}

export function* readNotes(id: string, most: number): Work<NoteRecord[]> {
  const rows = yield* ask<{ id: string; seat: string | null; text: string; by_name: string; at: string }>(
    'SELECT id, seat, text, by_name, at FROM note WHERE class = ? ORDER BY at DESC, id LIMIT ?',
    id,
    most,
  )
  return rows.map(({ seat, by_name: by, ...rest }) => ({ ...rest, by, ...(seat === null ? {} : { seat }) }))
}

interface LookRow {
  id: string
  seat: string
  person: string
  by_name: string
  may_write: number
  asked_at: string
  given_at: string | null
  ends_at: string | null
  ended_at: string | null
}
const lookColumns = 'id, seat, person, by_name, may_write, asked_at, given_at, ends_at, ended_at'

function lookRecord(row: LookRow): LookRecord {
  return {
    id: row.id,
    seat: row.seat,
    person: row.person,
    by: row.by_name,
    mayWrite: row.may_write === 1,
    askedAt: row.asked_at,
    ...(row.given_at === null ? {} : { givenAt: row.given_at }),
    ...(row.ends_at === null ? {} : { endsAt: row.ends_at }),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
  }
}

export function* askLook(
  { seat, person, by, mayWrite }: Parameters<People['askLook']>[0],
  at: string,
): Work<LookRecord> {
  // One question of one person at a time.
  yield* ask('UPDATE look SET ended_at = ? WHERE seat = ? AND person = ? AND ended_at IS NULL', at, seat, person)
  const [row] = yield* ask<LookRow>(
    `INSERT INTO look (id, seat, person, by_name, may_write, asked_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING ${lookColumns}`,
    newId(),
    seat,
    person,
    by,
    Number(mayWrite),
    at,
  )
  return lookRecord(row!)
}

export function* giveLook(look: string, seat: string, endsAt: string, at: string): Work<LookRecord | undefined> {
  const [row] = yield* ask<LookRow>(
    `UPDATE look SET given_at = ?, ends_at = ? WHERE id = ? AND seat = ? AND ended_at IS NULL AND given_at IS NULL RETURNING ${lookColumns}`,
    at,
    endsAt,
    look,
    seat,
  )
  return row && lookRecord(row)
}

export function* endLook(look: string, at: string): Work<LookRecord | undefined> {
  const [row] = yield* ask<LookRow>(
    `UPDATE look SET ended_at = coalesce(ended_at, ?) WHERE id = ? RETURNING ${lookColumns}`,
    at,
    look,
  )
  return row && lookRecord(row)
}

export function* readLook(look: string): Work<LookRecord | undefined> {
  const [row] = yield* ask<LookRow>(`SELECT ${lookColumns} FROM look WHERE id = ?`, look)
  return row && lookRecord(row)
}

export function* readLooksOf(id: string, person: string, at: string): Work<LookRecord[]> {
  const columns = lookColumns
    .split(', ')
    .map((name) => `look.${name}`)
    .join(', ')
  const rows = yield* ask<LookRow>(
    `SELECT ${columns} FROM look JOIN seat ON seat.id = look.seat
     WHERE seat.class = ? AND look.person = ? AND look.ended_at IS NULL AND (look.ends_at IS NULL OR look.ends_at > ?)
     ORDER BY look.asked_at DESC, look.id`,
    id,
    person,
    at,
  )
  return rows.map(lookRecord)
}

export function* readLooks(seat: string, most: number): Work<LookRecord[]> {
  const rows = yield* ask<LookRow>(
    `SELECT ${lookColumns} FROM look WHERE seat = ? ORDER BY asked_at DESC, id LIMIT ?`,
    seat,
    most,
  )
  return rows.map(lookRecord)
}

// ---- Staff ----

function personRecord({ id, name, login, password, may_found }: PersonRow): PersonRecord {
  return { id, name, login, mayFound: may_found === 1, hasPassword: password !== null }
}

/** @param id of a learner on record */
export function* addPerson(
  id: string,
  { name, login, mayFound }: Parameters<People['addPerson']>[0],
  at: string,
): Work<PersonRecord> {
  yield* ask(
    'INSERT INTO person (id, name, login, may_found, created_at) VALUES (?, ?, ?, ?, ?)',
    id,
    name,
    login.toLowerCase(),
    Number(mayFound),
    at,
  )
  return { id, name, login: login.toLowerCase(), mayFound, hasPassword: false }
}

export function* readPersons(): Work<PersonRecord[]> {
  return (yield* ask<PersonRow>(`SELECT ${personColumns} FROM person ORDER BY login`)).map(personRecord)
}

export function* readPerson(login: string): Work<(PersonRecord & { password?: string }) | undefined> {
  const [row] = yield* ask<PersonRow>(`SELECT ${personColumns} FROM person WHERE login = ?`, login.toLowerCase())
  return row && { ...personRecord(row), ...(row.password === null ? {} : { password: row.password }) }
}

export function* setMember(id: string, person: string, role: MemberRecord['role'] | undefined): Work<void> {
  yield* ask('DELETE FROM member WHERE class = ? AND person = ?', id, person)
  if (role !== undefined) yield* ask('INSERT INTO member (class, person, role) VALUES (?, ?, ?)', id, person, role)
}

export function* readMembers(id: string): Work<MemberRecord[]> {
  return yield* ask<MemberRecord>(
    'SELECT member.class, member.person, person.name, member.role FROM member JOIN person ON person.id = member.person WHERE member.class = ? ORDER BY person.name, person.id',
    id,
  )
}

export function* invitePerson(person: string, hash: string, endsAt: string): Work<void> {
  yield* ask('DELETE FROM invitation WHERE person = ?', person)
  yield* ask('INSERT INTO invitation (hash, person, ends_at) VALUES (?, ?, ?)', hash, person, endsAt)
}

export function* readInvited(hash: string, at: string): Work<PersonRecord | undefined> {
  const [row] = yield* ask<PersonRow>(
    `SELECT ${personColumns} FROM invitation JOIN person ON person.id = invitation.person WHERE invitation.hash = ? AND invitation.ends_at > ?`,
    hash,
    at,
  )
  return row && personRecord(row)
}

export function* acceptInvitation(
  hash: string,
  password: string | undefined,
  at: string,
): Work<PersonRecord | undefined> {
  const person = yield* readInvited(hash, at)
  if (!person) return undefined
  yield* ask('DELETE FROM invitation WHERE person = ?', person.id)
  if (password !== undefined) yield* ask('UPDATE person SET password = ? WHERE id = ?', password, person.id)
  yield* ask('DELETE FROM login WHERE learner = ?', person.id)
  return { ...person, hasPassword: person.hasPassword || password !== undefined }
}

export function* linkIdentity(issuer: string, subject: string, learner: string): Work<void> {
  yield* ask(
    'INSERT INTO identity_of (issuer, subject, learner) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    issuer,
    subject,
    learner,
  )
}

export function* readIdentified(issuer: string, subject: string, at: string): Work<Identified[]> {
  const rows = yield* ask<{ learner: string }>(
    'SELECT learner FROM identity_of WHERE issuer = ? AND subject = ? ORDER BY learner',
    issuer,
    subject,
  )
  const found: Identified[] = []
  for (const { learner } of rows) {
    const [person] = yield* ask<{ id: string }>('SELECT id FROM person WHERE id = ?', learner)
    const [row] = yield* ask<ClassRow>(
      `SELECT ${classColumns} FROM seat JOIN class ON class.id = seat.class WHERE seat.learner = ?`,
      learner,
    )
    if (person) found.push({ learner, isStaff: true, title: '', isOpen: true })
    else if (row) {
      const { title, endedAt, endsAt } = classRecord(row)
      found.push({
        learner,
        isStaff: false,
        title,
        isOpen: endedAt === undefined && (endsAt === undefined || at < endsAt),
      })
    }
  }
  return found
}

// ---- Logins ----

export function* addLogin(
  { hash, learner, idleMs, endsAt }: Parameters<People['addLogin']>[0],
  at: string,
): Work<void> {
  yield* ask('DELETE FROM login WHERE ends_at <= ?', at)
  yield* ask(
    'INSERT INTO login (hash, learner, idle_s, made_at, used_at, ends_at) VALUES (?, ?, ?, ?, ?, ?)',
    hash,
    learner,
    Math.round(idleMs / 1000),
    at,
    at,
    endsAt,
  )
}

interface LoginRow {
  hash: string
  learner: string
  idle_s: number
  used_at: string
  ends_at: string
}

function lasts({ idle_s, used_at, ends_at }: LoginRow, at: string): boolean {
  return ends_at > at && Date.parse(used_at) + idle_s * 1000 > Date.parse(at)
}

const selectLogins = 'SELECT hash, learner, idle_s, used_at, ends_at FROM login'

export function* takeHand(seat: string, helper: string | undefined): Work<void> {
  yield* ask('UPDATE hand SET helper = ? WHERE seat = ?', helper ?? null, seat)
}

export function* readStanding(hashes: readonly string[], at: string): Work<Map<string, Known>> {
  const standing = new Map<string, Known>()
  for (const hash of hashes) {
    const [row] = yield* ask<LoginRow>(`${selectLogins} WHERE hash = ?`, hash)
    const known = row && lasts(row, at) ? yield* readRoles(row.learner, at) : undefined
    if (known) standing.set(hash, known)
  }
  return standing
}

export function* readKnown(hash: string, at: string): Work<Known | undefined> {
  const [row] = yield* ask<LoginRow>(`${selectLogins} WHERE hash = ?`, hash)
  if (!row || !lasts(row, at)) return undefined
  yield* ask('UPDATE login SET used_at = ? WHERE hash = ?', at, hash)
  return yield* readRoles(row.learner, at)
}

/** Undefined for somebody who is neither staff nor in a class. */
function* readRoles(learner: string, at: string): Work<Known | undefined> {
  const roles: Role[] = []
  let name: string | undefined
  const [person] = yield* ask<PersonRow>(`SELECT ${personColumns} FROM person WHERE id = ?`, learner)
  if (person) {
    name = person.name
    if (person.may_found === 1) roles.push({ role: 'teacher' })
    const members = yield* ask<{ class: string; role: MemberRecord['role'] }>(
      'SELECT class, role FROM member WHERE person = ?',
      learner,
    )
    roles.push(...members)
  }
  const [row] = yield* ask<ClassRow & { seat_name: string }>(
    `SELECT ${classColumns}, seat.name AS seat_name FROM seat JOIN class ON class.id = seat.class WHERE seat.learner = ?`,
    learner,
  )
  if (row) {
    const found = classRecord(row)
    name ??= row.seat_name
    roles.push({ role: 'learner', class: found.id, labs: found.labs, isOpen: isOpenAt(found, at), locks: found.locks })
  }
  return name === undefined ? undefined : { learner, name, roles }
}

export function* deleteWhere(table: 'login' | 'learner' | 'hand', column: string, value: Value): Work<number> {
  return yield* countChanged(`DELETE FROM ${table} WHERE ${column} = ?`, value)
}
