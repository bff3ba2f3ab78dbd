import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { z } from 'zod'
import { safeParse } from '../error/safe-parse.js'
import { schemaIssues } from '../error/schema-issue.js'
import { VethlabError } from '../error/vethlab-error.js'
import { oneLine } from '../wording/one-line.js'
import type { PostgresAddress } from './postgres-address.js'
import { addressText, inTransaction, translated, withClient, workOn } from './postgres-database.js'
import { ask, type Row, type Value, type Work } from './query.js'
import { guarded } from './sqlite-database.js'
import { openWorker } from './sqlite-records.js'
import { type Column, columnValue, lineValue, type Table, tables } from './tables.js'

/** Of the lines. One that is read must be of this version; a new one is made when a line of the old can't be read any more. */
const version = 1
/** Characters of a line: a timeline's state has some MiB at most. */
const longestLine = 20 * 1024 ** 2
/** Rows that are read at a time. */
const pageRows = 200

const Header = z.strictObject({ vethlab: z.literal('records'), version: z.int(), at: z.iso.datetime() })
const End = z.strictObject({ end: z.int().min(0) })

/** A database for a while, on which work is done in a transaction: all or nothing, and as if nobody else were there. */
export interface Archive {
  /** Where it is, as a person is told. */
  readonly place: string
  ask<T>(work: Work<T>): Promise<T>
}

/**
 * All records as lines of JSON: a header, a line for each row (`table`, `row`), and how many they were. Between both kinds of databases
 * they are the same.
 */
export async function* exportLines(archive: Archive): AsyncGenerator<string> {
  yield `${JSON.stringify({ vethlab: 'records', version, at: new Date().toISOString() })}\n`
  let rows = 0
  for (const table of tables) {
    const names = table.columns.map(({ name }) => name)
    const order = table.order.join(', ')
    const selected = [...new Set([...names, ...table.order])].join(', ')
    const places = table.order.map(() => '?').join(', ')
    let last: Row | undefined
    do {
      const behind = last === undefined ? '' : `WHERE (${order}) > (${places})`
      const page = await archive.ask(
        ask<Row>(
          `SELECT ${selected} FROM ${table.name} ${behind} ORDER BY ${order} LIMIT ${pageRows}`,
          ...(last === undefined ? [] : table.order.map((name) => last![name] as Value)),
        ),
      )
      for (const row of page) {
        rows++
        const told = Object.fromEntries(names.map((name) => [name, lineValue(row[name])]))
        yield `${JSON.stringify({ table: table.name, row: told })}\n`
      }
      last = page.length < pageRows ? undefined : page.at(-1)
    } while (last !== undefined)
  }
  yield `${JSON.stringify({ end: rows })}\n`
}

/**
 * Puts the lines of an export into records that are empty; a local learner without a session gives way. Sessions that had a rack have none
 * here: they are lost.
 * @returns how many rows there were
 * @throws VethlabError records.refused, with the number of the line that is wrong
 */
export async function importLines(archive: Archive, input: Readable): Promise<number> {
  const [some] = await archive.ask(ask<{ count: number }>('SELECT count(*) AS count FROM session'))
  const [others] = await archive.ask(ask<{ count: number }>('SELECT count(*) AS count FROM learner WHERE is_local = 0'))
  if (some!.count > 0 || others!.count > 0) {
    throw new VethlabError('records.refused', `are not empty: ${some!.count} sessions are there`, {
      place: archive.place,
      cure: 'Import into a new database, or name another file of a state directory that was never used.',
    })
  }
  await archive.ask(ask('DELETE FROM learner'))
  let number = 0
  let rows = 0
  let isEnded = false
  for await (const line of linesOf(input)) {
    number++
    try {
      if (line.length > longestLine) throw new Error(`is longer than ${longestLine} characters`)
      const value: unknown = JSON.parse(line)
      if (number === 1) checkHeader(value)
      else if (isEnded) throw new Error('stands behind the end')
      else if (typeof value === 'object' && value !== null && 'end' in value) {
        const { end } = parsed(End, value)
        if (end !== rows) throw new Error(`says that ${end} rows stand before it, and ${rows} do`)
        isEnded = true
      } else {
        await archive.ask(insert(value))
        rows++
      }
    } catch (error) {
      throw wrongLine(archive, number, error)
    }
  }
  if (!isEnded) throw wrongLine(archive, number, new Error('is the last one, and no end stands there: the file is cut'))
  await archive.ask(
    ask(
      "UPDATE session SET rack = NULL, ended_at = ?, end_reason = 'lost' WHERE ended_at IS NULL",
      new Date().toISOString(),
    ),
  )
  return rows
}

function checkHeader(value: unknown): void {
  const header = parsed(Header, value)
  if (header.version > version) {
    throw new Error(
      `is of version ${header.version}, and this vethlab knows ${version}: use the newer one that wrote it`,
    )
  }
}

const Line = z.strictObject({ table: z.enum(tables.map(({ name }) => name)), row: z.record(z.string(), z.unknown()) })
const rowSchemas = new Map(
  tables.map(({ name, columns }) => [
    name,
    z.strictObject(Object.fromEntries(columns.map((column) => [column.name, column.type]))),
  ]),
)

/** @throws Error that says what is wrong with it */
function insert(value: unknown): Work<Row[]> {
  const { table: name, row } = parsed(Line, value)
  const table = tables.find((one) => one.name === name) as Table
  const cells = parsed(rowSchemas.get(name)!, row) as Record<string, string | number | null>
  const names = table.columns.map((column) => column.name)
  const kept = (column: Column) => {
    const cell = cells[column.name]!
    // As all that is written: neither database keeps a NUL or half of a character.
    return columnValue(column, typeof cell === 'string' ? cell.toWellFormed().replaceAll('\0', '\ufffd') : cell)
  }
  return ask(
    `INSERT INTO ${name} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
    ...table.columns.map(kept),
  )
}

/** @throws Error that says the first thing that is wrong */
function parsed<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const read = safeParse(schema, value)
  if (read.success) return read.data
  const [first] = schemaIssues(schema, read.error, value)
  throw new Error(`${first!.path.length > 0 ? `${first!.path.join('.')}: ` : ''}${first!.what}`)
}

function wrongLine(archive: Archive, number: number, error: unknown): unknown {
  const why =
    error instanceof SyntaxError
      ? 'is no JSON'
      : error instanceof VethlabError
        ? `${error.what} (${error.place})`
        : (error as Error).message
  // The connection is lost, the disk is full: the line is not to blame.
  if (error instanceof VethlabError && (error.code === 'records.behind' || error.code === 'records.unusable'))
    return error
  return new VethlabError('records.refused', oneLine(why, 300), {
    place: `line ${number}`,
    cure: `Nothing was imported into ${archive.place}.`,
    cause: error,
  })
}

/** Lines as they come; what comes behind the longest one is not kept. */
async function* linesOf(input: Readable): AsyncGenerator<string> {
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) yield line
}

/** @throws VethlabError records.unusable, and what the work throws */
export async function inSqliteFile<T>(path: string, use: (archive: Archive) => Promise<T>): Promise<T> {
  const worker = openWorker(path)
  try {
    guarded(path, () => worker.database.exec('BEGIN IMMEDIATE'))
    const result = await use({ place: path, ask: async (work) => worker.read(work) })
    guarded(path, () => worker.database.exec('COMMIT'))
    return result
  } finally {
    if (worker.database.isTransaction) worker.database.exec('ROLLBACK')
    worker.close()
  }
}

/** @throws VethlabError records.unusable, records.behind, and what the work throws */
export function inPostgres<T>(address: PostgresAddress, use: (archive: Archive) => Promise<T>): Promise<T> {
  return withClient(address, (client) =>
    inTransaction(
      client,
      () =>
        use({
          place: addressText(address),
          ask: async (work) => {
            try {
              return await workOn(client, work)
            } catch (error) {
              throw translated(address, error)
            }
          },
        }),
      'BEGIN ISOLATION LEVEL REPEATABLE READ',
    ),
  )
}

/** Writes a whole copy of a SQLite file into a new one, while others may write to it. @throws VethlabError records.unusable */
export async function copyOf(path: string, copy: string): Promise<void> {
  const worker = openWorker(path)
  try {
    guarded(path, () => worker.database.prepare('VACUUM INTO ?').run(copy))
  } finally {
    worker.close()
  }
}
