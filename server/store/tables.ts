import { z } from 'zod'
import type { Value } from './query.js'

/** Bytes are base64 in a line. */
export interface Column {
  name: string
  type: z.ZodType<string | number | null>
  bytes?: true
}

export interface Table {
  name: string
  columns: readonly Column[]
  /** Columns by which no two rows are the same, in whose order they are told. */
  order: readonly string[]
}

const text = z.string().max(8 * 1024 ** 2)
const name = z.string().max(256)
const time = z.iso.datetime()
const count = z.int().min(0)
const yes = z.union([z.literal(0), z.literal(1)])

function columns(types: Record<string, z.ZodType<string | number | null>>, bytes: string[] = []): Column[] {
  return Object.entries(types).map(([column, type]) => ({
    name: column,
    type,
    ...(bytes.includes(column) ? { bytes: true as const } : {}),
  }))
}

/** All tables of records, each behind those that its rows belong to. Numbers of rows are not told: their order is kept, and they are given anew. */
export const tables: readonly Table[] = [
  {
    name: 'learner',
    columns: columns({ id: name, name: name.nullable(), is_local: yes, created_at: time }),
    order: ['created_at', 'id'],
  },
  {
    name: 'session',
    columns: columns({
      id: name,
      learner: name,
      lab: name,
      lab_hash: name.nullable(),
      server: name.nullable(),
      rack: name.nullable(),
      created_at: time,
      ended_at: time.nullable(),
      end_reason: z.enum(['idle', 'left', 'lost', 'failed']).nullable(),
      used_ms: count,
      // Files of before have none.
      seed: name.nullable().default(null),
    }),
    order: ['number'],
  },
  {
    name: 'step',
    columns: columns({
      session: name,
      id: name,
      state: z.enum(['passed', 'helped', 'skipped']).nullable(),
      at: time.nullable(),
      is_shown: yes,
      is_done: yes,
      is_told: yes,
    }),
    order: ['session', 'id'],
  },
  { name: 'answer', columns: columns({ session: name, id: name, text }), order: ['session', 'id'] },
  {
    name: 'hint',
    columns: columns({ session: name, step: name, check_index: count, count }),
    order: ['session', 'step', 'check_index'],
  },
  {
    name: 'verdict',
    columns: columns({
      session: name,
      step: name,
      check_index: count,
      family: name,
      outcome: z.enum(['pass', 'fail', 'error']),
      reason: name.nullable(),
      evidence: text,
      lab_hash: name.nullable(),
      is_asked: yes,
      at: time,
      last_at: time,
      repeats: count,
    }),
    order: ['number'],
  },
  {
    name: 'timeline',
    columns: columns(
      {
        session: name,
        id: count,
        entry: text,
        state: z
          .base64()
          .max(8 * 1024 ** 2)
          .nullable(),
      },
      ['state'],
    ),
    order: ['session', 'id'],
  },
  // Without passwords and logins: after an import staff need new links, and browsers come in anew. Of phrases their hashes.
  {
    name: 'person',
    columns: columns({ id: name, name, login: name, may_found: yes, created_at: time }),
    order: ['created_at', 'id'],
  },
  {
    name: 'class',
    columns: columns({
      id: name,
      title: name,
      labs: text,
      code: name.nullable(),
      code_ends_at: time.nullable(),
      is_roster_only: yes,
      starts_at: time.nullable(),
      ends_at: time.nullable(),
      created_at: time,
      ended_at: time.nullable(),
      number_key: name.nullable(),
      keep_days: count.nullable(),
      locks: text,
      // Files of before have none.
      assessed: text.default('{}'),
      // Files of before have none of these.
      capacity: count.nullable().default(null),
      expected: count.nullable().default(null),
      dates: text.default('{}'),
      stuck_rule: text.nullable().default(null),
      is_queue_paused: yes.default(0),
    }),
    order: ['created_at', 'id'],
  },
  {
    name: 'member',
    columns: columns({ class: name, person: name, role: z.enum(['teacher', 'assistant', 'viewer']) }),
    order: ['class', 'person'],
  },
  {
    name: 'seat',
    columns: columns({
      id: name,
      class: name,
      learner: name,
      name,
      student: name.nullable(),
      email: name.nullable(),
      section: name.nullable(),
      phrase: name.nullable(),
      is_of_roster: yes,
      joined_at: time.nullable(),
      created_at: time,
      extensions: text.default('{}'),
    }),
    order: ['created_at', 'id'],
  },
  {
    name: 'identity_of',
    columns: columns({ issuer: text, subject: name, learner: name }),
    order: ['issuer', 'subject', 'learner'],
  },
  {
    name: 'hand',
    columns: columns({
      seat: name,
      lab: name,
      step: name.nullable(),
      reason: name.nullable(),
      why: text.nullable(),
      helper: name.nullable(),
      at: time,
      offer: z.enum(['view', 'write']).nullable().default(null),
    }),
    order: ['at', 'seat'],
  },
  {
    name: 'note',
    columns: columns({ id: name, class: name, seat: name.nullable(), text, by_name: name, at: time }),
    order: ['at', 'id'],
  },
  {
    name: 'look',
    columns: columns({
      id: name,
      seat: name,
      person: name,
      by_name: name,
      may_write: yes,
      asked_at: time,
      given_at: time.nullable(),
      ends_at: time.nullable(),
      ended_at: time.nullable(),
    }),
    order: ['asked_at', 'id'],
  },
  {
    name: 'submission',
    columns: columns({
      id: name,
      learner: name,
      lab: name,
      session: name,
      number: count,
      accepted_at: time,
      result: text.nullable(),
      evidence: name.nullable().default(null),
    }),
    order: ['accepted_at', 'id'],
  },
  {
    name: 'regrading',
    columns: columns({ submission: name, number: count, at: time, result: text }),
    order: ['at', 'submission', 'number'],
  },
  {
    name: 'given_hint',
    columns: columns({ seat: name, lab: name, step: name, check_index: count, hint: count, by_name: name, at: time }),
    order: ['at', 'seat', 'lab', 'step', 'check_index', 'hint'],
  },
]

/** A value of a line as its column takes it. */
export function columnValue({ bytes }: Column, value: string | number | null): Value {
  return bytes && typeof value === 'string' ? Buffer.from(value, 'base64') : value
}

/** A value of a column as a line has it. */
export function lineValue(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
}
