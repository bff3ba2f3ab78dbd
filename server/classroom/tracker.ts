import type { SessionView } from '../protocol/protocol.js'
import { type AtStep, median } from './stuck.js'

/** Times of a step that are remembered for the medians of all classes. */
const mostTimes = 2000

interface Followed {
  step: string | undefined
  /** Time used when the step was begun, in milliseconds. */
  since: number
  usedMs: number
  reason: string | undefined
  sameReason: number
  checkedAt: string | undefined
  hintsUsedUp: boolean
}

/**
 * What the views of sessions tell about time: how long somebody is at a step, and how often a check failed for one reason. It begins
 * when this process does: what was before is not known here.
 */
export class Tracker {
  readonly #sessions = new Map<string, Followed>()
  /** Minutes that a step took, and whom, by lab and step. */
  readonly #took = new Map<string, { learner: string; minutes: number }[]>()

  take(view: SessionView, learner: string): void {
    const before = this.#sessions.get(view.id)
    const isSame = before !== undefined && before.step === view.current
    if (before?.step !== undefined && !isSame) this.#passed(view, before, learner)
    const step = view.steps.find(({ id }) => id === view.current)
    const failing = step?.checks.find(({ finding }) => finding.outcome === 'fail')
    const reason = failing?.finding.outcome === 'fail' ? `${failing.index} ${failing.finding.reason}` : undefined
    const kept = isSame ? before : undefined
    const isAsked = step?.checking === undefined && step?.checkedAt !== undefined && step.checkedAt !== kept?.checkedAt
    let sameReason = kept?.sameReason ?? 0
    if (reason === undefined || reason !== kept?.reason) sameReason = reason === undefined || !isAsked ? 0 : 1
    else if (isAsked) sameReason++
    this.#sessions.set(view.id, {
      step: view.current,
      since: kept?.since ?? view.usedMs,
      usedMs: view.usedMs,
      reason,
      sameReason,
      checkedAt: step?.checkedAt,
      hintsUsedUp:
        step?.checks.some(
          ({ finding, hints, moreHints }) => finding.outcome === 'fail' && hints.length > 0 && moreHints === 0,
        ) ?? false,
    })
  }

  /** What is known of the step that a session is at. */
  at(session: string): AtStep | undefined {
    const found = this.#sessions.get(session)
    if (found?.step === undefined) return undefined
    const { since, usedMs, sameReason, hintsUsedUp } = found
    return { minutes: Math.max(0, usedMs - since) / 60_000, sameReason, hintsUsedUp }
  }

  /**
   * Minutes that those of a class took who have passed it; undefined where fewer than two have.
   * @param isOfClass whether a learner is
   */
  usual(lab: string, step: string, isOfClass: (learner: string) => boolean): number | undefined {
    const took = (this.#took.get(`${lab} ${step}`) ?? []).filter(({ learner }) => isOfClass(learner))
    return took.length < 2 ? undefined : median(took.map(({ minutes }) => minutes))
  }

  forget(session: string): void {
    this.#sessions.delete(session)
  }

  #passed(view: SessionView, before: Followed, learner: string): void {
    const state = view.steps.find(({ id }) => id === before.step)?.state
    if (state !== 'passed') return
    const key = `${view.lab} ${before.step}`
    // Of who does it once more, such as after a start over, the last time counts.
    const took = (this.#took.get(key) ?? []).filter((one) => one.learner !== learner)
    const minutes = Math.max(0, view.usedMs - before.since) / 60_000
    this.#took.set(key, [...took, { learner, minutes }].slice(-mostTimes))
  }
}
