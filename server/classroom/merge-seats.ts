import type { Sessions } from '../session/sessions.js'
import { carryOver } from '../session/work/progress.js'
import type { SeatRecord } from '../store/people.js'
import type { Records } from '../store/records.js'
import { notFound } from './not-found.js'

/**
 * Two seats of a class are one person's: what was done in the second one, and what is on record of it, is the first one's from now on. Hosts
 * of both are closed, and who came in as the second one does so no more. @throws VethlabError class.not-found
 */
export async function mergeSeats(
  records: Records,
  sessions: Pick<Sessions, 'forget'>,
  kept: SeatRecord,
  merged: SeatRecord,
): Promise<void> {
  const learners = [kept.learner, merged.learner] as const
  await Promise.all(learners.map((learner) => sessions.forget(learner)))
  const [mine, theirs] = [await records.progress(learners[0]), await records.progress(learners[1])]
  if (!(await records.people.mergeSeats(kept.id, merged.id))) throw notFound(merged.id)
  for (const one of mine) {
    const other = theirs.find(({ lab }) => lab === one.lab)
    if (!other) continue
    // What was done in either counts: the newer session goes on from both.
    const latest = await records.latestSession(kept.learner, one.lab)
    const older = await records.session(latest?.id === one.session ? other.session : one.session)
    if (latest && older) await carryOver(records, older, latest.id, latest)
  }
}
