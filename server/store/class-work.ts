import type { Assessed, ClassChange, ClassRecord, Locks, People } from './people.js'
import { ask, type Work } from './query.js'

export interface ClassRow {
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
  assessed: string
}

/** All of a class, for a query that names its table. */
export const classColumns =
  'class.id, class.title, class.labs, class.code, class.code_ends_at, class.is_roster_only, class.starts_at, class.ends_at, class.created_at, class.ended_at, class.keep_days, class.number_key, class.locks, class.assessed'

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
  assessed: 'assessed',
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

export function classRecord(row: ClassRow): ClassRecord {
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
    assessed: JSON.parse(row.assessed) as Assessed,
  }
}

/** Whether learners may work in it at that time. */
export function isOpenAt({ startsAt, endsAt, endedAt }: ClassRecord, at: string): boolean {
  return endedAt === undefined && (startsAt === undefined || startsAt <= at) && (endsAt === undefined || at < endsAt)
}
