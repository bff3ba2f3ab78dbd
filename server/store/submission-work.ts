import { newId } from './id.js'
import type { SubmissionRecord } from './people.js'
import { ask, type Work } from './query.js'

interface SubmissionRow {
  id: string
  learner: string
  lab: string
  session: string
  number: number
  accepted_at: string
  result: string | null
  evidence: string | null
}

const columns = 'id, learner, lab, session, number, accepted_at, result, evidence'

export function* addSubmission(
  { learner, lab, session }: Pick<SubmissionRecord, 'learner' | 'lab' | 'session'>,
  at: string,
): Work<SubmissionRecord> {
  const [row] = yield* ask<SubmissionRow>(
    `INSERT INTO submission (id, learner, lab, session, number, accepted_at)
     VALUES (?, ?, ?, ?, (SELECT coalesce(max(number), 0) + 1 FROM submission WHERE learner = ? AND lab = ?), ?)
     RETURNING ${columns}`,
    newId(),
    learner,
    lab,
    session,
    learner,
    lab,
    at,
  )
  return submissionRecord(row!)
}

export function* judgeSubmission(id: string, result: string): Work<void> {
  yield* ask('UPDATE submission SET result = ? WHERE id = ?', result, id)
}

/** One that is gone is passed over. */
export function* addRegrading(id: string, result: string, at: string): Work<void> {
  yield* ask(
    `INSERT INTO regrading (submission, number, at, result)
     SELECT id, (SELECT coalesce(max(number), 0) + 1 FROM regrading WHERE submission = ?), ?, ? FROM submission WHERE id = ?`,
    id,
    at,
    result,
    id,
  )
}

export function* readSubmissions(learner: string, lab?: string): Work<SubmissionRecord[]> {
  const of = `SELECT ${columns} FROM submission WHERE learner = ?`
  const rows =
    lab === undefined
      ? yield* ask<SubmissionRow>(`${of} ORDER BY accepted_at, id`, learner)
      : yield* ask<SubmissionRow>(`${of} AND lab = ? ORDER BY number`, learner, lab)
  const again = yield* ask<{ submission: string; result: string }>(
    `SELECT submission, regrading.result FROM regrading JOIN submission ON submission.id = submission
     WHERE learner = ? ORDER BY regrading.number`,
    learner,
  )
  return rows.map((row) => ({
    ...submissionRecord(row),
    regradings: again.filter(({ submission }) => submission === row.id).map(({ result }) => result),
  }))
}

/**
 * What one learner has handed in is another's from now on. Of a lab that both have handed in, attempts are numbered anew by the times at
 * which they were accepted.
 */
export function* moveSubmissions(from: string, to: string): Work<void> {
  const moved = yield* readSubmissions(from)
  for (const lab of new Set(moved.map((one) => one.lab))) {
    const all = [...(yield* readSubmissions(to, lab)), ...(yield* readSubmissions(from, lab))].toSorted(
      (one, other) => Date.parse(one.acceptedAt) - Date.parse(other.acceptedAt),
    )
    // No two may have one number on the way: those below 0 are nobody's.
    for (const [at, { id, evidence }] of all.entries()) {
      const number = -(at + 1)
      yield* ask('UPDATE submission SET learner = ?, number = ?, evidence = ? WHERE id = ?', to, number, evidence, id)
    }
    yield* ask('UPDATE submission SET number = -number WHERE learner = ? AND lab = ? AND number < 0', to, lab)
  }
}

export function* readHoldsEvidence(learner: string): Work<boolean> {
  const [own] = yield* ask('SELECT id FROM submission WHERE learner = ? LIMIT 1', learner)
  if (own) return true
  const folder = `${learner}/`
  const [found] = yield* ask(
    'SELECT id FROM submission WHERE substr(evidence, 1, ?) = ? LIMIT 1',
    folder.length,
    folder,
  )
  return found !== undefined
}

function submissionRecord({ accepted_at, result, evidence, ...row }: SubmissionRow): SubmissionRecord {
  return {
    ...row,
    acceptedAt: accepted_at,
    evidence: evidence ?? `${row.learner}/${row.lab}-${row.number}`,
    ...(result === null ? {} : { result }),
    regradings: [],
  }
}
