import type { z } from 'zod'
import type { ProbeAnswer, ProbeRequest } from '../network/question.js'
import type { NetworkState } from '../network/state.js'
import type { Finding } from './verdict.js'

/** How checks ask the network of a rack. Throws only what makes a check an error. */
export interface Probe {
  capture(): Promise<NetworkState>
  ask(host: string, question: ProbeRequest): Promise<ProbeAnswer>
}

/** What a check is made in. */
export interface CheckContext {
  /** Captured once for all checks of a round. */
  state: NetworkState
  probe: Probe
  /** The host that a name without a host belongs to: the first docker host of the topology. */
  home: string
  /** What the learner typed, by the id of the `answer` check. */
  answers: Readonly<Record<string, string>>
  /** Where the lab's own scripts are. */
  labDirectory: string
  signal: AbortSignal
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
