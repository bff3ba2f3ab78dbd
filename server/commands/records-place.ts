import { access } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { VethlabError } from '../error/vethlab-error.js'
import { defaultStatePath, StateDirectory } from '../rack/state-directory.js'
import { type Archive, inPostgres, inSqliteFile } from '../store/archive.js'
import { outboxFile } from '../store/open-records.js'
import { addressText } from '../store/postgres-database.js'
import { databaseOf, recordsFile } from './database.js'

export interface RecordsOptions {
  state?: string
  database?: string
}

export type RecordsPlace = Awaited<ReturnType<typeof recordsPlace>>

/** Where the records of a server are, and how to work on them. */
export async function recordsPlace(options: RecordsOptions) {
  const database = await databaseOf(options)
  const state = StateDirectory.at(resolve(options.state ?? defaultStatePath()))
  const path = join(state.records, recordsFile)
  const outbox = join(state.records, outboxFile)
  /** The files are the web's: as its user nothing else can be reached, whatever lies there. */
  const asWeb = async <T>(work: () => Promise<T>): Promise<T> => {
    process.setgroups!([])
    process.setegid!(state.webUser)
    process.seteuid!(state.webUser)
    try {
      return await work()
    } finally {
      process.seteuid!(0)
      process.setegid!(0)
    }
  }
  return {
    state,
    database,
    path,
    name: database === undefined ? path : addressText(database),
    asWeb,
    use: <T>(work: (archive: Archive) => Promise<T>): Promise<T> =>
      database === undefined ? asWeb(() => inSqliteFile(path, work)) : inPostgres(database, work),
    /** What waits here for the database is of the same learners. */
    async inOutbox(work: (archive: Archive) => Promise<unknown>): Promise<void> {
      if (await exists(outbox)) await asWeb(() => inSqliteFile(outbox, work))
    },
  }
}

/** @throws VethlabError records.unusable */
export async function requireRecords({ path }: RecordsPlace): Promise<void> {
  if (await exists(path)) return
  throw new VethlabError('records.unusable', 'is not there', {
    place: path,
    cure: 'Name the state directory with --state, or the database with --database.',
  })
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
