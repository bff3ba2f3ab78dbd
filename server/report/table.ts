import { stringify } from 'csv-stringify/sync'
import { oneLine } from '../wording/one-line.js'

export type Cell = string | number | undefined

/** RFC 4180. A cell that a spreadsheet would take for a formula has an apostrophe before it. */
export function table(rows: readonly (readonly Cell[])[]): string {
  const flat = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? oneLine(cell, 2000) : cell)))
  return stringify(flat, { record_delimiter: 'windows', escape_formulas: true })
}
