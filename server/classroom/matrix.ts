import type { CellView, SeatView } from '../protocol/classes.js'
import type { SessionView, StepView } from '../protocol/protocol.js'
import type { SeatRecord } from '../store/people.js'
import type { LabProgress, RecordedState } from '../store/records.js'

/** Cells of a lab from a session that is in memory. Pure. */
export function liveCells(view: SessionView): Record<string, CellView> {
  const isRunning = view.phase.name === 'open' || view.phase.name === 'opening'
  return Object.fromEntries(
    view.steps.flatMap((step) => {
      const cell = cellOf(step, isRunning && step.id === view.current)
      return cell ? [[step.id, cell] as const] : []
    }),
  )
}

function cellOf(step: StepView, isCurrent: boolean): CellView | undefined {
  if (step.state !== 'open') return { state: step.state }
  const failing = step.checks.find(({ finding }) => finding.outcome === 'fail')
  const hints = step.checks.reduce((sum, check) => sum + check.hints.length, 0)
  // What was looked at by itself before anything was done says nothing of the learner.
  if (
    failing?.finding.outcome === 'fail' &&
    step.checkedAt !== undefined &&
    (isCurrent || step.answered !== undefined)
  ) {
    const { why, reason } = failing.finding
    return { state: 'failing', why, reason, check: failing.index, ...(hints > 0 ? { hints } : {}) }
  }
  return isCurrent ? { state: 'working', ...(hints > 0 ? { hints } : {}) } : undefined
}

/** Cells of all labs as they are on record, by lab. Pure. */
export function recordedCells(progress: readonly LabProgress[]): Record<string, Record<string, CellView>> {
  return Object.fromEntries(
    progress.map(({ lab, states }) => [
      lab,
      Object.fromEntries(Object.entries(states).map(([step, state]: [string, RecordedState]) => [step, { state }])),
    ]),
  )
}

/** Ids of seats that share a name or an id with another one. Pure. */
export function duplicates(seats: readonly SeatRecord[]): Set<string> {
  const found = new Set<string>()
  for (const key of ['name', 'student'] as const) {
    const byValue = new Map<string, SeatRecord[]>()
    for (const seat of seats) {
      const value = seat[key]?.toLowerCase()
      if (value === undefined) continue
      byValue.set(value, [...(byValue.get(value) ?? []), seat])
    }
    for (const same of byValue.values()) {
      // Two of one name who have different ids are two people.
      const ids = new Set(same.map(({ student }) => student?.toLowerCase()))
      if (same.length > 1 && (key === 'student' || ids.size < same.length)) for (const { id } of same) found.add(id)
    }
  }
  return found
}

/** One row of a class. Pure. */
export function seatView(
  seat: SeatRecord,
  rest: Pick<SeatView, 'isDuplicate' | 'isHere' | 'lab' | 'cells' | 'handedIn'>,
): SeatView {
  const { id, name, student, section, email, isOfRoster, joinedAt } = seat
  return {
    id,
    name,
    ...(student === undefined ? {} : { student }),
    ...(section === undefined ? {} : { section }),
    ...(email === undefined ? {} : { email }),
    isOfRoster,
    hasJoined: joinedAt !== undefined,
    ...rest,
  }
}
