import type { StatementSyncInstance } from '@photostructure/sqlite'
import { type Change, changeText } from './change.js'
import { ask, type Work } from './query.js'
import { deleteLearner } from './reads.js'
import type { SqliteWorker } from './sqlite-database.js'

/** How much may wait: bytes of changes. Timelines, which are large and the least to be missed, give way at a quarter of that. */
export const mostWaitingBytes = 256 * 1024 ** 2

/** What was delivered is kept for so long: a standby that takes over may lack the last moments of what the primary had taken. */
const keptMs = 15 * 60_000
const pruneMs = 60_000
/** Of a delivery in one transaction. */
const mostChanges = 200
const mostBytes = 4 * 1024 ** 2

export interface Waiting {
  number: number
  change: Change
}

/**
 * Changes that a database elsewhere is to have, in the order of their numbers, in the file of the worker. They have to be put in within a
 * transaction of it.
 */
export class Outbox {
  readonly #insert: StatementSyncInstance
  /** Up to where all is delivered, as far as is known here. */
  #delivered: number
  #bytes = 0
  #count = 0
  #prunedAt = 0

  constructor(
    private readonly worker: SqliteWorker,
    private readonly limitBytes = mostWaitingBytes,
  ) {
    const { database } = worker
    this.#insert = database.prepare('INSERT INTO outbox (change, at) VALUES (?, ?)')
    this.#delivered = (database.prepare('SELECT delivered FROM outbox_mark').get() as { delivered: number }).delivered
    this.countAnew()
  }

  /** How many changes wait. */
  get count(): number {
    return this.#count
  }

  /** Whether that change has no room. */
  isFullFor(change: Change): boolean {
    return this.#bytes > (change.do === 'timeline' ? this.limitBytes / 4 : this.limitBytes)
  }

  add(change: Change): void {
    const text = changeText(change)
    this.#insert.run(text, change.at)
    this.#bytes += Buffer.byteLength(text)
    this.#count++
  }

  /** The number of the last change that was put in; 0 before the first. */
  get last(): number {
    const row = this.worker.database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").get()
    return (row as { seq: number } | undefined)?.seq ?? 0
  }

  get delivered(): number {
    return this.#delivered
  }

  /** The next changes behind that number. */
  next(behind: number, most = mostChanges): Waiting[] {
    const rows = this.worker.database
      .prepare('SELECT number, change FROM outbox WHERE number > ? AND refused IS NULL ORDER BY number LIMIT ?')
      .all(behind, most) as { number: number; change: string }[]
    const some: Waiting[] = []
    let bytes = 0
    for (const { number, change } of rows) {
      bytes += change.length
      if (some.length > 0 && bytes > mostBytes) break
      some.push({ number, change: JSON.parse(change) as Change })
    }
    return some
  }

  /** The database has all up to that number, and no more: it may be less than was delivered once. */
  mark(number: number): void {
    const { database } = this.worker
    const before = this.#delivered
    if (number !== before) database.prepare('UPDATE outbox_mark SET delivered = ?').run(number)
    this.#delivered = number
    if (number < before) this.countAnew()
    else if (number > before) {
      const { bytes, count } = this.#sums('number > ? AND number <= ?', before, number)
      this.#bytes = Math.max(0, this.#bytes - bytes)
      this.#count = Math.max(0, this.#count - count)
      this.#passOver(number)
    }
    if (Date.now() - this.#prunedAt < pruneMs) return
    this.#prunedAt = Date.now()
    const old = new Date(Date.now() - keptMs).toISOString()
    database.prepare('DELETE FROM outbox WHERE number <= ? AND at < ? AND refused IS NULL').run(number, old)
  }

  /** Numbers that the database has already are given to nothing new: it would be taken for delivered. */
  #passOver(number: number): void {
    const { last } = this
    if (number <= last) return
    const { database } = this.worker
    if (last > 0) database.prepare("UPDATE sqlite_sequence SET seq = ? WHERE name = 'outbox'").run(number)
    else database.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', ?)").run(number)
  }

  /** Another process may have taken some of it out. */
  countAnew(): void {
    const { bytes, count } = this.#sums('number > ?', this.#delivered)
    this.#bytes = bytes
    this.#count = count
  }

  #sums(where: string, ...values: number[]): { bytes: number; count: number } {
    const sql = `SELECT coalesce(sum(length(CAST(change AS BLOB))), 0) AS bytes, count(*) AS count FROM outbox
      WHERE refused IS NULL AND ${where}`
    return this.worker.database.prepare(sql).get(...values) as { bytes: number; count: number }
  }

  /** The database will never take it: it is put aside, with the reason, and the others go on. */
  refuse(number: number, why: string): void {
    this.worker.database.prepare('UPDATE outbox SET refused = ? WHERE number = ?').run(why, number)
    this.countAnew()
  }

  /** What belongs to somebody who was deleted is not kept either. */
  drop(number: number): void {
    this.worker.database.prepare('DELETE FROM outbox WHERE number = ?').run(number)
    this.countAnew()
  }
}

/** Takes out of an outbox all that is of a learner and these sessions of theirs, and of what is kept beside it. */
export function* forgetLearner(learner: string, sessions: readonly string[]): Work<void> {
  const own = yield* ask<{ id: string }>('SELECT id FROM session WHERE learner = ?', learner)
  for (const id of new Set([...sessions, ...own.map((session) => session.id)])) {
    yield* ask("DELETE FROM outbox WHERE json_extract(change, '$.session') = ?", id)
  }
  yield* ask(
    "DELETE FROM outbox WHERE json_extract(change, '$.do') = 'learner' AND json_extract(change, '$.id') = ?",
    learner,
  )
  yield* deleteLearner(learner)
}
