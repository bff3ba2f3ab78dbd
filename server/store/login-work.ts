import type { Role } from '../learner/who.js'
import { assessedOf, type ClassRow, classColumns, classRecord, closedAt, duesOf, isOpenAt } from './class-work.js'
import type { Extensions, Known, MemberRecord, People } from './people.js'
import { ask, countChanged, type Value, type Work } from './query.js'
import { type PersonRow, personColumns } from './staff-work.js'

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
  const [row] = yield* ask<ClassRow & { seat_name: string; extensions: string }>(
    `SELECT ${classColumns}, seat.name AS seat_name, seat.extensions FROM seat JOIN class ON class.id = seat.class WHERE seat.learner = ?`,
    learner,
  )
  if (row) {
    const found = classRecord(row)
    name ??= row.seat_name
    const extensions = JSON.parse(row.extensions) as Extensions
    roles.push({
      role: 'learner',
      class: found.id,
      labs: found.labs,
      isOpen: isOpenAt(found, at, extensions),
      closed: closedAt(found, at, extensions),
      due: duesOf(found, extensions),
      assessed: assessedOf(found),
      locks: found.locks,
    })
  }
  return name === undefined ? undefined : { learner, name, roles }
}

export function* deleteWhere(table: 'login' | 'learner' | 'hand', column: string, value: Value): Work<number> {
  return yield* countChanged(`DELETE FROM ${table} WHERE ${column} = ?`, value)
}
