import type { z } from 'zod'
import type { NetworkState } from '../network/state.js'
import type { Asking } from '../place/ground.js'
import type { TraceQuestion } from '../place/question.js'
import type { Text } from '../wording/text.js'
import type { Finding } from './verdict.js'

/** What a check is made in. */
export interface CheckContext extends Asking {
  /** What the learner typed, by the id of the `answer` check. */
  answers: Readonly<Record<string, string>>
  /** Where the lab's own scripts are. */
  labDirectory: string
  /** The rack's own values of chance, by their names. */
  chance?: Readonly<Record<string, string>>
  /** How many questions the step asks; one by default. */
  questions?: number
}

/** One entry of a step's `checks`, read and validated. */
export interface Check {
  id?: string
  /** Seconds that it may take to become true. */
  within: number
  /** Seconds that it has to stay true; missing where one moment is enough. */
  holds?: number
  /** What it has to be true after as well; missing where nothing is done to it. */
  survives?: 'restart'
  /** After so many of the learner's checks that failed, one more hint is shown by itself. */
  hintAfter?: number
  /** What it counts by itself when it is graded; missing where its step counts as a whole. */
  points?: number
  hints: Text[]
  /** Why it asks for a form, where it does. */
  form?: string
  /** Why no mistake shows it failing otherwise than for want of what it asks about. */
  absence?: string
  /** Key of its family. */
  family: string
  /** What the author wrote under that key, with defaults filled in. */
  spec: unknown
}

/** What a check asks the learner; `id` names the answer. */
export interface Question {
  id: string
  ask: Text
  /** What there is to choose from, and nothing of what is right; missing where the answer is typed. */
  choose?: {
    /** More than one may be chosen. */
    several: boolean
    /** The order may be another one for each learner. */
    shuffle: boolean
    options: { id: string; text: Text }[]
  }
  /** A table of yes and no to be filled in: who reaches whom; missing where it is no prediction. */
  predict?: {
    /** Who asks, and of which columns: nobody is asked about themselves. */
    rows: { from: string; asked: boolean[] }[]
    /** Whom, and by what, such as `TCP 6379`. */
    columns: { to: string; means: Text }[]
  }
}

/** Place of a cell in such a table, from 0. */
export interface CellPlace {
  row: number
  column: number
}

/** One kind of check: the key that names it in `lab.yaml`, what an author writes under it, and how it is made. */
export interface Family<Spec = unknown> {
  readonly key: string
  readonly schema: z.ZodType<Spec>
  /** Every `reason` with which it can fail; none where it is free to choose, as a lab's own script is. */
  readonly reasons: readonly string[]
  /** Those that say no more than that what it asks about is not there, as before any work. */
  readonly nothing: readonly string[]
  /** The one with which `expect: no` fails because it is so all the same. */
  readonly present?: string
  /** Those that no waiting changes, such as a wrong answer: such a check is not tried again. */
  readonly final?: readonly string[]
  /** Hosts that the spec names, for lint; `node1/web` names node1, and a bare name that may be a container none. */
  hosts(spec: Spec): string[]
  check(spec: Spec, context: CheckContext): Promise<Finding>

  // What only some can do. Whoever needs it asks here, and knows no family by its name.

  /**
   * The packet that such a check is about, as a trace sends it: when it fails, a trace tells where the packet went. Of a prediction each
   * cell has its own; undefined where there is no such cell.
   */
  packet?(spec: Spec, state: NetworkState, home: string, cell?: CellPlace): TraceQuestion | undefined
  /** What it asks the learner. Such a check stands alone, never within another. */
  question?(spec: Spec): Question
  /** Its verdict is of the network as well as of the answer, so that it can change while the answer stays. */
  readonly measures?: true
  /** Where its answer can be known without a look: why that may be, if the author says. */
  knowable?(spec: Spec): { why: string | undefined } | undefined
  /** Names of the values of chance that it compares with, for lint. */
  chances?(spec: Spec): string[]
  /** It combines other checks, written as `one` or as a `list` of them. */
  readonly inner?: { readonly written: 'one' | 'list'; of(spec: Spec): readonly Check[] }
  /** It passes when the check within it fails. */
  readonly negates?: true
  /** Its fail may come from there being nothing to ask. Its own `expect: no` looks whether there is, so it must not be negated. */
  readonly needsProof?: true
  /** Whether such a check asks how something was done, so that another way with the same effect fails. */
  asksForm?(spec: Spec): boolean
  /** It asks what only an Engine knows, so that a rack without a docker host can't pass it. */
  readonly needsEngine?: true
  /** What it names that is a host, or a container of one: `laptop`, `web`, `node1/web`. */
  references?(spec: Spec): string[]
  /** Images that it names. */
  images?(spec: Spec): string[]
  /** Files of the lab's folder that such a check runs. */
  files?(spec: Spec): string[]
}
