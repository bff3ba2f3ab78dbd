import type { CellState, ClassView, HandView, SeatView } from '../../server/protocol/classes.js'
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

/**
 * Learners of a class, those first who need somebody most: whose hand is up and whom nobody helps yet, who is stuck, fails, works, is away, is
 * done, has not come. Pure.
 * @param hands longest waiting first
 */
export function byNeed(lab: Lab | undefined, seats: readonly SeatView[], hands: readonly HandView[]): SeatView[] {
  const waiting = hands.filter(({ helper }) => helper === undefined).map(({ seat }) => seat)
  const rank = (seat: SeatView): number => {
    if (waiting.includes(seat.id)) return 0
    if (!seat.hasJoined) return 6
    const ids = (lab?.steps ?? []).map(({ id }) => id)
    if (ids.some((id) => seat.cells[lab!.id]?.[id]?.stuck !== undefined)) return 1
    const states = ids.map((id) => cellState(seat, lab!.id, id))
    if (states.includes('failing')) return 2
    if (states.includes('working')) return 3
    const isDone = states.length > 0 && states.every((state) => state === 'passed' || state === 'helped')
    return isDone ? 5 : 4
  }
  return seats.toSorted(
    (a, b) => rank(a) - rank(b) || waiting.indexOf(a.id) - waiting.indexOf(b.id) || a.name.localeCompare(b.name),
  )
}

/** The lab that most learners are in; the first where nobody is in one. Pure. */
export function busiestLab(labs: readonly Lab[], seats: readonly SeatView[]): string | undefined {
  const count = (id: string) => seats.filter(({ lab }) => lab === id).length
  return labs.toSorted((a, b) => count(b.id) - count(a.id))[0]?.id
}

/** Hands of one cause together, in the order of the one that waits longest. Pure. */
export function groupsOf(hands: readonly HandView[]): HandView[][] {
  const groups = new Map<string, HandView[]>()
  for (const hand of hands) {
    const key = JSON.stringify([hand.lab, hand.step, hand.reason])
    groups.set(key, [...(groups.get(key) ?? []), hand])
  }
  return [...groups.values()]
}

/** For a projector: nobody is to be known by what they have not done. Pure. */
export function nameless({ student: _, email: __, section: ___, ...seat }: SeatView, name: string): SeatView {
  return { ...seat, name }
}
