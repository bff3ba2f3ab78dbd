import { Option } from 'commander'
import type { PostgresAddress } from '../store/postgres-address.js'
import { hasPassword, readAddress } from '../store/read-address.js'

/** Of a server's records, where they are in no database elsewhere. */
export const recordsFile = 'records.sqlite'

export function databaseOption(): Option {
  return new Option(
    '--database <url>',
    'keep records in PostgreSQL 15 or newer: postgres://USER@HOST/DATABASE; the password in PGPASSFILE, ~/.pgpass or PGPASSWORD',
  ).env('VETHLAB_DATABASE')
}

/** The database that is named; undefined where none is. @throws VethlabError argument.invalid */
export async function databaseOf({ database }: { database?: string }): Promise<PostgresAddress | undefined> {
  if (database === undefined) return undefined
  if (process.env.VETHLAB_DATABASE !== database && hasPassword(database)) {
    process.stderr.write(
      'vethlab: every user of this machine can read the password in --database; put it into a file that PGPASSFILE names, or the whole address into VETHLAB_DATABASE\n',
    )
  }
  return readAddress(database)
}
