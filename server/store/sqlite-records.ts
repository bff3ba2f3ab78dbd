import { type Change, carryOut } from './change.js'
import { newId } from './id.js'
import type { Work } from './query.js'
import { deleteLearner, readLocalLearner, readOpenSessions } from './reads.js'
import { now, Recorder } from './recorder.js'
import type { Deleted, SessionRecord, Standing } from './records.js'
import { openDatabase, SqliteWorker } from './sqlite-database.js'
import { sqliteMigrations } from './sqlite-migrations.js'

/**
 * Records in one SQLite file. It is in this process, and its calls take some tens of microseconds: each is carried out before the
 * call returns its promise, so that no other comes between.
 */
export class SqliteRecords extends Recorder {
  readonly id: string
  readonly standing: Standing = 'current'

  private constructor(private readonly worker: SqliteWorker) {
    super()
    this.id = idOf(worker)
  }

  /** Opens the file, made if missing. @throws VethlabError records.unusable */
  static open(path: string): SqliteRecords {
    return new SqliteRecords(openWorker(path))
  }

  onStanding(): () => void {
    return () => {}
  }

  async localLearner(): Promise<string> {
    return this.worker.write(localLearner(newId()))
  }

  async openSessions(): Promise<SessionRecord[]> {
    return this.worker.read(readOpenSessions(this.id))
  }

  /** Deletes a learner with all that is kept of them. @returns undefined where there is none of that id */
  async deleteLearner(id: string): Promise<Deleted | undefined> {
    return this.worker.write(deleteLearner(id))
  }

  protected async write(change: Change): Promise<void> {
    this.worker.write(carryOut(change))
  }

  protected async read<T>(work: () => Work<T>): Promise<T> {
    return this.worker.read(work())
  }

  protected async transact<T>(work: () => Work<T>): Promise<T> {
    return this.worker.write(work())
  }

  async close(): Promise<void> {
    this.worker.close()
  }
}

/** The local learner, who gets this id where there is none. */
export function* localLearner(id: string): Work<string> {
  yield* carryOut({ do: 'learner', id, local: true, at: now() })
  return (yield* readLocalLearner())!
}

/** @throws VethlabError records.unusable */
export function openWorker(path: string): SqliteWorker {
  return new SqliteWorker(path, openDatabase(path, sqliteMigrations))
}

export function idOf(worker: SqliteWorker): string {
  return (worker.database.prepare('SELECT id FROM identity').get() as { id: string }).id
}
