import type { Closed } from '../learner/who.js'
import type {
  Assessed,
  Assessment,
  ClassChange,
  ClassRecord,
  Dates,
  Extensions,
  Locks,
  People,
  StuckRule,
} from './people.js'
import { ask, type Work } from './query.js'

const hourMs = 3_600_000
const minuteMs = 60_000

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
  capacity: number | null
  expected: number | null
  dates: string
  stuck_rule: string | null
  is_queue_paused: number
}

/** All of a class, for a query that names its table. */
export const classColumns =
  'class.id, class.title, class.labs, class.code, class.code_ends_at, class.is_roster_only, class.starts_at, class.ends_at, class.created_at, class.ended_at, class.keep_days, class.number_key, class.locks, class.assessed, class.capacity, class.expected, class.dates, class.stuck_rule, class.is_queue_paused'

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
  capacity: 'capacity',
  expected: 'expected',
  dates: 'dates',
  stuckRule: 'stuck_rule',
  isQueuePaused: 'is_queue_paused',
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
    ...(row.capacity === null ? {} : { capacity: row.capacity }),
    ...(row.expected === null ? {} : { expected: row.expected }),
    dates: JSON.parse(row.dates) as Dates,
    ...(row.stuck_rule === null ? {} : { stuckRule: JSON.parse(row.stuck_rule) as StuckRule }),
    isQueuePaused: row.is_queue_paused === 1,
  }
}

/** When a class ends by its time, for somebody who may have been given more of it. */
export function endFor({ endsAt }: ClassRecord, { end }: Extensions = {}): string | undefined {
  return later(endsAt, end)
}

/** When a class is over for somebody: by its time, with what they were given more of it, or by hand where that was before. */
export function overFor(one: ClassRecord, extensions?: Extensions): string | undefined {
  return [endFor(one, extensions), one.endedAt].filter((end) => end !== undefined).toSorted()[0]
}

/** Whether learners may work in it at that time; one who was given more time, until that is over. */
export function isOpenAt(one: ClassRecord, at: string, extensions?: Extensions): boolean {
  const { startsAt, endedAt } = one
  const until = endFor(one, extensions)
  return endedAt === undefined && (startsAt === undefined || startsAt <= at) && (until === undefined || at < until)
}

/** What of a lab its class has not given yet. Pure. */
export function lockedOf(
  locks: Readonly<Record<string, { readonly steps?: readonly string[]; readonly solutions?: true }>>,
  lab: string,
): { steps: readonly string[]; solutions: boolean } {
  const { steps = [], solutions = false } = own(locks, lab) ?? {}
  return { steps, solutions }
}

/** The deadline of each lab of a class, where it has one: what is handed in by then is in time. */
export function duesOf({ labs, dates }: ClassRecord, extensions: Extensions = {}): Record<string, string> {
  return Object.fromEntries(
    labs.flatMap((lab) => {
      const due = later(own(dates, lab)?.dueAt, own(extensions.labs ?? {}, lab))
      return due === undefined ? [] : [[lab, due]]
    }),
  )
}

/** When each lab that is due closes: what is assessed may be handed in late. */
export function closesOf(one: ClassRecord, extensions: Extensions = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(duesOf(one, extensions)).map(([lab, due]) => [lab, closing(due, own(one.assessed, lab))]),
  )
}

/** Labs of a class whose results count; the others are practice. */
export function assessedOf({ labs, assessed }: ClassRecord): string[] {
  return labs.filter((lab) => own(assessed, lab) !== undefined)
}

/** The labs of a class that are not open at that time, with why: those that come after another one, too, whoever has finished that. */
export function closedAt(one: ClassRecord, at: string, extensions: Extensions = {}): Record<string, Closed> {
  const closings = closesOf(one, extensions)
  return Object.fromEntries(
    one.labs.flatMap((lab): [string, Closed][] => {
      const { opensAt, after } = own(one.dates, lab) ?? {}
      const closes = own(closings, lab)
      if (opensAt !== undefined && at < opensAt) return [[lab, { why: 'not-yet', opensAt }]]
      if (closes !== undefined && at >= closes) return [[lab, { why: 'due', dueAt: closes }]]
      // A lab that the class has no more is no one's to finish.
      if (after !== undefined && one.labs.includes(after)) return [[lab, { why: 'after', lab: after }]]
      return []
    }),
  )
}

function closing(due: string, assessment: Assessment | undefined): string {
  const { late: { hours = 0 } = {}, grace = 0 } = assessment ?? {}
  return new Date(Date.parse(due) + Math.max(hours * hourMs, grace * minuteMs)).toISOString()
}

/** An end, or the later one that somebody was given; without an end there is none to be put off. */
function later(end: string | undefined, given: string | undefined): string | undefined {
  return end !== undefined && given !== undefined && given > end ? given : end
}

/** Names of labs come from files: some are those that every object has. */
function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}
