import { sumOf } from '../check/points.js'
import { score } from '../course/score.js'
import type { Result } from '../report/result.js'
import { duesOf } from '../store/class-work.js'
import type { Assessment, ClassRecord, Extensions } from '../store/people.js'
import type { Text } from '../wording/text.js'

const minuteMs = 60_000

/** What holds for what one learner hands in of a lab. */
export interface Terms {
  assessment: Assessment
  /** Their deadline, ISO 8601. */
  due?: string
}

/** Of a lab that is practice there are none. Pure. */
export function termsOf(one: ClassRecord | undefined, lab: string, extensions?: Extensions): Terms | undefined {
  const assessment = one && Object.hasOwn(one.assessed, lab) ? one.assessed[lab] : undefined
  if (!one || !assessment) return undefined
  const dues = duesOf(one, extensions)
  return { assessment, ...(Object.hasOwn(dues, lab) ? { due: dues[lab]! } : {}) }
}

/**
 * What lateness takes off the points of what was accepted at that time, in percent. What the class has accepted always counts, however
 * dates are changed later. Pure.
 */
export function latePercent(acceptedAt: string, { assessment: { late, grace = 0 }, due }: Terms): number {
  if (late === undefined || due === undefined) return 0
  const attempt = { at: Date.parse(acceptedAt), points: 0, of: 0, open: 0 }
  const curve = { per: late.per, percent: late.percent, floor: 0 }
  const policy = {
    due: Date.parse(due),
    grace: grace * minuteMs,
    late: curve,
    counts: 'best',
    regraded: 'better',
  } as const
  return score([attempt], policy).attempts[0]!.percent
}

/** A result with lateness taken off, and a word on that. Pure. */
export function withLateness<R extends Pick<Result, 'points' | 'notes'>>(result: R, percent: number): R {
  if (percent === 0) return result
  return { ...result, points: lessBy(result.points, percent), notes: [...result.notes, lateText(result, percent)] }
}

export function lessBy(points: number, percent: number): number {
  return sumOf([points * (1 - percent / 100)])
}

function lateText({ points }: Pick<Result, 'points'>, percent: number): Text {
  const left = lessBy(points, percent)
  return {
    en: `handed in late: ${percent} % off ${points} points, ${left} count`,
    zh: `迟交：${points} 分扣除 ${percent}%，计 ${left} 分`,
  }
}
