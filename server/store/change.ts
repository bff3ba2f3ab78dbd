import { VethlabError } from '../error/vethlab-error.js'
import { oneLine } from '../wording/one-line.js'
import { ask, countChanged, type Work } from './query.js'
import type { EndReason, NewVerdict, RecordedState } from './records.js'

/**
 * What changes the records, as it waits in an outbox: JSON, with the time at which it happened. What an older vethlab left there is
 * carried out by a newer one, so that a form is never changed, only added to.
 */
export type Change = { at: string } & (
  | { do: 'learner'; id: string; local: boolean }
  | { do: 'begin'; session: string; learner: string; lab: string; labHash: string; seed?: string; server: string }
  | { do: 'rack'; session: string; rack: string | null; server: string }
  | { do: 'end'; session: string; reason: EndReason }
  | { do: 'used'; session: string; ms: number }
  | { do: 'step'; session: string; step: string; state: RecordedState }
  | { do: 'help'; session: string; step: string; shown: boolean; done: boolean; told: boolean }
  | { do: 'answer'; session: string; id: string; text: string }
  | { do: 'hints'; session: string; step: string; check: number; count: number }
  | { do: 'forget'; session: string }
  | {
      do: 'verdicts'
      session: string
      step: string
      asked: boolean
      labHash: string
      verdicts: KeptVerdict[]
    }
  | {
      do: 'timeline'
      session: string
      most: number
      entries: { id: number; entry: string; state?: Uint8Array | string }[]
    }
  | { do: 'forgetTimeline'; session: string }
)

/** As it waits in an outbox: bytes in base64. */
export function changeText(change: Change): string {
  if (change.do !== 'timeline') return JSON.stringify(change)
  const entries = change.entries.map(({ state, ...entry }) => ({
    ...entry,
    ...(state === undefined
      ? {}
      : { state: typeof state === 'string' ? state : Buffer.from(state).toString('base64') }),
  }))
  return JSON.stringify({ ...change, entries })
}

/** Its evidence is JSON, cut to what is kept. */
export type KeptVerdict = Omit<NewVerdict, 'evidence'> & { evidence: string }

/**
 * How many verdicts are kept of one check of a session. A check that flaps goes on for as long as a learner likes, so
 * that the oldest give way; passes go last.
 */
const mostVerdicts = 200

const ofCheck = 'FROM verdict WHERE session = ? AND step = ? AND check_index = ?'
// Made once: the statement of a text is found by it.
const lastVerdict = `SELECT number, outcome, reason, evidence, lab_hash ${ofCheck} ORDER BY number DESC LIMIT 1`
const countVerdicts = `SELECT count(*) AS count ${ofCheck}`
const dropVerdict = `
  DELETE FROM verdict WHERE number = (
    SELECT number ${ofCheck} AND number < (SELECT max(number) ${ofCheck})
    ORDER BY CASE WHEN outcome = 'pass' THEN 1 ELSE 0 END, number LIMIT 1)`
const forget = ['step', 'answer', 'hint'].map((table) => `DELETE FROM ${table} WHERE session = ?`)

/** Carries a change out. @throws VethlabError session.not-found */
export function* carryOut(change: Change): Work<void> {
  switch (change.do) {
    case 'learner':
      yield* ask(
        'INSERT INTO learner (id, is_local, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
        change.id,
        Number(change.local),
        change.at,
      )
      return
    case 'begin': {
      const { session, learner, lab, labHash, seed = null, server, at } = change
      yield* ask(
        'DELETE FROM timeline WHERE session IN (SELECT id FROM session WHERE learner = ? AND lab = ?)',
        learner,
        lab,
      )
      yield* ask(
        'INSERT INTO session (id, learner, lab, lab_hash, seed, server, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
        session,
        learner,
        lab,
        labHash,
        seed,
        server,
        at,
      )
      return
    }
    case 'rack':
      yield* one(
        change.session,
        change.rack === null
          ? countChanged('UPDATE session SET rack = NULL WHERE id = ?', change.session)
          : countChanged(
              'UPDATE session SET rack = ?, server = ?, ended_at = NULL, end_reason = NULL WHERE id = ?',
              change.rack,
              change.server,
              change.session,
            ),
      )
      return
    case 'end':
      yield* one(
        change.session,
        countChanged(
          `UPDATE session SET rack = NULL, ended_at = coalesce(ended_at, ?), end_reason = coalesce(end_reason, ?)
           WHERE id = ?`,
          change.at,
          change.reason,
          change.session,
        ),
      )
      return
    case 'used':
      yield* one(
        change.session,
        countChanged('UPDATE session SET used_ms = used_ms + ? WHERE id = ?', change.ms, change.session),
      )
      return
    case 'step':
      yield* ask(
        `INSERT INTO step (session, id, state, at) VALUES (?, ?, ?, ?)
         ON CONFLICT (session, id) DO UPDATE SET state = excluded.state, at = excluded.at
         WHERE step.state IS NULL OR step.state = 'skipped' AND excluded.state <> 'skipped'
           OR step.state = 'passed' AND excluded.state = 'helped'`,
        change.session,
        change.step,
        change.state,
        change.at,
      )
      return
    case 'help':
      yield* ask(
        `INSERT INTO step (session, id, is_shown, is_done, is_told) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (session, id) DO UPDATE SET
           is_shown = CASE WHEN step.is_shown = 1 THEN 1 ELSE excluded.is_shown END,
           is_done = CASE WHEN step.is_done = 1 THEN 1 ELSE excluded.is_done END,
           is_told = CASE WHEN step.is_told = 1 THEN 1 ELSE excluded.is_told END`,
        change.session,
        change.step,
        Number(change.shown),
        Number(change.done),
        Number(change.told),
      )
      return
    case 'answer':
      yield* ask(
        `INSERT INTO answer (session, id, text) VALUES (?, ?, ?)
         ON CONFLICT (session, id) DO UPDATE SET text = excluded.text`,
        change.session,
        change.id,
        change.text,
      )
      return
    case 'hints':
      yield* ask(
        `INSERT INTO hint (session, step, check_index, count) VALUES (?, ?, ?, ?)
         ON CONFLICT (session, step, check_index) DO UPDATE SET count = excluded.count`,
        change.session,
        change.step,
        change.check,
        change.count,
      )
      return
    case 'forget':
      for (const sql of forget) yield* ask(sql, change.session)
      yield* ask('UPDATE session SET used_ms = 0 WHERE id = ?', change.session)
      return
    case 'verdicts':
      for (const verdict of change.verdicts) yield* keepVerdict(change, verdict)
      return
    case 'timeline':
      for (const { id, entry, state } of change.entries) {
        yield* ask(
          `INSERT INTO timeline (session, id, entry, state) VALUES (?, ?, ?, ?)
           ON CONFLICT (session, id) DO UPDATE SET entry = excluded.entry, state = coalesce(excluded.state, timeline.state)`,
          change.session,
          id,
          entry,
          typeof state === 'string' ? Buffer.from(state, 'base64') : (state ?? null),
        )
      }
      yield* ask(
        `DELETE FROM timeline WHERE session = ? AND id <= (
           SELECT id FROM timeline WHERE session = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
        change.session,
        change.session,
        change.most,
      )
      return
    case 'forgetTimeline':
      yield* ask('DELETE FROM timeline WHERE session = ?', change.session)
  }
}

interface LastVerdict {
  number: number
  outcome: string
  reason: string | null
  evidence: string
  lab_hash: string | null
}

function* keepVerdict(
  { session, step, asked, labHash, at }: Change & { do: 'verdicts' },
  { index, family, outcome, reason: why, evidence }: KeptVerdict,
): Work<void> {
  const reason = why ?? null
  const [last] = yield* ask<LastVerdict>(lastVerdict, session, step, index)
  const isSame =
    last?.outcome === outcome && last.reason === reason && last.evidence === evidence && last.lab_hash === labHash
  if (last && isSame) {
    yield* ask(
      `UPDATE verdict SET repeats = repeats + 1, last_at = ?, is_asked = CASE WHEN is_asked = 1 THEN 1 ELSE ? END
       WHERE number = ?`,
      at,
      Number(asked),
      last.number,
    )
    return
  }
  yield* ask(
    `INSERT INTO verdict (session, step, check_index, family, outcome, reason, evidence, lab_hash, is_asked, at, last_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    session,
    step,
    index,
    family,
    outcome,
    reason,
    evidence,
    labHash,
    Number(asked),
    at,
    at,
  )
  const [kept] = yield* ask<{ count: number }>(countVerdicts, session, step, index)
  if (kept!.count <= mostVerdicts) return
  yield* ask(dropVerdict, session, step, index, session, step, index)
}

function* one(session: string, work: Work<number>): Work<void> {
  if ((yield* work) === 0) throw notOnRecord(session)
}

/** The learner or the session of a change is not there: never made, or deleted. */
export function notOnRecord(place: string, cause?: unknown): VethlabError {
  return new VethlabError('session.not-found', 'is not on record', {
    place: oneLine(place, 60),
    cure: 'Open the lab from the catalogue.',
    ...(cause === undefined ? {} : { cause }),
  })
}
