import type { DatabaseSyncInstance } from '@photostructure/sqlite'
import { guarded, openDatabase, transaction } from './database.js'
import { evidenceText } from './evidence.js'
import { newId } from './id.js'
import { migrations } from './migrations.js'

/** What became of a step: passed alone, passed with help, or left out. A step without a state is open. */
export type RecordedState = 'passed' | 'helped' | 'skipped'

/** Why a session has no rack any more. */
export type EndReason = 'idle' | 'left' | 'lost' | 'failed'

export interface SessionRecord {
  id: string
  learner: string
  lab: string
  /** Content hash of the lab as the session began; unknown of sessions of before it was recorded. */
  labHash?: string
  rack: string | null
  createdAt: string
  endedAt?: string
  endReason?: EndReason
  usedMs: number
  steps: Record<string, { state: RecordedState; at: string }>
  answers: Record<string, string>
  /** How many hints were asked for, by step and then by index of the check. */
  hints: Record<string, Record<number, number>>
  help: Record<string, StepHelp>
  /** The learner's session of the same lab before this one. */
  previous?: string
}

/**
 * Of a step, by its id: whether the solution was shown, whether it was done for the learner, and whether the cause was told that
 * is to be found in it.
 */
export interface StepHelp {
  shown: boolean
  done: boolean
  told: boolean
}

/** An entry of a session's timeline, as JSON, and the network's state after it, packed; without one it keeps what it has. */
export interface NewTimelineEntry {
  id: number
  entry: string
  state?: Uint8Array
}

/** The newest session of a lab. */
export interface LabProgress {
  lab: string
  session: string
  states: Record<string, RecordedState>
  endedAt?: string
}

/** A verdict to keep. */
export interface NewVerdict {
  /** Of the check within its step. */
  index: number
  family: string
  outcome: 'pass' | 'fail' | 'error'
  reason?: string
  /** What the check found: JSON. What is too long of it is cut. */
  evidence: unknown
}

/** The look at a step that verdicts are from. */
export interface Look {
  step: string
  /** The learner asked for it; else it was made by itself. */
  asked: boolean
  /** Content hash of the lab that the checks are of. */
  labHash: string
}

export interface VerdictRecord extends NewVerdict {
  step: string
  /** Unknown of verdicts of before it was recorded. */
  labHash?: string
  /** The learner asked for it at least once; else it was found by itself. */
  asked: boolean
  at: string
  /** When it was found last, and how many times more after the first. */
  lastAt: string
  repeats: number
}

/**
 * How many verdicts are kept of one check of a session. A check that flaps goes on for as long as a learner likes, so
 * that the oldest give way; passes go last.
 */
const mostVerdicts = 200

interface SessionRow {
  id: string
  learner: string
  lab: string
  lab_hash: string | null
  rack: string | null
  created_at: string
  ended_at: string | null
  end_reason: EndReason | null
  used_ms: number
  previous: string | null
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

/**
 * Who learnt what: learners, their sessions, and every verdict. All calls are synchronous, and what one has written when it
 * returns survives the process. Each throws VethlabError records.unusable when the disk fails it.
 */
export class Records {
  /** Of these records, and no others: 32 hexadecimal digits, the same for as long as they are there. */
  readonly id: string

  private constructor(
    private readonly path: string,
    private readonly database: DatabaseSyncInstance,
    private readonly sql: ReturnType<typeof statements>,
  ) {
    this.id = (database.prepare('SELECT id FROM identity').get() as { id: string }).id
  }

  /** Opens the database, made if missing. @throws VethlabError records.unusable */
  static open(path: string): Records {
    const database = openDatabase(path, migrations)
    return new Records(path, database, statements(database))
  }

  close(): void {
    guarded(this.path, () => {
      try {
        // The driver can't finalize statements before they are collected, so that SQLite keeps the connection until then.
        this.database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      } finally {
        this.database.close()
      }
    })
  }

  /** Id of the one local learner, made if missing. */
  localLearner(): string {
    return this.write(() => {
      this.sql.addLocalLearner.run(newId(), now())
      return (this.sql.localLearner.get() as { id: string }).id
    })
  }

  /**
   * Begins a session, before its rack is asked for: what is made later has an owner then. Timelines of the learner's earlier
   * sessions of the lab go, for nobody can look at them any more.
   */
  createSession({ id, learner, lab, labHash }: { id: string; learner: string; lab: string; labHash: string }): void {
    this.write(() => {
      this.sql.forgetEarlierTimelines.run(learner, lab)
      this.sql.createSession.run(id, learner, lab, labHash, now())
    })
  }

  /** The session has this rack, or none for now. A session that gets a rack is open again, however it ended. */
  setRack(session: string, rack: string | null): void {
    this.writeOne(() => this.sql.setRack.run(rack, rack, rack, session))
  }

  /** The session's rack is gone. What was recorded stays; of several ends the first one counts. */
  endSession(session: string, reason: EndReason): void {
    this.writeOne(() => this.sql.endSession.run(now(), reason, session))
  }

  /** Adds to the time used. */
  addUsed(session: string, ms: number): void {
    this.writeOne(() => this.sql.addUsed.run(Math.max(0, Math.round(ms)), session))
  }

  session(id: string): SessionRecord | undefined {
    return this.read(() => this.record(this.sql.session.get(id)))
  }

  /** The learner's newest session of a lab. */
  latestSession(learner: string, lab: string): SessionRecord | undefined {
    return this.read(() => this.record(this.sql.latestSession.get(learner, lab)))
  }

  /** Sessions that have not ended: they have a rack, or ask for one. */
  openSessions(): SessionRecord[] {
    return this.read(() => this.sql.openSessions.all().map((row) => this.record(row)!))
  }

  /** What is done stays done: helped never becomes passed, and neither becomes skipped. The first time counts. */
  setStep(session: string, step: string, state: RecordedState): void {
    this.write(() => this.sql.setStep.run(session, step, state, now()))
  }

  /** A learner was helped with a step: what was so before stays so. */
  setHelp(session: string, step: string, { shown, done, told }: { [K in keyof StepHelp]?: true }): void {
    const [isShown, isDone, isTold] = [shown, done, told].map((one) => Number(one === true))
    this.write(() => this.sql.setHelp.run(session, step, isShown!, isDone!, isTold!))
  }

  /** Keeps what was typed as the answer of that id. */
  setAnswer(session: string, id: string, text: string): void {
    // The driver cuts a text at its first NUL.
    this.write(() => this.sql.setAnswer.run(session, id, text.replaceAll('\0', '\ufffd')))
  }

  /** How many hints of a check were asked for. */
  setHints(session: string, step: string, check: number, count: number): void {
    this.write(() => this.sql.setHints.run(session, step, check, count))
  }

  /** The learner begins the lab anew: states, help, hints, answers and time go, verdicts stay. */
  forgetProgress(session: string): void {
    this.write(() => {
      for (const statement of this.sql.forget) statement.run(session)
    })
  }

  /** Keeps the verdicts of a look. One that says the same of the same lab as the last of its check is counted, not kept again. */
  addVerdicts(session: string, { step, asked, labHash }: Look, verdicts: readonly NewVerdict[]): void {
    if (verdicts.length === 0) return
    this.write(() => {
      const at = now()
      for (const { index, family, outcome, reason = null, evidence } of verdicts) {
        const text = evidenceText(evidence)
        const last = this.sql.lastVerdict.get(session, step, index) as (VerdictRow & { number: number }) | undefined
        const isSame =
          last?.outcome === outcome && last.reason === reason && last.evidence === text && last.lab_hash === labHash
        if (last && isSame) {
          this.sql.repeatVerdict.run(at, Number(asked), last.number)
          continue
        }
        const { lastInsertRowid } = this.sql.addVerdict.run(
          session,
          step,
          index,
          family,
          outcome,
          reason,
          text,
          labHash,
          Number(asked),
          at,
          at,
        )
        const { count } = this.sql.countVerdicts.get(session, step, index) as { count: number }
        if (count > mostVerdicts) this.sql.dropVerdict.run(session, step, index, lastInsertRowid)
      }
    })
  }

  /** Entries of a session's timeline, as JSON, oldest first. */
  timeline(session: string): string[] {
    return this.read(() => (this.sql.timeline.all(session) as { entry: string }[]).map(({ entry }) => entry))
  }

  /** The state that belongs to an entry, as it was packed. */
  timelineState(session: string, id: number): Uint8Array | undefined {
    const row = this.read(() => this.sql.timelineState.get(session, id)) as { state: Uint8Array | null } | undefined
    return row?.state ?? undefined
  }

  /** Keeps entries that are new or changed; of all, the `most` newest stay. */
  saveTimeline(session: string, entries: readonly NewTimelineEntry[], most: number): void {
    this.write(() => {
      for (const { id, entry, state } of entries) this.sql.saveTimeline.run(session, id, entry, state ?? null)
      this.sql.dropTimeline.run(session, session, most)
    })
  }

  forgetTimeline(session: string): void {
    this.write(() => this.sql.forgetTimeline.run(session))
  }

  /** The learner's newest session of each lab that was ever begun. */
  progress(learner: string): LabProgress[] {
    return this.read(() => {
      const rows = this.sql.progress.all(learner) as { lab: string; session: string; ended_at: string | null }[]
      return rows.map(({ lab, session, ended_at }) => ({
        lab,
        session,
        states: Object.fromEntries(this.stepRows(session).flatMap(({ id, state }) => (state ? [[id, state]] : []))),
        ...(ended_at === null ? {} : { endedAt: ended_at }),
      }))
    })
  }

  /** Verdicts of a session, or of one of its steps, oldest first. */
  verdicts(session: string, step?: string): VerdictRecord[] {
    return this.read(() => {
      const rows = this.sql.verdicts.all(session, step ?? null) as VerdictRow[]
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
    })
  }

  private record(found: unknown): SessionRecord | undefined {
    if (found === undefined) return undefined
    const row = found as SessionRow
    const steps = this.stepRows(row.id)
    const answers = this.sql.answers.all(row.id) as { id: string; text: string }[]
    const hints: Record<string, Record<number, number>> = {}
    for (const hint of this.sql.hints.all(row.id) as { step: string; check_index: number; count: number }[]) {
      hints[hint.step] ??= {}
      hints[hint.step]![hint.check_index] = hint.count
    }
    return {
      id: row.id,
      learner: row.learner,
      lab: row.lab,
      ...(row.lab_hash === null ? {} : { labHash: row.lab_hash }),
      rack: row.rack,
      createdAt: row.created_at,
      ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
      ...(row.end_reason === null ? {} : { endReason: row.end_reason }),
      usedMs: row.used_ms,
      steps: Object.fromEntries(steps.flatMap(({ id, state, at }) => (state && at ? [[id, { state, at }]] : []))),
      answers: Object.fromEntries(answers.map(({ id, text }) => [id, text])),
      hints,
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

  private stepRows(session: string): StepRow[] {
    return this.sql.steps.all(session) as StepRow[]
  }

  private read<T>(work: () => T): T {
    return guarded(this.path, work)
  }

  private write<T>(work: () => T): T {
    return guarded(this.path, () => transaction(this.database, work))
  }

  /** A session that isn't there is a bug of the caller. */
  private writeOne(work: () => { changes: number }): void {
    if (this.write(work).changes !== 1) throw new Error('no such session')
  }
}

interface StepRow {
  id: string
  state: RecordedState | null
  at: string | null
  is_shown: number
  is_done: number
  is_told: number
}

function now(): string {
  return new Date().toISOString()
}

const selectSession = `
  SELECT *, (
    SELECT id FROM session AS earlier
    WHERE earlier.learner = session.learner AND earlier.lab = session.lab AND earlier.number < session.number
    ORDER BY number DESC LIMIT 1
  ) AS previous
  FROM session`

const ofCheck = 'FROM verdict WHERE session = ? AND step = ? AND check_index = ?'

/** All statements, each compiled once. */
function statements(database: DatabaseSyncInstance) {
  const prepare = (sql: string) => database.prepare(sql)
  return {
    addLocalLearner: prepare('INSERT INTO learner (id, is_local, created_at) VALUES (?, 1, ?) ON CONFLICT DO NOTHING'),
    localLearner: prepare('SELECT id FROM learner WHERE is_local = 1'),
    createSession: prepare('INSERT INTO session (id, learner, lab, lab_hash, created_at) VALUES (?, ?, ?, ?, ?)'),
    setRack: prepare(`
      UPDATE session SET rack = ?, ended_at = iif(? IS NULL, ended_at, NULL), end_reason = iif(? IS NULL, end_reason, NULL)
      WHERE id = ?`),
    endSession: prepare(`
      UPDATE session SET rack = NULL, ended_at = coalesce(ended_at, ?), end_reason = coalesce(end_reason, ?) WHERE id = ?`),
    addUsed: prepare('UPDATE session SET used_ms = used_ms + ? WHERE id = ?'),
    session: prepare(`${selectSession} WHERE id = ?`),
    latestSession: prepare(`${selectSession} WHERE learner = ? AND lab = ? ORDER BY number DESC LIMIT 1`),
    openSessions: prepare(`${selectSession} WHERE ended_at IS NULL ORDER BY number`),
    steps: prepare('SELECT id, state, at, is_shown, is_done, is_told FROM step WHERE session = ?'),
    answers: prepare('SELECT id, text FROM answer WHERE session = ?'),
    hints: prepare('SELECT step, check_index, count FROM hint WHERE session = ?'),
    setStep: prepare(`
      INSERT INTO step (session, id, state, at) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET state = excluded.state, at = excluded.at
      WHERE state IS NULL OR state = 'skipped' AND excluded.state <> 'skipped'
        OR state = 'passed' AND excluded.state = 'helped'`),
    setHelp: prepare(`
      INSERT INTO step (session, id, is_shown, is_done, is_told) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET is_shown = max(is_shown, excluded.is_shown), is_done = max(is_done, excluded.is_done),
        is_told = max(is_told, excluded.is_told)`),
    setAnswer: prepare(`
      INSERT INTO answer (session, id, text) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET text = excluded.text`),
    setHints: prepare(`
      INSERT INTO hint (session, step, check_index, count) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET count = excluded.count`),
    forget: [
      ...['step', 'answer', 'hint'].map((table) => prepare(`DELETE FROM ${table} WHERE session = ?`)),
      prepare('UPDATE session SET used_ms = 0 WHERE id = ?'),
    ],
    lastVerdict: prepare(`SELECT * ${ofCheck} ORDER BY number DESC LIMIT 1`),
    repeatVerdict: prepare(`
      UPDATE verdict SET repeats = repeats + 1, last_at = ?, is_asked = max(is_asked, ?) WHERE number = ?`),
    addVerdict: prepare(`
      INSERT INTO verdict (session, step, check_index, family, outcome, reason, evidence, lab_hash, is_asked, at, last_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    countVerdicts: prepare(`SELECT count(*) AS count ${ofCheck}`),
    dropVerdict: prepare(`
      DELETE FROM verdict WHERE number = (SELECT number ${ofCheck} AND number <> ? ORDER BY outcome = 'pass', number LIMIT 1)`),
    timeline: prepare('SELECT entry FROM timeline WHERE session = ? ORDER BY id'),
    timelineState: prepare('SELECT state FROM timeline WHERE session = ? AND id = ?'),
    saveTimeline: prepare(`
      INSERT INTO timeline (session, id, entry, state) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET entry = excluded.entry, state = coalesce(excluded.state, state)`),
    dropTimeline: prepare(`
      DELETE FROM timeline WHERE session = ? AND id <= (
        SELECT id FROM timeline WHERE session = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`),
    forgetTimeline: prepare('DELETE FROM timeline WHERE session = ?'),
    forgetEarlierTimelines: prepare(`
      DELETE FROM timeline WHERE session IN (SELECT id FROM session WHERE learner = ? AND lab = ?)`),
    progress: prepare(`
      SELECT lab, id AS session, ended_at FROM session
      WHERE number IN (SELECT max(number) FROM session WHERE learner = ? GROUP BY lab) ORDER BY number`),
    verdicts: prepare('SELECT * FROM verdict WHERE session = ?1 AND (?2 IS NULL OR step = ?2) ORDER BY number'),
  }
}
