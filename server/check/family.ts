import type { z } from 'zod'
import type { Asking } from '../place/ground.js'
import type { Finding } from './verdict.js'

/** What a check is made in. */
export interface CheckContext extends Asking {
  /** What the learner typed, by the id of the `answer` check. */
  answers: Readonly<Record<string, string>>
  /** Where the lab's own scripts are. */
  labDirectory: string
}

/** One kind of check: the key that names it in `lab.yaml`, what an author writes under it, and how it is made. */
export interface Family<Spec = unknown> {
  readonly key: string
  readonly schema: z.ZodType<Spec>
  /** Every `reason` with which it can fail; none where it is free to choose, as a lab's own script is. */
  readonly reasons: readonly string[]
  /** Those that no waiting changes, such as a wrong answer: such a check is not tried again. */
  readonly final?: readonly string[]
  /** Hosts that the spec names, for lint; `node1/web` names node1, and a bare name that may be a container none. */
  hosts(spec: Spec): string[]
  check(spec: Spec, context: CheckContext): Promise<Finding>
}
