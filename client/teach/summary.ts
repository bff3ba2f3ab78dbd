import type { CellState, ClassView, SeatView } from '../../server/protocol/classes.js'
import type { Text } from '../../server/wording/text.js'

/** Why several learners don't get through a step, or how many are at it. */
export interface StepSummary {
  step: string
  heading: Text
  /** Learners who are at it. */
  at: number
  passed: number
  /** The most frequent reason among those whose last look failed, with how many have it. */
  reason?: { why: Text; count: number }
}

type Lab = ClassView['labs'][number]

export function cellState(seat: SeatView, lab: string, step: string): CellState {
  return seat.cells[lab]?.[step]?.state ?? 'open'
}

/** How a class stands in a lab, step by step. Pure. */
export function summaryOf(lab: Lab, seats: readonly SeatView[]): StepSummary[] {
  return lab.steps.map(({ id, heading }) => {
    const states = seats.map((seat) => cellState(seat, lab.id, id))
    const reasons = new Map<string, { why: Text; count: number }>()
    for (const seat of seats) {
      const cell = seat.cells[lab.id]?.[id]
      if (cell?.state !== 'failing' || cell.why === undefined) continue
      const key = `${cell.check} ${cell.reason}`
      reasons.set(key, { why: cell.why, count: (reasons.get(key)?.count ?? 0) + 1 })
    }
    const [reason] = [...reasons.values()].toSorted((a, b) => b.count - a.count)
    return {
      step: id,
      heading,
      at: states.filter((state) => state === 'working' || state === 'failing').length,
      passed: states.filter((state) => state === 'passed' || state === 'helped').length,
      ...(reason ? { reason } : {}),
    }
  })
}

/** Learners of a class, those first who need somebody most: who fails, then who works, is away, has not come, is done. Pure. */
export function byNeed(lab: Lab | undefined, seats: readonly SeatView[]): SeatView[] {
  const rank = (seat: SeatView): number => {
    if (!seat.hasJoined) return 4
    const states = (lab?.steps ?? []).map(({ id }) => cellState(seat, lab!.id, id))
    if (states.includes('failing')) return 0
    if (states.includes('working')) return 1
    const isDone = states.length > 0 && states.every((state) => state === 'passed' || state === 'helped')
    return isDone ? 3 : 2
  }
  return seats.toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
}

/** The lab that most learners are in; the first where nobody is in one. Pure. */
export function busiestLab(labs: readonly Lab[], seats: readonly SeatView[]): string | undefined {
  const count = (id: string) => seats.filter(({ lab }) => lab === id).length
  return labs.toSorted((a, b) => count(b.id) - count(a.id))[0]?.id
}
