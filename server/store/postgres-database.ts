import { Client, type ClientConfig, type PoolClient, type QueryResult, types } from 'pg'
import { VethlabError } from '../error/vethlab-error.js'
import { oneLine } from '../wording/one-line.js'
import { notOnRecord } from './change.js'
import type { PostgresAddress } from './postgres-address.js'
import { postgresMigrations } from './postgres-migrations.js'
import { type Query, type Row, runInTurn, type Work } from './query.js'
import { notKept } from './sqlite-database.js'

/** PostgreSQL 15, as the server says it. */
const oldestServer = 150_000

/** For a connection to be made. */
const connectMs = 5_000
/** For a statement: on the server, and a little later here, where the server doesn't answer at all. */
const statementMs = 10_000
const answerMs = statementMs + 2_000

/** Of vethlab's migrations: any number that no other program takes, "veth". */
const migrationLock = 0x76657468

/** How to connect to that database: with deadlines for all that may hang. */
export function clientConfig(address: PostgresAddress): ClientConfig {
  return {
    ...address,
    application_name: 'vethlab',
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    query_timeout: answerMs,
    lock_timeout: statementMs,
    idle_in_transaction_session_timeout: statementMs,
    keepAlive: true,
    types: {
      // Counts and numbers of rows: far below 2^53.
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === types.builtins.INT8 ? Number : types.getTypeParser(oid, format as 'text'),
    } as NonNullable<ClientConfig['types']>,
  }
}

/** Runs work on a connection, without a transaction around it. */
export async function workOn<T>(client: Client | PoolClient, work: Work<T>): Promise<T> {
  return runInTurn(work, (query) => rowsOf(client, query))
}

async function rowsOf(client: Client | PoolClient, { sql, values, counts }: Query): Promise<Row[]> {
  let at = 0
  const text = sql.replace(/\?/g, () => `$${++at}`)
  const { rows, rowCount }: QueryResult<Row> = await client.query(text, [...values])
  return counts ? [{ changes: rowCount ?? 0 }] : rows
}

/** All or nothing. @throws what the database says: see `translated` */
export async function inTransaction<T>(
  client: Client | PoolClient,
  work: () => Promise<T>,
  begin = 'BEGIN',
): Promise<T> {
  await client.query(begin)
  try {
    const result = await work()
    await client.query('COMMIT')
    return result
  } catch (error) {
    // One that is gone, or stands still, is not waited for once more: whoever has the connection ends it.
    if (!isPassing(error)) await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}

/**
 * Brings the tables to the newest version, made if missing.
 * @throws VethlabError records.unusable for a server that is too old, and for tables of a newer vethlab or of another program
 */
export async function prepareTables(client: Client | PoolClient, address: PostgresAddress): Promise<void> {
  const { rows } = await client.query<{ server_version_num: string }>('SHOW server_version_num')
  const version = Number(rows[0]?.server_version_num)
  const place = addressText(address)
  if (!(version >= oldestServer)) {
    const what = `is PostgreSQL ${Math.floor(version / 10_000)}, and vethlab needs 15 or newer`
    throw unusable(place, what, 'Name a newer server with --database.')
  }
  for (;;) {
    const more = await inTransaction(client, () => migrateOnce(client, place))
    if (!more) return
  }
}

async function migrateOnce(client: Client | PoolClient, place: string): Promise<boolean> {
  // Two servers may begin at once.
  await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock])
  const { rows: found } = await client.query<{ ours: string | null; other: string | null }>(
    "SELECT to_regclass('vethlab_version')::text AS ours, to_regclass('session')::text AS other",
  )
  if (found[0]?.ours === null) {
    if (found[0].other !== null) {
      throw unusable(place, 'has tables of another program', 'Give vethlab a database of its own.')
    }
    await client.query('CREATE TABLE vethlab_version (version INTEGER NOT NULL)')
    await client.query('INSERT INTO vethlab_version (version) VALUES (0)')
  }
  const { rows } = await client.query<{ version: number }>('SELECT version FROM vethlab_version')
  const version = rows[0]?.version ?? 0
  const newest = postgresMigrations.length
  if (version > newest) {
    const what = `has tables of version ${version}, and this vethlab knows ${newest}`
    throw unusable(place, what, 'Use the newer vethlab that made them, or name another database.')
  }
  const step = postgresMigrations[version]
  if (step === undefined) return false
  await client.query(step)
  await client.query('UPDATE vethlab_version SET version = $1', [version + 1])
  return true
}

/** Connects once, for a command. @throws VethlabError records.unusable, records.behind */
export async function withClient<T>(address: PostgresAddress, work: (client: Client) => Promise<T>): Promise<T> {
  // What a command reads or writes may come slowly.
  const client = new Client({ ...clientConfig(address), idle_in_transaction_session_timeout: 0 })
  // Of a connection that is lost while nothing is asked.
  client.on('error', () => {})
  try {
    await client.connect()
    await prepareTables(client, address)
    return await work(client)
  } catch (error) {
    throw translated(address, error)
  } finally {
    await client.end().catch(() => {})
  }
}

/** The address without a password, as a person writes it. */
export function addressText({ host, port, database, user }: PostgresAddress): string {
  const isSocket = host.startsWith('/')
  const where = isSocket ? '' : `${host.includes(':') ? `[${host}]` : host}:${port}`
  const query = isSocket ? `?host=${encodeURIComponent(host)}&port=${port}` : ''
  return `postgres://${encodeURIComponent(user)}@${where}/${encodeURIComponent(database)}${query}`
}

/**
 * Whether it will be otherwise by itself: the server is away, restarts, is a standby that becomes the primary, or has no time. Also what
 * nobody foresaw, such as a table that somebody removed: what waits goes on waiting.
 */
export function isPassing(error: unknown): boolean {
  return !(error instanceof VethlabError) && !isRefusal(error) && !isSettings(error)
}

/** The database took the connection, and will never take that value. */
export function isRefusal(error: unknown): boolean {
  return error instanceof VethlabError ? error.code === 'session.not-found' : /^2[23]/.test(codeOf(error))
}

/** Nobody is let in so, or there is no such database: an operator has to mend that. */
function isSettings(error: unknown): boolean {
  return /^(?:28|3D|3F|42501)/.test(codeOf(error))
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : ''
}

/** As whoever called is to be told. */
export function translated(address: PostgresAddress, error: unknown): unknown {
  // A bug is no outage.
  if (error instanceof VethlabError || error instanceof TypeError || error instanceof RangeError) return error
  const place = addressText(address)
  const { message } = error as Error
  const code = codeOf(error)
  if (code === '23503') return notOnRecord('session or learner', error)
  if (isRefusal(error)) return notKept(message, error)
  if (isSettings(error)) {
    const cure = 'Mend the address, the password, or the rights in that database.'
    return unusable(place, `refuses: ${message}`, cure, error)
  }
  return new VethlabError('records.behind', `can't be reached: ${oneLine(message || code, 200)}`, {
    place,
    cure: 'Start PostgreSQL there, or mend the address.',
    cause: error,
  })
}

function unusable(place: string, what: string, cure: string, cause?: unknown): VethlabError {
  return new VethlabError('records.unusable', oneLine(what, 200), {
    place,
    cure,
    ...(cause === undefined ? {} : { cause }),
  })
}
