import { sumOf } from '../check/points.js'
import type { Finding } from '../check/verdict.js'
import type { Text } from '../wording/text.js'
import { type CheckResult, type Result, type State, type StepResult, together, totalOf } from './result.js'
import { steady } from './steady.js'

/** What is known of a check before it is made. */
export interface CheckAbout {
  id: string
  check: string
  /** What it asks, where it is a question. */
  title?: Text | undefined
  /** What it counts by itself. */
  of?: number | undefined
}

/** What is known of a step before it is checked. */
export interface StepAbout {
  id: string
  title: Text
  of: number
  optional: boolean
}

/** What a question is about is not there: nothing that the machine did, but work that was not done. */
const notDone: readonly string[] = ['answer.unknowable']

/** What an error of the program itself says may name files of the server, and helps no student. */
const broken: Text = { en: 'the check could not be made', zh: '这项检查没能完成' }

/**
 * A check with what was found; without a finding it was not looked at. What passed needs no words, and its words may hold what differs
 * from run to run, such as the name of a link.
 */
export function checkResult({ id, check, title, of }: CheckAbout, finding: Finding | undefined): CheckResult {
  const about = { id, check, ...(title ? { title } : {}) }
  const counts = of === undefined ? {} : { points: finding?.outcome === 'pass' ? of : 0, of }
  if (!finding) return { ...about, state: 'skipped', ...counts }
  if (finding.outcome === 'pass') return { ...about, state: 'passed', ...counts }
  const { reason } = finding
  if (finding.outcome === 'error') {
    const why = reason === 'check.broken' ? broken : steady(finding.why)
    return { ...about, state: notDone.includes(reason) ? 'failed' : 'could-not-tell', ...counts, reason, why }
  }
  const { expected, observed, why } = finding
  return {
    ...about,
    state: 'failed',
    ...counts,
    reason,
    expected: steady(expected),
    observed: steady(observed),
    why: steady(why),
  }
}

/** A step with its checks; `state` where it is not what they say together. */
export function stepResult({ id, title, of, optional }: StepAbout, checks: CheckResult[], state?: State): StepResult {
  const found = state ?? stateOf(checks)
  const counted = checks.flatMap((check) => (check.of === undefined ? [] : [check]))
  const byChecks = counted.length > 0 && !optional
  const openOf = (all: CheckResult[]) =>
    sumOf(all.filter((one) => one.state === 'could-not-tell').map((one) => one.of!))
  return {
    id,
    title,
    state: found,
    points: byChecks ? sumOf(counted.map((check) => check.points!)) : found === 'passed' ? of : 0,
    of,
    open: byChecks ? openOf(counted) : found === 'could-not-tell' ? of : 0,
    ...(optional ? { optional: true } : {}),
    checks,
  }
}

function stateOf(checks: readonly CheckResult[]): State {
  if (checks.length > 0 && checks.every(({ state }) => state === 'skipped')) return 'skipped'
  return together(checks)
}

/** A result, once its steps are known. */
export function resultOf(
  about: Pick<Result, 'student' | 'assignment' | 'attempt'>,
  steps: StepResult[],
  more: Partial<Pick<Result, 'scripts' | 'notes' | 'refused'>> = {},
): Result {
  return {
    version: 1,
    ...about,
    state: together(steps.filter(({ optional }) => !optional)),
    ...totalOf(steps),
    ...(more.refused ? { refused: more.refused } : {}),
    notes: more.notes ?? [],
    steps,
    scripts: more.scripts ?? [],
  }
}
