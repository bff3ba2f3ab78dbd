import { type ClassRow, classColumns, classRecord } from './class-work.js'
import type { Identified, MemberRecord, People, PersonRecord } from './people.js'
import { ask, type Work } from './query.js'

export interface PersonRow {
  id: string
  name: string
  login: string
  password: string | null
  may_found: number
}

export const personColumns = 'person.id, person.name, person.login, person.password, person.may_found'

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
