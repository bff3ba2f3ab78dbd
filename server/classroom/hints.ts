import type { Lab } from '../lab/lab.js'
import type { PreparedHints } from '../protocol/classes.js'
import type { Session } from '../session/session.js'
import type { GivenHint, SeatRecord } from '../store/people.js'
import type { Text } from '../wording/text.js'

/** What a lab has prepared to be given. Pure. */
export function preparedHints(lab: Lab | undefined, headingOf: (step: string) => Text): PreparedHints {
  const steps = (lab?.steps ?? []).map(({ id, checks }) => ({
    id,
    heading: headingOf(id),
    checks: checks.flatMap(({ hints }, index) => (hints.length > 0 ? [{ index, hints: [...hints] }] : [])),
  }))
  return { steps: steps.filter(({ checks }) => checks.length > 0) }
}

/**
 * Gives the next hint of a check to learners, as if they had asked for it.
 * @param sessionOf the last session of a lab of a learner, if any
 * @returns those that were given
 * @throws VethlabError argument.invalid for a check that is none
 */
export async function giveHints(
  seats: readonly SeatRecord[],
  { lab, step, check, by }: Pick<GivenHint, 'lab' | 'step' | 'check' | 'by'>,
  sessionOf: (learner: string) => Promise<Session | undefined>,
): Promise<Omit<GivenHint, 'at'>[]> {
  const given: Omit<GivenHint, 'at'>[] = []
  for (const { id: seat, learner } of seats) {
    const hint = await (await sessionOf(learner))?.giveHint(step, check)
    if (hint !== undefined) given.push({ seat, lab, step, check, hint, by })
  }
  return given
}
