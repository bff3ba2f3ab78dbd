import { join } from 'node:path'
import type { PostgresAddress } from './postgres-address.js'
import { PostgresRecords } from './postgres-records.js'
import type { Records } from './records.js'
import { SqliteRecords } from './sqlite-records.js'

/** What waits for a database elsewhere, below the directory of the records. */
export const outboxFile = 'outbox.sqlite'

/**
 * The records of a server: in a file of that name in its directory, or in PostgreSQL with an outbox there.
 * @throws VethlabError records.unusable, records.behind
 */
export async function openRecords(directory: string, file: string, database?: PostgresAddress): Promise<Records> {
  return database === undefined
    ? SqliteRecords.open(join(directory, file))
    : PostgresRecords.open(join(directory, outboxFile), database)
}
