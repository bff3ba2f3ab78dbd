import type { StuckRule } from '../store/people.js'
import type { Text } from '../wording/text.js'

/** The one that holds unless a teacher changes the numbers, or mutes it. */
export const usualRule: StuckRule = { times: 2, leastMinutes: 5, sameReason: 4, isMuted: false }

/** What is known of a learner at a step. */
export interface AtStep {
  /** While somebody was there. */
  minutes: number
  /** Looks in a row that the learner asked for, that failed for the reason of the last one. */
  sameReason: number
  /** All hints of a check that still fails were used. */
  hintsUsedUp: boolean
}

/** The middle one; of an even number the lower of both, so that few do not speak for all. Pure. */
export function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length / 2) - 1]
}

/**
 * Why somebody is taken for stuck; undefined where they are not. Pure.
 * @param usual minutes that others of the class took for the step, as a median; undefined before anybody has passed it
 */
export function stuckReason(at: AtStep, usual: number | undefined, rule: StuckRule = usualRule): Text | undefined {
  if (rule.isMuted) return undefined
  if (at.sameReason >= rule.sameReason) {
    return {
      en: `the same check has failed ${at.sameReason} times for the same reason`,
      zh: `同一项检查因同一原因连续 ${at.sameReason} 次未通过`,
    }
  }
  if (at.hintsUsedUp) return { en: 'all hints are used up', zh: '提示已全部用完' }
  const minutes = Math.floor(at.minutes)
  if (usual === undefined || minutes < rule.leastMinutes || at.minutes < usual * rule.times) return undefined
  return {
    en: `${minutes} minutes at the step, where others took ${Math.max(1, Math.round(usual))}`,
    zh: `这一步已用 ${minutes} 分钟，其他人用了 ${Math.max(1, Math.round(usual))} 分钟`,
  }
}
