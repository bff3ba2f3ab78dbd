import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type DatabaseSyncInstance, type StatementSyncInstance } from '@photostructure/sqlite'
import { VethlabError } from '../error/vethlab-error.js'
import { oneLine } from '../wording/one-line.js'
import { notOnRecord } from './change.js'
import { type Query, type Row, runAtOnce, type Work } from './query.js'

/** "veth": says whose database a file is. */
const applicationId = 0x76657468

/** How long a statement waits for another process's, in milliseconds. */
const busyTimeoutMs = 5_000

/**
 * Opens a database, made if missing, and brings it to the newest version.
 *
 * Write-ahead log, `synchronous` NORMAL: what is committed is with the kernel, so that a process killed at any time loses
 * nothing of it; where the power goes, the database is whole and at most its last moments are lost. FULL would save those
 * too, but makes the server, and everyone's terminal with it, wait for the disk at each commit.
 * @param migrations SQL, the first one for a database of version 0
 * @throws VethlabError records.unusable; a file that can't be used is left as it is
 */
export function openDatabase(path: string, migrations: readonly string[]): DatabaseSyncInstance {
  return guarded(path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    // Its log and index files get the mode of the database.
    closeSync(openSync(path, 'a', 0o600))
    examine(path, migrations.length)
    const database = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true })
    try {
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
      while (migrateOnce(database, migrations));
      return database
    } catch (error) {
      database.close()
      throw error
    }
  })
}

/** Looks before anything can write: closing a connection that may write moves the log into the file. */
function examine(path: string, newest: number): void {
  // One that was killed as it made the file left a journal; only who may write can roll it back.
  const readOnly = !existsSync(`${path}-journal`)
  const database = new DatabaseSync(path, { readOnly, timeout: busyTimeoutMs })
  try {
    const { application_id: id } = database.prepare('PRAGMA application_id').get() as { application_id: number }
    if (id !== applicationId && database.prepare('SELECT 1 FROM sqlite_schema').get() !== undefined) {
      throw unusable(path, 'is the database of another program', 'Move it away, or name another place for the records.')
    }
    const version = versionOf(database)
    if (version > newest) {
      const cure = 'Use the newer vethlab that made it, or move the file away to begin anew.'
      throw unusable(path, `is of version ${version}, and this vethlab knows ${newest}`, cure)
    }
    const [first] = database.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[]
    if (first?.quick_check !== 'ok') throw damaged(path, first?.quick_check ?? 'no answer')
  } finally {
    database.close()
  }
}

/** @returns whether there may be more to do */
function migrateOnce(database: DatabaseSyncInstance, migrations: readonly string[]): boolean {
  return transaction(database, () => {
    // Read with the lock held: two processes may have begun at once.
    const version = versionOf(database)
    const step = migrations[version]
    if (step === undefined) return false
    database.exec(step)
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version + 1}`)
    return true
  })
}

function versionOf(database: DatabaseSyncInstance): number {
  return (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version
}

/** All or nothing. The lock is taken at once, so that nothing that was read has changed when it is written. */
export function transaction<T>(database: DatabaseSyncInstance, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    // A full disk may have rolled it back already.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** Runs work in a transaction of its own. Statements are compiled once, by their SQL. */
export class SqliteWorker {
  readonly #statements = new Map<string, StatementSyncInstance>()

  constructor(
    readonly path: string,
    readonly database: DatabaseSyncInstance,
  ) {}

  /** @throws VethlabError as `guarded` */
  read<T>(work: Work<T>): T {
    return guarded(this.path, () => runAtOnce(work, this.#answer))
  }

  /** @param more is done in the same transaction, behind it. @throws VethlabError as `guarded`, and as the work */
  write<T>(work: Work<T>, more?: () => void): T {
    return guarded(this.path, () =>
      transaction(this.database, () => {
        const result = runAtOnce(work, this.#answer)
        more?.()
        return result
      }),
    )
  }

  readonly #answer = ({ sql, values, counts }: Query): Row[] => {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return counts ? [{ changes: statement.run(...values).changes }] : (statement.all(...values) as Row[])
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
}

/** What SQLite says, where that is no bug of ours; the driver gives the message, and its code not always. */
const troubles = [
  {
    says: 'database is locked',
    what: 'another process keeps it locked',
    cure: 'End that process: only one server uses it at a time.',
  },
  {
    says: 'attempt to write a readonly database',
    what: 'may not be written',
    cure: 'Give the file and its directory to the user that the server runs as.',
  },
  {
    says: 'disk I/O error',
    what: 'could not be read or written',
    cure: "See the machine's log for faults of the disk.",
  },
  { says: 'database or disk is full', what: 'the disk is full', cure: 'Make room on it.' },
  {
    says: 'unable to open database file',
    what: 'could not be opened',
    cure: 'Give the file and its directory to the user that the server runs as, or name another place.',
  },
]

/** Runs `work` on the database at `path`. @throws VethlabError records.unusable for what is wrong with the file or its disk */
export function guarded<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw translated(path, error)
  }
}

function translated(path: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { code, syscall } = error as NodeJS.ErrnoException
  if (code === 'ERR_SQLITE_ERROR') {
    if (error.message.includes('FOREIGN KEY constraint failed')) return notOnRecord('session or learner', error)
    const broken = /(?:UNIQUE|CHECK|NOT NULL) constraint failed: (.{1,100})/.exec(error.message)
    if (broken) return notKept(broken[1]!, error)
    if (/file is not a database|malformed/.test(error.message)) return damaged(path, error.message, error)
    const trouble = troubles.find(({ says }) => error.message.includes(says))
    return trouble ? unusable(path, trouble.what, trouble.cure, error) : error
  }
  // Of the directory and the file, before SQLite has it.
  if (syscall !== undefined) {
    return unusable(
      path,
      error.message,
      'Give the directory to the user that the server runs as, or name another.',
      error,
    )
  }
  return error
}

/** It breaks a rule of the tables, such as that an id is there once. */
export function notKept(rule: string, cause: unknown): VethlabError {
  return new VethlabError('records.refused', 'is there already, or has a value that no record can have', {
    place: oneLine(rule, 100),
    cure: 'This is a mistake of vethlab: report it.',
    cause,
  })
}

function unusable(path: string, what: string, cure: string, cause?: unknown): VethlabError {
  return new VethlabError('records.unusable', oneLine(what, 200), {
    place: path,
    cure,
    ...(cause === undefined ? {} : { cause }),
  })
}

function damaged(path: string, what: string, cause?: unknown): VethlabError {
  return unusable(
    path,
    `is damaged (${oneLine(what, 150)})`,
    `Move it away, with the files ${path}-wal and ${path}-shm where they are there: the next start makes a new one.`,
    cause,
  )
}
