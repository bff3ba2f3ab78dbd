import { ask, type Work } from './query.js'
import type {
  Deleted,
  EndReason,
  LabProgress,
  NewVerdict,
  RecordedState,
  SessionRecord,
  VerdictRecord,
} from './records.js'

interface SessionRow {
  id: string
  learner: string
  lab: string
  lab_hash: string | null
  seed: string | null
  server: string | null
  rack: string | null
  created_at: string
  ended_at: string | null
  end_reason: EndReason | null
  used_ms: number
  previous: string | null
}

interface StepRow {
  id: string
  state: RecordedState | null
  at: string | null
  is_shown: number
  is_done: number
  is_told: number
}

interface VerdictRow {
  step: string
  lab_hash: string | null
  check_index: number
  family: string
  outcome: NewVerdict['outcome']
  reason: string | null
  evidence: string
  is_asked: number
  at: string
  last_at: string
  repeats: number
}

const selectSession = `
  SELECT id, learner, lab, lab_hash, seed, server, rack, created_at, ended_at, end_reason, used_ms, (
    SELECT earlier.id FROM session AS earlier
    WHERE earlier.learner = session.learner AND earlier.lab = session.lab AND earlier.number < session.number
    ORDER BY earlier.number DESC LIMIT 1
  ) AS previous
  FROM session`
// Made once: the statement of a text is found by it.
const sessionById = `${selectSession} WHERE id = ?`
const latestSession = `${selectSession} WHERE learner = ? AND lab = ? ORDER BY number DESC LIMIT 1`
const openSessions = `${selectSession} WHERE ended_at IS NULL AND server = ? ORDER BY number`
const selectVerdicts = `
  SELECT step, lab_hash, check_index, family, outcome, reason, evidence, is_asked, at, last_at, repeats
  FROM verdict WHERE session = ?`
const verdictsOfSession = `${selectVerdicts} ORDER BY number`
const verdictsOfStep = `${selectVerdicts} AND step = ? ORDER BY number`

export function* readLocalLearner(): Work<string | undefined> {
  const [row] = yield* ask<{ id: string }>('SELECT id FROM learner WHERE is_local = 1')
  return row?.id
}

export function* readSession(id: string): Work<SessionRecord | undefined> {
  const [row] = yield* ask<SessionRow>(sessionById, id)
  return row && (yield* record(row))
}

export function* readLatestSession(learner: string, lab: string): Work<SessionRecord | undefined> {
  const [row] = yield* ask<SessionRow>(latestSession, learner, lab)
  return row && (yield* record(row))
}

export function* readOpenSessions(server: string): Work<SessionRecord[]> {
  const rows = yield* ask<SessionRow>(openSessions, server)
  const records: SessionRecord[] = []
  for (const row of rows) records.push(yield* record(row))
  return records
}

export function* readProgress(learner: string): Work<LabProgress[]> {
  const rows = yield* ask<{ lab: string; session: string; ended_at: string | null }>(
    `SELECT lab, id AS session, ended_at FROM session
     WHERE number IN (SELECT max(number) FROM session WHERE learner = ? GROUP BY lab) ORDER BY number`,
    learner,
  )
  const hints = yield* ask<{ session: string; step: string; count: number }>(
    `SELECT hint.session, hint.step, sum(hint.count) AS count FROM hint JOIN session ON session.id = hint.session
     WHERE session.number IN (SELECT max(number) FROM session WHERE learner = ? GROUP BY lab)
     GROUP BY hint.session, hint.step`,
    learner,
  )
  const progress: LabProgress[] = []
  for (const { lab, session, ended_at } of rows) {
    const steps = yield* readSteps(session)
    const used = hints.filter((one) => one.session === session)
    progress.push({
      lab,
      session,
      states: Object.fromEntries(steps.flatMap(({ id, state }) => (state ? [[id, state]] : []))),
      ...(used.length === 0 ? {} : { hints: Object.fromEntries(used.map(({ step, count }) => [step, count])) }),
      ...(ended_at === null ? {} : { endedAt: ended_at }),
    })
  }
  return progress
}

export function* readVerdicts(session: string, step?: string): Work<VerdictRecord[]> {
  const rows =
    step === undefined
      ? yield* ask<VerdictRow>(verdictsOfSession, session)
      : yield* ask<VerdictRow>(verdictsOfStep, session, step)
  return rows.map((row) => ({
    step: row.step,
    ...(row.lab_hash === null ? {} : { labHash: row.lab_hash }),
    index: row.check_index,
    family: row.family,
    outcome: row.outcome,
    ...(row.reason === null ? {} : { reason: row.reason }),
    evidence: JSON.parse(row.evidence) as unknown,
    asked: row.is_asked === 1,
    at: row.at,
    lastAt: row.last_at,
    repeats: row.repeats,
  }))
}

export function* readTimeline(session: string): Work<string[]> {
  const rows = yield* ask<{ entry: string }>('SELECT entry FROM timeline WHERE session = ? ORDER BY id', session)
  return rows.map(({ entry }) => entry)
}

export function* readTimelineState(session: string, id: number): Work<Uint8Array | undefined> {
  const [row] = yield* ask<{ state: Uint8Array | null }>(
    'SELECT state FROM timeline WHERE session = ? AND id = ?',
    session,
    id,
  )
  return row?.state ?? undefined
}

/** Deletes a learner with all that belongs to them. @returns undefined where there is none of that id */
export function* deleteLearner(id: string): Work<Deleted | undefined> {
  const count = function* (table: string): Work<number> {
    const [row] = yield* ask<{ count: number }>(
      `SELECT count(*) AS count FROM ${table} WHERE session IN (SELECT id FROM session WHERE learner = ?)`,
      id,
    )
    return row!.count
  }
  const [sessions] = yield* ask<{ count: number }>('SELECT count(*) AS count FROM session WHERE learner = ?', id)
  const deleted = { sessions: sessions!.count, verdicts: yield* count('verdict'), answers: yield* count('answer') }
  const gone = yield* ask('DELETE FROM learner WHERE id = ? RETURNING id', id)
  return gone.length === 0 ? undefined : deleted
}

function* record(row: SessionRow): Work<SessionRecord> {
  const steps = yield* readSteps(row.id)
  const answers = yield* ask<{ id: string; text: string }>('SELECT id, text FROM answer WHERE session = ?', row.id)
  // A Map first: a step may have any name, also one that all objects have.
  const hints = new Map<string, Record<number, number>>()
  for (const { step, check_index, count } of yield* ask<{ step: string; check_index: number; count: number }>(
    'SELECT step, check_index, count FROM hint WHERE session = ?',
    row.id,
  )) {
    hints.set(step, { ...hints.get(step), [check_index]: count })
  }
  return {
    id: row.id,
    learner: row.learner,
    lab: row.lab,
    ...(row.lab_hash === null ? {} : { labHash: row.lab_hash }),
    ...(row.seed === null ? {} : { seed: row.seed }),
    server: row.server,
    rack: row.rack,
    createdAt: row.created_at,
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
    ...(row.end_reason === null ? {} : { endReason: row.end_reason }),
    usedMs: row.used_ms,
    steps: Object.fromEntries(steps.flatMap(({ id, state, at }) => (state && at ? [[id, { state, at }]] : []))),
    answers: Object.fromEntries(answers.map(({ id, text }) => [id, text])),
    hints: Object.fromEntries(hints),
    help: Object.fromEntries(
      steps.flatMap(({ id, is_shown, is_done, is_told }) =>
        is_shown || is_done || is_told
          ? [[id, { shown: is_shown === 1, done: is_done === 1, told: is_told === 1 }]]
          : [],
      ),
    ),
    ...(row.previous === null ? {} : { previous: row.previous }),
  }
}

function readSteps(session: string): Work<StepRow[]> {
  return ask<StepRow>('SELECT id, state, at, is_shown, is_done, is_told FROM step WHERE session = ?', session)
}
