import { setTimeout as sleep } from 'node:timers/promises'
import { Pool, type PoolClient } from 'pg'
import { logOnce } from '../error/log-once.js'
import { VethlabError } from '../error/vethlab-error.js'
import { oneLine } from '../wording/one-line.js'
import { isBehind } from './behind.js'
import { type Change, carryOut } from './change.js'
import { newId } from './id.js'
import { Outbox } from './outbox.js'
import type { PostgresAddress } from './postgres-address.js'
import {
  addressText,
  clientConfig,
  inTransaction,
  isPassing,
  isRefusal,
  prepareTables,
  translated,
  workOn,
} from './postgres-database.js'
import { ask, type Work } from './query.js'
import { readLocalLearner, readOpenSessions, readProgress, readSession } from './reads.js'
import { Recorder } from './recorder.js'
import type { LabProgress, SessionRecord, Standing } from './records.js'
import type { SqliteWorker } from './sqlite-database.js'
import { idOf, localLearner, openWorker } from './sqlite-records.js'
import { keptName } from './text.js'

/** Deliveries and reads of pages side by side; each server has so many of the database's connections at most. */
const mostConnections = 4
/** What waits for longer is behind. */
const behindMs = 2_000
/** A page waits no longer for the database than that. */
const readMs = 3_000
const firstPauseMs = 200
const longestPauseMs = 2_000
/** How often a database that nothing is delivered to is asked how far it is. */
const checkMs = 30_000
/** Of the last delivery, when the process ends. */
const endMs = 1_000
/** Learners whose progress is remembered, for when the database is away. */
const mostRemembered = 1_000

export interface PostgresRecordsOptions {
  /** `mostWaitingBytes` */
  limitBytes?: number
}

/**
 * Records in PostgreSQL. What is written is first taken down in a SQLite file on this machine, its outbox, and delivered from there in the
 * order in which it came, each change once: the database itself keeps how far it is (`delivery`), in the transaction of the
 * changes. So neither a lost connection nor a killed process loses anything, and nobody waits for the database to write.
 *
 * The file has also the sessions that this server works with, as they are with all that waits: reads are answered by the database
 * once it has all that was written before, and from the file while it can't be reached.
 */
export class PostgresRecords extends Recorder {
  readonly id: string
  readonly #outbox: Outbox
  readonly #pool: Pool
  readonly #followers = new Set<(standing: Standing) => void>()
  readonly #progress = new Map<string, LabProgress[]>()
  readonly #timer: NodeJS.Timeout
  #standing: Standing = 'current'
  #isPrepared = false
  #isClosed = false
  /** What the last failure of an outage said. */
  #why: string | undefined
  /** Since when the database has not taken what waits, or has not answered. */
  #lateSince: number | undefined
  #wake: (() => void) | undefined
  #delivering: Promise<void> | undefined
  #waiters: { number: number; resolve(): void }[] = []
  /** A change up to this number is refused: they are delivered one by one. */
  #singleUpTo = 0

  private constructor(
    private readonly worker: SqliteWorker,
    private readonly address: PostgresAddress,
    { limitBytes }: PostgresRecordsOptions,
  ) {
    super()
    this.id = idOf(worker)
    this.#outbox = new Outbox(worker, limitBytes)
    this.#pool = new Pool({ ...clientConfig(address), max: mostConnections, idleTimeoutMillis: 60_000 })
    // Of a connection that was idle: the next one tells.
    this.#pool.on('error', () => this.#wakeUp())
    // A connection may be lost while nothing is asked of it, even in the moment in which it is handed out; whoever asks next is told.
    this.#pool.on('connect', (client) => client.on('error', () => {}))
    this.#timer = setInterval(() => this.#judge(), 500).unref()
  }

  /**
   * @param path of the outbox; made if missing
   * @throws VethlabError records.unusable for a file or a database that can't be used; records.behind where the database can't be
   * reached and nothing is known of it here
   */
  static async open(
    path: string,
    address: PostgresAddress,
    options: PostgresRecordsOptions = {},
  ): Promise<PostgresRecords> {
    const worker = openWorker(path)
    const records = new PostgresRecords(worker, address, options)
    try {
      if (records.#outbox.count === 0) worker.write(ask('DELETE FROM session WHERE ended_at IS NOT NULL'))
      await records.#deliverOnce().catch((error: unknown) => {
        const told = translated(address, error)
        const isAway = isBehind(told)
        if (!isRefusal(error) && (!isAway || worker.read(readLocalLearner()) === undefined)) throw told
        records.#failed(error)
        if (isAway) records.#stand('behind')
      })
    } catch (error) {
      await records.#end()
      throw error
    }
    records.#delivering = records.#deliver()
    return records
  }

  get standing(): Standing {
    return this.#standing
  }

  onStanding(tell: (standing: Standing) => void): () => void {
    this.#followers.add(tell)
    return () => this.#followers.delete(tell)
  }

  /** How many changes wait. */
  get waiting(): number {
    return this.#outbox.count
  }

  async localLearner(): Promise<string> {
    const known = this.worker.read(readLocalLearner())
    const found = await this.#fromDatabase(() => localLearner(known ?? newId()), 'BEGIN')
    const id = found?.value ?? known
    if (id === undefined) throw this.#behind()
    if (id !== known) this.worker.write(makeLocal(id))
    return id
  }

  async openSessions(): Promise<SessionRecord[]> {
    // They are this server's own, and all of them are here.
    return this.worker.read(readOpenSessions(this.id))
  }

  override async latestSession(learner: string, lab: string): Promise<SessionRecord | undefined> {
    const found = await super.latestSession(learner, lab)
    if (found && this.worker.read(readSession(found.id)) === undefined) this.worker.write(adopt(found))
    return found
  }

  override async progress(learner: string): Promise<LabProgress[]> {
    const who = keptName(learner, 'learner')
    const found = await this.#fromDatabase(() => readProgress(who))
    if (found) {
      if (this.#progress.size >= mostRemembered) this.#progress.clear()
      this.#progress.set(who, found.value)
      return found.value
    }
    const here = this.worker.read(readProgress(who))
    const before = this.#progress.get(who) ?? []
    return [...before.filter(({ lab }) => !here.some((one) => one.lab === lab)), ...here]
  }

  protected async write(change: Change): Promise<void> {
    const isFull = this.#outbox.isFullFor(change)
    if (isFull && change.do !== 'timeline') {
      this.#stand('full')
      throw new VethlabError('records.full', `${this.#outbox.count} changes wait for the database, and no more may`, {
        place: this.worker.path,
        cure: `Let this machine reach ${addressText(this.address)}.`,
      })
    }
    this.worker.write(carryOut(change), isFull ? undefined : () => this.#outbox.add(change))
    if (isFull)
      logOnce(
        new VethlabError('records.full', 'timelines are not kept now', {
          place: this.worker.path,
          cure: 'Let this machine reach its database.',
        }),
        'records',
      )
    this.#lateSince ??= Date.now()
    this.#wakeUp()
  }

  protected async read<T>(work: () => Work<T>, session?: string): Promise<T> {
    const found = await this.#fromDatabase(work)
    if (found) return found.value
    const known = this.worker.read(work())
    const isKnown = session === undefined ? known !== undefined : this.worker.read(readSession(session)) !== undefined
    if (!isKnown) throw this.#behind()
    return known
  }

  protected async transact<T>(work: () => Work<T>): Promise<T> {
    const done = await this.#fromDatabase(work, 'BEGIN')
    if (!done) throw this.#behind()
    return done.value
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    if (this.#standing === 'current') await within(endMs, this.#settled()).catch(() => {})
    await this.#end()
  }

  async #end(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    this.#wakeUp()
    // A connection that hangs is not waited for.
    await within(endMs, this.#pool.end()).catch(() => {})
    await within(endMs, this.#delivering ?? Promise.resolve()).catch(() => {})
    this.worker.close()
  }

  // ---- Reading ----

  /** @returns undefined while the database can't be reached. @throws what else it says */
  async #fromDatabase<T>(
    work: () => Work<T>,
    begin = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
  ): Promise<{ value: T } | undefined> {
    if (this.#standing !== 'current') return undefined
    try {
      return await within(
        readMs,
        this.#settled().then(async () => ({
          value: await this.#connected((client) => inTransaction(client, () => workOn(client, work()), begin)),
        })),
      )
    } catch (error) {
      if (!isPassing(error)) throw translated(this.address, error)
      this.#failed(error)
      this.#stand('behind')
      this.#wakeUp()
      return undefined
    }
  }

  /** Resolves when all that was written until now is in the database. */
  #settled(): Promise<void> {
    const number = this.#outbox.last
    if (this.#outbox.count === 0) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push({ number, resolve }))
  }

  async #connected<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect()
    let broken: Error | undefined
    try {
      return await work(client)
    } catch (error) {
      if (isPassing(error)) broken = error as Error
      throw error
    } finally {
      client.release(broken)
    }
  }

  #behind(): VethlabError {
    return new VethlabError('records.behind', "can't be reached, and what was asked for is not known here", {
      place: addressText(this.address),
      cure: 'Try it again once PostgreSQL is back.',
    })
  }

  // ---- Delivering ----

  async #deliver(): Promise<void> {
    let pauseMs = firstPauseMs
    while (!this.#isClosed) {
      if (this.#outbox.count === 0 && this.#standing === 'current') await this.#woken(checkMs)
      if (this.#isClosed) return
      try {
        await this.#deliverOnce()
        pauseMs = firstPauseMs
      } catch (error) {
        if (this.#isClosed) return
        this.#failed(error)
        if (isRefusal(error)) continue
        await sleep(pauseMs * (0.75 + Math.random() / 2))
        pauseMs = Math.min(pauseMs * 2, longestPauseMs)
      }
    }
  }

  /** @throws what the database says */
  async #deliverOnce(): Promise<void> {
    let at: number | undefined
    const most = this.#outbox.delivered < this.#singleUpTo ? 1 : undefined
    try {
      const number = await this.#connected(async (client) => {
        if (!this.#isPrepared) await prepareTables(client, this.address)
        this.#isPrepared = true
        return inTransaction(client, async () => {
          await client.query('INSERT INTO delivery (server, number) VALUES ($1, 0) ON CONFLICT DO NOTHING', [this.id])
          // Whoever else delivers from this file, such as the process before this one, has to end first.
          const { rows } = await client.query<{ number: number }>(
            'SELECT number FROM delivery WHERE server = $1 FOR UPDATE',
            [this.id],
          )
          let delivered = rows[0]!.number
          const some = this.#outbox.next(delivered, most)
          if (some.length === 0) this.#outbox.countAnew()
          for (const { number, change } of some) {
            at = number
            await workOn(client, carryOut(change))
            delivered = number
          }
          at = undefined
          await client.query('UPDATE delivery SET number = $2 WHERE server = $1', [this.id, delivered])
          return delivered
        })
      })
      this.#outbox.mark(number)
    } catch (error) {
      if (at !== undefined && isRefusal(error)) this.#refused(at, most === 1, error)
      throw error
    }
    this.#lateSince = this.#outbox.count === 0 ? undefined : Date.now()
    const { delivered } = this.#outbox
    const isAll = this.#outbox.count === 0
    const ready = this.#waiters.filter(({ number }) => isAll || number <= delivered)
    this.#waiters = this.#waiters.filter((waiter) => !ready.includes(waiter))
    for (const { resolve } of ready) resolve()
    if (isAll) this.#stand('current')
    else if (this.#standing === 'full') this.#stand('behind')
  }

  /** With others in its transaction it may have been another one's fault: they are tried one by one first. */
  #refused(number: number, wasAlone: boolean, error: unknown): void {
    if (!wasAlone && this.#outbox.next(this.#outbox.delivered, 2).length > 1) {
      this.#singleUpTo = number
      return
    }
    const told = translated(this.address, error)
    const isGone = told instanceof VethlabError && told.code === 'session.not-found'
    const [waiting] = this.#outbox.next(number - 1, 1)
    if (isGone) this.#outbox.drop(number)
    else this.#outbox.refuse(number, oneLine((error as Error).message))
    const what = isGone ? 'its learner was deleted' : `it is put aside: ${(error as Error).message}`
    process.stderr.write(
      `vethlab records: change ${number} (${waiting?.change.do}) is not recorded, ${oneLine(what)}\n`,
    )
  }

  #failed(error: unknown): void {
    this.#lateSince ??= Date.now()
    this.#isPrepared = false
    const told = translated(this.address, error)
    if (told instanceof VethlabError) this.#why = told.message
    else logOnce(told, 'records')
  }

  #judge(): void {
    if (this.#standing !== 'current' || this.#lateSince === undefined) return
    if (Date.now() - this.#lateSince > behindMs) this.#stand('behind')
  }

  #stand(standing: Standing): void {
    if (standing === this.#standing) return
    this.#standing = standing
    const place = addressText(this.address)
    const waiting = `${this.#outbox.count} changes wait in ${this.worker.path}`
    const lines = {
      current: `${place} has all that waited`,
      behind: `${waiting} for the database, whose latest words are: ${this.#why ?? `${place} does not answer`}`,
      full: `${waiting}, and no more may: what is written now is not recorded`,
    }
    process.stderr.write(`vethlab records: ${lines[standing]}\n`)
    if (standing === 'current') this.#why = undefined
    for (const tell of this.#followers) tell(standing)
  }

  #wakeUp(): void {
    this.#wake?.()
  }

  #woken(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref()
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

function* makeLocal(id: string): Work<void> {
  yield* ask('UPDATE learner SET is_local = 0 WHERE is_local = 1')
  yield* ask(
    `INSERT INTO learner (id, is_local, created_at) VALUES (?, 1, ?) ON CONFLICT (id) DO UPDATE SET is_local = 1`,
    id,
    new Date().toISOString(),
  )
}

/** Keeps a session that the database told of, so that it is known here while that is away. */
function* adopt(found: SessionRecord): Work<void> {
  const { id, learner, lab, labHash = null, seed = null, server, rack, createdAt } = found
  const { endedAt = null, endReason = null, usedMs } = found
  yield* carryOut({ do: 'learner', id: learner, local: false, at: createdAt })
  yield* ask(
    `INSERT INTO session (id, learner, lab, lab_hash, seed, server, rack, created_at, ended_at, end_reason, used_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[id, learner, lab, labHash, seed, server, rack, createdAt, endedAt, endReason, usedMs],
  )
  for (const [step, { state, at }] of Object.entries(found.steps)) {
    yield* carryOut({ do: 'step', session: id, step, state, at })
  }
  const at = createdAt
  for (const [step, help] of Object.entries(found.help)) yield* carryOut({ do: 'help', session: id, step, ...help, at })
  for (const [answer, text] of Object.entries(found.answers)) {
    yield* carryOut({ do: 'answer', session: id, id: answer, text, at })
  }
  for (const [step, checks] of Object.entries(found.hints)) {
    for (const [check, count] of Object.entries(checks)) {
      yield* carryOut({ do: 'hints', session: id, step, check: Number(check), count, at })
    }
  }
}

/** @throws Error when it takes longer */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms)
  })
  // What comes later is of no interest.
  work.catch(() => {})
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
