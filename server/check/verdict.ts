import type { Text } from '../wording/text.js'

/** A cell of a prediction that was measured otherwise than it was predicted: there was an answer, or none. */
export interface DifferentCell {
  row: number
  column: number
  measured: boolean
  /** As far as anything shows it. */
  why?: Text
}

/**
 * What a check found. `reason` names why it failed, such as `network.missing`: stable, so that tests can ask for it.
 * Of a check that combines others, `because` has the reasons of those that failed in it; of a prediction that was measured, `cells` those that
 * differ. An `error` says that the check could not be made: neither right nor wrong.
 */
export type Finding =
  | { outcome: 'pass'; observed: Text }
  | {
      outcome: 'fail'
      reason: string
      because?: string[]
      cells?: DifferentCell[]
      expected: Text
      observed: Text
      why: Text
    }
  | { outcome: 'error'; reason: string; why: Text }
