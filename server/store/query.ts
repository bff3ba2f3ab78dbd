/** What both databases take and give. Whole numbers stay below 2^53. */
export type Value = string | number | null | Uint8Array

/** SQL that SQLite and PostgreSQL both understand, with `?` for each value. */
export interface Query {
  sql: string
  values: readonly Value[]
  /** The answer is how many rows were changed, as one row with `changes`. */
  counts?: true
}

export type Row = Record<string, unknown>

/**
 * What is to be done in one transaction: yields its queries one after the other and is given the rows of each. So the same code
 * runs at once on SQLite, and step by step over a connection on PostgreSQL.
 */
export type Work<T> = Generator<Query, T, Row[]>

export function* ask<R = Row>(sql: string, ...values: Value[]): Work<R[]> {
  return (yield { sql, values }) as R[]
}

/** @returns how many rows were changed */
export function* countChanged(sql: string, ...values: Value[]): Work<number> {
  const [row] = yield { sql, values, counts: true }
  return row!.changes as number
}

/** Runs work whose answers are there at once. */
export function runAtOnce<T>(work: Work<T>, answer: (query: Query) => Row[]): T {
  let step = work.next()
  while (!step.done) step = work.next(answer(step.value))
  return step.value
}

/** Runs work whose answers come later. */
export async function runInTurn<T>(work: Work<T>, answer: (query: Query) => Promise<Row[]>): Promise<T> {
  let step = work.next()
  while (!step.done) step = work.next(await answer(step.value))
  return step.value
}
