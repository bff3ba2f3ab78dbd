import { stringify } from 'csv-stringify/sync'
import type { ClassView, SeatView } from '../protocol/classes.js'

/** A value that a spreadsheet would take for a formula begins with an apostrophe then (OWASP, CSV injection). */
function guarded(value: string): string {
  return /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
}

type Exported = Pick<ClassView, 'labs' | 'assessed'>

/** One row a learner, lab and step: what a class has done. Pure. */
function rowsOf({ labs, assessed }: Exported, seats: readonly SeatView[]) {
  return seats.flatMap((seat) =>
    labs.flatMap((lab) =>
      lab.steps.map((step) => {
        const cell = seat.cells[lab.id]?.[step.id]
        return {
          name: seat.name,
          id: seat.student ?? '',
          email: seat.email ?? '',
          group: seat.section ?? '',
          lab: lab.id,
          work: Object.hasOwn(assessed, lab.id) ? 'assessed' : 'practice',
          step: step.id,
          state: cell?.state ?? 'open',
          hints: String(cell?.hints ?? 0),
          hints_given: String(cell?.given ?? 0),
        }
      }),
    ),
  )
}

/** CSV by RFC 4180, with a line of headings. Pure. */
export function classCsv(view: Exported, seats: readonly SeatView[]): string {
  const rows = rowsOf(view, seats).map((row) =>
    Object.fromEntries(Object.entries(row).map(([key, value]) => [key, guarded(value)])),
  )
  const columns = ['name', 'id', 'email', 'group', 'lab', 'work', 'step', 'state', 'hints', 'hints_given']
  return stringify(rows, { header: true, columns, record_delimiter: '\r\n' })
}

/** The same, a line of JSON each. Pure. */
export function classJsonLines(view: Exported, seats: readonly SeatView[]): string {
  return rowsOf(view, seats)
    .map((row) => `${JSON.stringify(row)}\n`)
    .join('')
}
