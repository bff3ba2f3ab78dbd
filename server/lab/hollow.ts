import { presenceOf, showsItLooks } from '../check/checks.js'
import type { Lab, Step } from './lab.js'

/** A check that no mistake shows to look at what there is. */
export interface Hollow {
  step: Step
  /** Of the check within the step. */
  index: number
  /** Goes on after the name of the check, as `cure` does behind it. */
  what: string
  cure: string
}

/**
 * Checks of which nothing shows that they look at what there is. One that fails in an empty rack proves nothing by that: any
 * check does. So each needs a mistake in which what it asks about is there, and wrong; and one that expects no a mistake in
 * which it is so all the same. Where there can't be one, the check says why with `absence`.
 */
export function hollowChecks({ steps, mistakes }: Pick<Lab, 'steps' | 'mistakes'>): Hollow[] {
  return steps.flatMap((step) =>
    step.checks.flatMap((check, index) => {
      if (check.absence !== undefined) return []
      const reasons = mistakes
        .filter((mistake) => mistake.step === step.id)
        .flatMap(({ fails }) => fails.filter((one) => one.check === index).map(({ reason }) => reason))
      if (reasons.some((reason) => showsItLooks(check, reason))) return []
      const presence = presenceOf(check)
      return [
        presence === undefined
          ? {
              step,
              index,
              what: 'is not shown to fail for another reason than that nothing is there',
              cure: 'add a mistake in which what it asks about is there and wrong, or say with `absence` why there is none',
            }
          : {
              step,
              index,
              what: `expects no, and is not shown to fail with ${presence}`,
              cure: 'add a mistake in which it is so all the same, or say with `absence` why there is none',
            },
      ]
    }),
  )
}
