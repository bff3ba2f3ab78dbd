import { stringify } from 'csv-stringify/sync'
import type { ClassView, SeatView } from '../protocol/classes.js'

/** A value that a spreadsheet would take for a formula begins with an apostrophe then (OWASP, CSV injection). */
function guarded(value: string): string {
  return /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
}

/** One row a learner, lab and step: what a class has done. Pure. */
function rowsOf({ labs }: Pick<ClassView, 'labs'>, seats: readonly SeatView[]) {
  return seats.flatMap((seat) =>
    labs.flatMap((lab) =>
      lab.steps.map((step) => ({
        name: seat.name,
        id: seat.student ?? '',
        email: seat.email ?? '',
        group: seat.section ?? '',
        lab: lab.id,
        step: step.id,
        state: seat.cells[lab.id]?.[step.id]?.state ?? 'open',
      })),
    ),
  )
}

/** CSV by RFC 4180, with a line of headings. Pure. */
export function classCsv(view: Pick<ClassView, 'labs'>, seats: readonly SeatView[]): string {
  const rows = rowsOf(view, seats).map((row) =>
    Object.fromEntries(Object.entries(row).map(([key, value]) => [key, guarded(value)])),
  )
  const columns = ['name', 'id', 'email', 'group', 'lab', 'step', 'state']
  return stringify(rows, { header: true, columns, record_delimiter: '\r\n' })
}

/** The same, a line of JSON each. Pure. */
export function classJsonLines(view: Pick<ClassView, 'labs'>, seats: readonly SeatView[]): string {
  return rowsOf(view, seats)
    .map((row) => `${JSON.stringify(row)}\n`)
    .join('')
}
