import type { Text } from '../wording/text.js'

/**
 * What a check found. `reason` names why it failed, such as `network.missing`: stable, so that tests can ask for it.
 * Of a check that combines others, `because` has the reasons of those that failed in it. An `error` says that the check could not be made: neither right nor wrong.
 */
export type Finding =
  | { outcome: 'pass'; observed: Text }
  | { outcome: 'fail'; reason: string; because?: string[]; expected: Text; observed: Text; why: Text }
  | { outcome: 'error'; reason: string; why: Text }
