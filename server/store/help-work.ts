import { newId } from './id.js'
import type { GivenHint, HandRecord, LookRecord, NoteRecord, People } from './people.js'
import { ask, type Work } from './query.js'

interface HandRow {
  seat: string
  lab: string
  step: string | null
  reason: string | null
  why: string | null
  helper: string | null
  at: string
  offer: HandRecord['offer'] | null
}

export function* raiseHand(
  { seat, lab, step, reason, why }: Omit<HandRecord, 'at' | 'helper' | 'offer'>,
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
    'SELECT hand.seat, hand.lab, hand.step, hand.reason, hand.why, hand.helper, hand.at, hand.offer FROM hand JOIN seat ON seat.id = hand.seat WHERE seat.class = ? ORDER BY hand.at, hand.seat',
    id,
  )
  return rows.map(({ seat, lab, step, reason, why, helper, at, offer }) => ({
    seat,
    lab,
    at,
    ...(step === null ? {} : { step }),
    ...(reason === null ? {} : { reason }),
    ...(why === null ? {} : { why: JSON.parse(why) as NonNullable<HandRecord['why']> }),
    ...(helper === null ? {} : { helper }),
    ...(offer === null ? {} : { offer }),
  }))
}

export function* offerLook(seat: string, offer: HandRecord['offer']): Work<void> {
  yield* ask('UPDATE hand SET offer = ? WHERE seat = ?', offer ?? null, seat)
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

export function* takeHand(seat: string, helper: string | undefined): Work<void> {
  yield* ask('UPDATE hand SET helper = ? WHERE seat = ?', helper ?? null, seat)
}

export function* addGivenHints(hints: readonly Omit<GivenHint, 'at'>[], at: string): Work<void> {
  for (const { seat, lab, step, check, hint, by } of hints) {
    yield* ask(
      'INSERT INTO given_hint (seat, lab, step, check_index, hint, by_name, at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      ...[seat, lab, step, check, hint, by, at],
    )
  }
}

export function* readGivenHints(id: string): Work<GivenHint[]> {
  const rows = yield* ask<Omit<GivenHint, 'check' | 'by'> & { check_index: number; by_name: string }>(
    `SELECT given_hint.seat, lab, step, check_index, hint, by_name, at FROM given_hint
     JOIN seat ON seat.id = given_hint.seat WHERE seat.class = ? ORDER BY at, given_hint.seat, step, check_index, hint`,
    id,
  )
  return rows.map(({ check_index: check, by_name: by, ...rest }) => ({ ...rest, check, by }))
}
