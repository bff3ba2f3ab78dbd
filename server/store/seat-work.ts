import { type ClassRow, classColumns, classRecord } from './class-work.js'
import { newId } from './id.js'
import type { ClassRecord, Extensions, Joined, People, SeatRecord } from './people.js'
import { ask, type Work } from './query.js'
import { moveSubmissions } from './submission-work.js'

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
  extensions: string
}

const seatColumns = 'id, class, learner, name, student, email, section, is_of_roster, joined_at, created_at, extensions'

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
    ...(row.extensions === '{}' ? {} : { extensions: JSON.parse(row.extensions) as Extensions }),
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

/** Sets what a list says of somebody. */
export function* describeSeat({ id, name, student, email, section }: SeatRecord): Work<void> {
  const values = [name, student ?? null, email ?? null, section ?? null]
  yield* ask('UPDATE seat SET name = ?, student = ?, email = ?, section = ? WHERE id = ?', ...values, id)
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

export function* setExtensions(seat: string, extensions: Extensions): Work<SeatRecord | undefined> {
  const [row] = yield* ask<SeatRow>(
    `UPDATE seat SET extensions = ? WHERE id = ? RETURNING ${seatColumns}`,
    JSON.stringify(extensions),
    seat,
  )
  return row && seatRecord(row)
}

export function* mergeSeats(kept: string, merged: string, at: string): Work<SeatRecord | undefined> {
  const [one, other] = [yield* readSeat(kept), yield* readSeat(merged)]
  if (!one || !other || one.id === other.id || one.class !== other.class) return undefined
  yield* ask('UPDATE session SET learner = ? WHERE learner = ?', one.learner, other.learner)
  yield* moveSubmissions(other.learner, one.learner)
  // A look was given into the terminals of that seat, and goes no further.
  yield* ask('UPDATE look SET seat = ?, ended_at = coalesce(ended_at, ?) WHERE seat = ?', kept, at, merged)
  yield* ask('UPDATE note SET seat = ? WHERE seat = ?', kept, merged)
  yield* ask(
    `INSERT INTO given_hint (seat, lab, step, check_index, hint, by_name, at)
     SELECT ?, lab, step, check_index, hint, by_name, at FROM given_hint WHERE seat = ? ON CONFLICT DO NOTHING`,
    kept,
    merged,
  )
  yield* ask(
    `INSERT INTO identity_of (issuer, subject, learner)
     SELECT issuer, subject, ? FROM identity_of WHERE learner = ? ON CONFLICT DO NOTHING`,
    one.learner,
    other.learner,
  )
  // Seat, hand, logins and words of the other one go with its learner.
  yield* ask('DELETE FROM learner WHERE id = ?', other.learner)
  // Who is on the list stays on it, and may go on for as long as either might.
  const [row] = yield* ask<SeatRow>(
    `UPDATE seat SET student = coalesce(student, ?), email = coalesce(email, ?), section = coalesce(section, ?),
       is_of_roster = ?, joined_at = coalesce(joined_at, ?), extensions = ?
     WHERE id = ? RETURNING ${seatColumns}`,
    other.student ?? null,
    other.email ?? null,
    other.section ?? null,
    Number(one.isOfRoster || other.isOfRoster),
    other.joinedAt ?? null,
    JSON.stringify(longer(one.extensions, other.extensions)),
    kept,
  )
  return seatRecord(row!)
}

/** Of what two were given, the longer time of each. */
function longer(one: Extensions = {}, other: Extensions = {}): Extensions {
  const latest = (...ends: (string | undefined)[]) =>
    ends
      .filter((end) => end !== undefined)
      .toSorted()
      .at(-1)
  const end = latest(one.end, other.end)
  const labs = new Set([one, other].flatMap((each) => Object.keys(each.labs ?? {})))
  const own = (each: Extensions, lab: string) => Object.entries(each.labs ?? {}).find(([id]) => id === lab)?.[1]
  return {
    ...(end === undefined ? {} : { end }),
    ...(labs.size === 0
      ? {}
      : { labs: Object.fromEntries([...labs].map((lab) => [lab, latest(own(one, lab), own(other, lab))!])) }),
  }
}
