import { z } from 'zod'
import type { Finding } from '../../check/verdict.js'
import { checkId, type Lab, questionOf, type Step, stepTitle } from '../../lab/lab.js'
import { checkResult, resultOf, stepResult } from '../../report/judge.js'
import type { Result, State, StepResult, StudentNames } from '../../report/result.js'
import type { SessionRecord, VerdictRecord } from '../../store/records.js'
import type { Text } from '../../wording/text.js'
import { isToFind, yoursToFind } from './step-view.js'

/** What a session's records do not say. */
export interface SessionAbout {
  student: StudentNames
  /** Id of the assignment; that of the lab by default. */
  assignment?: string
  /** When the server accepted it, ISO 8601 in UTC. */
  submittedAt: string
}

/**
 * What is on record of a live session, as the same kind of result that a grading gives. Pure. What was done counts in full, with the
 * help that was taken beside it: what help costs is the teacher's to say. Of a check that is not done the last verdict counts, if it is
 * of the lab as it is now.
 */
export function sessionResult(
  lab: Lab,
  record: SessionRecord,
  verdicts: readonly VerdictRecord[],
  { student, assignment = lab.id, submittedAt }: SessionAbout,
): Result {
  const last = new Map<string, VerdictRecord>()
  for (const verdict of verdicts.filter(({ labHash }) => labHash === lab.contentHash))
    last.set(`${verdict.step} ${verdict.index}`, verdict)
  const steps = lab.steps.map((step) => stepOf(lab, step, record, (index) => last.get(`${step.id} ${index}`)))
  return resultOf(
    {
      student,
      assignment: {
        id: assignment,
        title: lab.title,
        lab: lab.id,
        labHash: lab.contentHash,
        ...(record.seed === undefined ? {} : { seed: record.seed }),
      },
      attempt: {
        of: 'session',
        submittedAt,
        startedAt: record.createdAt,
        durationMs: Math.round(record.usedMs),
      },
    },
    steps,
  )
}

function stepOf(
  lab: Lab,
  step: Step,
  { steps, hints, help }: SessionRecord,
  verdict: (index: number) => VerdictRecord | undefined,
): StepResult {
  const { id, points, optional, checks } = step
  const state = steps[id]?.state
  const isDone = state === 'passed' || state === 'helped'
  const taken = { shown: false, done: false, told: false, ...help[id] }
  const count = Object.values(hints[id] ?? {}).reduce((sum, one) => sum + one, 0)
  const judged = checks.map((check, index) => {
    const found = verdict(index)
    const isHidden = isToFind(lab, check, hints[id]?.[index] ?? 0, taken)
    return checkResult(
      { id: checkId(step, index), check: check.family, title: questionOf(check)?.ask, of: check.points },
      isDone ? donePass : found && findingOf(found, isHidden),
    )
  })
  const own: State | undefined = isDone ? 'passed' : state === 'skipped' ? 'skipped' : undefined
  const result = stepResult({ id, title: stepTitle(lab, step), of: points, optional }, judged, own)
  const isHelped = count > 0 || taken.shown || taken.done || taken.told
  return isHelped ? { ...result, help: { hints: count, ...taken } } : result
}

const donePass: Finding = { outcome: 'pass', observed: { en: '', zh: '' } }

const Evidence = z.object({ expected: TextOf(), observed: TextOf(), why: TextOf() }).partial()

/** Evidence that was too long is cut, and may be anything then. */
function TextOf() {
  return z.object({ en: z.string(), zh: z.string() }).optional().catch(undefined)
}

function findingOf({ outcome, reason = '', evidence }: VerdictRecord, isHidden: boolean): Finding {
  const said = Evidence.catch({}).parse(evidence)
  const why: Text = said.why ?? cut
  if (outcome === 'pass') return donePass
  if (outcome === 'error') return { outcome, reason, why }
  return {
    outcome,
    reason,
    expected: said.expected ?? cut,
    observed: said.observed ?? cut,
    why: isHidden ? yoursToFind : why,
  }
}

const cut: Text = { en: '(too long to be kept)', zh: '（过长，未保存）' }
