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
}

const columns = 'id, learner, lab, session, number, accepted_at, result'

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

export function* readSubmissions(learner: string, lab?: string): Work<SubmissionRecord[]> {
  const of = `SELECT ${columns} FROM submission WHERE learner = ?`
  const rows =
    lab === undefined
      ? yield* ask<SubmissionRow>(`${of} ORDER BY accepted_at, id`, learner)
      : yield* ask<SubmissionRow>(`${of} AND lab = ? ORDER BY number`, learner, lab)
  return rows.map(submissionRecord)
}

function submissionRecord({ accepted_at, result, ...row }: SubmissionRow): SubmissionRecord {
  return { ...row, acceptedAt: accepted_at, ...(result === null ? {} : { result }) }
}
