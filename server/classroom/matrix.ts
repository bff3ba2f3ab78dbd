import type { CellView, SeatView } from '../protocol/classes.js'
import type { SessionView, StepView } from '../protocol/protocol.js'
import type { GivenHint, SeatRecord } from '../store/people.js'
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
  // What was looked at by itself before anything was done says nothing of the learner.
  if (
    failing?.finding.outcome === 'fail' &&
    step.checkedAt !== undefined &&
    (isCurrent || step.answered !== undefined)
  ) {
    const { why, reason } = failing.finding
    return { state: 'failing', why, reason, check: failing.index }
  }
  return isCurrent ? { state: 'working' } : undefined
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

/**
 * The same with the help by hints that was taken in each step, and what of that staff gave. Pure.
 * @param given to the one learner
 */
export function withHints(
  cells: Readonly<Record<string, Record<string, CellView>>>,
  progress: readonly LabProgress[],
  given: readonly GivenHint[],
): Record<string, Record<string, CellView>> {
  const all = new Map(Object.entries(cells).map(([lab, steps]) => [lab, new Map(Object.entries(steps))]))
  const add = (lab: string, step: string, help: Pick<CellView, 'hints' | 'given'>) => {
    const steps = all.get(lab) ?? new Map<string, CellView>()
    all.set(lab, steps)
    steps.set(step, { ...(steps.get(step) ?? { state: 'open' }), ...help })
  }
  for (const { lab, hints = {} } of progress)
    for (const [step, count] of Object.entries(hints)) if (count > 0) add(lab, step, { hints: count })
  for (const { lab, step } of given) {
    add(lab, step, { given: given.filter((one) => one.lab === lab && one.step === step).length })
  }
  return Object.fromEntries([...all].map(([lab, steps]) => [lab, Object.fromEntries(steps)]))
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
  rest: Pick<SeatView, 'isDuplicate' | 'isHere' | 'isWaiting' | 'lab' | 'cells' | 'handedIn'>,
): SeatView {
  const { id, name, student, section, email, isOfRoster, joinedAt, extensions } = seat
  return {
    id,
    name,
    ...(student === undefined ? {} : { student }),
    ...(section === undefined ? {} : { section }),
    ...(email === undefined ? {} : { email }),
    isOfRoster,
    hasJoined: joinedAt !== undefined,
    ...(extensions === undefined ? {} : { extensions }),
    ...rest,
  }
}

/** A row as those see it who may look and not help. Pure. */
export function withoutAddress({ email: _, ...seat }: SeatView): SeatView {
  return seat
}
