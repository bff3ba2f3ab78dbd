import { z } from 'zod'
import type { Lab } from '../lab/lab.js'
import type { LearnerDetail, VerdictView } from '../protocol/classes.js'
import type { GivenHint } from '../store/people.js'
import type { VerdictRecord } from '../store/records.js'
import type { Text } from '../wording/text.js'

/** Verdicts of a step that are shown: the newest of them. */
const mostVerdicts = 20

const Both = z.object({ en: z.string(), zh: z.string() })
/** What was kept of a finding; what is too long of it was cut. */
const Kept = z
  .object({
    expected: Both.optional().catch(undefined),
    observed: Both.optional().catch(undefined),
    why: Both.optional().catch(undefined),
  })
  .catch({})

/** What one learner did in a lab, for who helps them: verdicts by step, newest first. Pure. */
export function learnerDetail(
  lab: Lab | undefined,
  id: string,
  verdicts: readonly VerdictRecord[],
  help: { hints: Readonly<Record<string, number>>; given: readonly GivenHint[] },
  headingOf: (step: string) => Text,
): Pick<LearnerDetail, 'lab' | 'steps'> {
  const steps = lab?.steps.map((step) => step.id) ?? [...new Set(verdicts.map(({ step }) => step))]
  return {
    lab: id,
    steps: steps.map((step) => ({
      id: step,
      heading: headingOf(step),
      verdicts: verdicts
        .filter((verdict) => verdict.step === step)
        .toSorted((a, b) => (a.lastAt < b.lastAt ? 1 : -1))
        .slice(0, mostVerdicts)
        .map(verdictView),
      hints: Object.hasOwn(help.hints, step) ? help.hints[step]! : 0,
      given: help.given
        .filter((one) => one.lab === id && one.step === step)
        .map(({ check, hint, by, at }) => ({ check, hint, by, at })),
    })),
  }
}

function verdictView({ index, outcome, reason, evidence, asked, at, lastAt, repeats }: VerdictRecord): VerdictView {
  const { expected, observed, why } = Kept.parse(evidence)
  return {
    check: index,
    outcome,
    ...(reason === undefined ? {} : { reason }),
    ...(expected ? { expected } : {}),
    ...(observed ? { observed } : {}),
    ...(why ? { why } : {}),
    asked,
    at,
    lastAt,
    repeats,
  }
}
