import { failedToCheck } from '../check/finding.js'
import type { Finding } from '../check/verdict.js'
import { checkId, type Lab } from '../lab/lab.js'
import type { NetworkState } from '../network/state.js'
import { resultOf } from '../report/judge.js'
import type { CheckResult, Result, StepResult } from '../report/result.js'
import { judged } from '../trial/grade.js'
import type { Asked } from '../trial/witness.js'
import type { StepRecord, Verdicts } from './record.js'
import { judgeAgain } from './replay.js'

/** How a check was judged again. */
export interface Rejudged {
  id: string
  /** Undefined where there was no such check then. */
  before: CheckResult | undefined
  now: CheckResult
  /**
   * `looked`: by the picture alone. `answered`: with what was answered then. `kept`: the verdict of then stands, since it rests on time.
   * `nothing`: nothing was captured for it.
   */
  how: 'looked' | 'answered' | 'kept' | 'nothing'
}

/** A result by today's checks, and check by check how it came about. */
export interface Regrading {
  result: Result
  checks: Rejudged[]
  /** Whether the lab's files are still those of then. */
  isSameLab: boolean
  /** Ids of checks that there were then and are no more. */
  gone: string[]
}

const notCaptured: Finding = failedToCheck('evidence.not-captured', {
  en: 'nothing was captured for this check when the work was graded',
  zh: '评分时没有为这项检查保留任何记录',
})

/**
 * Judges what was captured by a lab's checks of today. Nothing is run: a check that asks gets the answers of then, and a verdict that rests
 * on time, or on what was right in its own time, stays as it was. It is another grading of the same attempt, and says of which one.
 * @param stateOf reads a picture of the bundle
 */
export async function regrade(
  lab: Lab,
  before: Result,
  verdicts: Verdicts,
  stateOf: (name: string) => NetworkState,
): Promise<Regrading> {
  const started = performance.now()
  const startedAt = new Date().toISOString()
  const old = new Map(before.steps.flatMap(({ checks }) => checks.map((check) => [check.id, check] as const)))
  const how = new Map<string, Rejudged['how']>()
  const steps: StepResult[] = []
  for (const step of lab.steps) {
    const record = verdicts.steps.find(({ id }) => id === step.id)
    const then = before.steps.find(({ id }) => id === step.id)
    // Live work that was right in its own time: of that the pictures show nothing.
    if (then?.state === 'passed' && record?.checks.some(({ finding }) => finding.outcome !== 'pass')) {
      for (const { id } of then.checks) how.set(id, 'kept')
      steps.push(then)
      continue
    }
    const findings = []
    for (const [index, check] of step.checks.entries()) {
      const id = checkId(step, index)
      const found = record?.checks.find((one) => one.id === id)
      if (found && !found.repeats) {
        how.set(id, 'kept')
        findings.push({ index, finding: found.finding as Finding })
      } else if (record?.state === undefined) {
        how.set(id, 'nothing')
        findings.push({ index, finding: notCaptured })
      } else {
        const again = await judgeAgain(lab, check, captured(record, stateOf(record.state), verdicts.chance))
        how.set(id, again.asked ? 'answered' : 'looked')
        findings.push({ index, finding: again.finding })
      }
    }
    const again = judged(lab, step, findings)
    steps.push(then?.help ? { ...again, help: then.help } : again)
  }
  const { student, assignment, attempt, scripts, notes } = before
  const result = resultOf(
    {
      student,
      assignment: { ...assignment, title: lab.title, labHash: lab.contentHash },
      attempt: {
        ...attempt,
        startedAt,
        durationMs: Math.round(performance.now() - started),
        regradingOf: attempt.regradingOf ?? attempt.startedAt,
      },
    },
    steps,
    { scripts, notes },
  )
  const now = steps.flatMap(({ checks }) => checks)
  return {
    result,
    checks: now.map((check) => ({ id: check.id, before: old.get(check.id), now: check, how: how.get(check.id)! })),
    isSameLab: before.assignment.labHash === lab.contentHash,
    gone: [...old.keys()].filter((id) => !now.some((check) => check.id === id)),
  }
}

function captured(record: StepRecord, state: NetworkState, chance: Verdicts['chance']) {
  return { state, asked: record.asked as unknown as Asked[], answers: record.answers, chance }
}
