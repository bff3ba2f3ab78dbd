import { z } from 'zod'
import type { Finding } from '../../check/verdict.js'
import { checkId, type Lab, questionOf, type Step, stepTitle } from '../../lab/lab.js'
import { checkResult, resultOf, stepResult } from '../../report/judge.js'
import type { Result, State, StepResult, StudentNames } from '../../report/result.js'
import { timeText } from '../../report/words.js'
import type { SessionRecord, StepHelp, VerdictRecord } from '../../store/records.js'
import type { Text } from '../../wording/text.js'
import { isToFind, yoursToFind } from './step-view.js'

/** What a session's records do not say. */
export interface SessionAbout {
  student: StudentNames
  /** Id of the assignment; that of the lab by default. */
  assignment?: string
  /** When the server accepted it, ISO 8601 in UTC. */
  submittedAt: string
  /** Which of their attempts it is, from 1, where they are counted. */
  number?: number
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
  about: SessionAbout,
): Result {
  const last = new Map<string, VerdictRecord>()
  for (const verdict of verdicts.filter(({ labHash }) => labHash === lab.contentHash))
    last.set(`${verdict.step} ${verdict.index}`, verdict)
  const steps = lab.steps.map((step) => stepOf(lab, step, record, (index) => last.get(`${step.id} ${index}`)))
  return resultOf(aboutOf(lab, record, about), steps)
}

function aboutOf(
  { id, title, contentHash: labHash }: Lab,
  { seed, createdAt: startedAt, usedMs }: SessionRecord,
  { student, assignment = id, submittedAt, number }: SessionAbout,
): Pick<Result, 'student' | 'assignment' | 'attempt'> {
  return {
    student,
    assignment: { id: assignment, title, lab: id, labHash, ...(seed === undefined ? {} : { seed }) },
    attempt: {
      ...{ of: 'session', submittedAt, startedAt, durationMs: Math.round(usedMs) },
      ...(number === undefined ? {} : { number }),
    },
  }
}

/**
 * What a live session is worth as its rack stands. Pure. What a step's checks have found right in its own time counts, also where a later
 * step has undone it; the notes say so. What comes and goes while it is looked at does not.
 * @param found what was found of the steps now
 */
export function liveResult(
  lab: Lab,
  record: SessionRecord,
  found: { steps: readonly StepResult[]; cameAndWent?: ReadonlySet<string> },
  about: SessionAbout,
): Result {
  const notes: Text[] = []
  const steps = lab.steps.map((step, at) => {
    const now = found.steps[at]!
    const before = found.cameAndWent?.has(step.id) ? undefined : record.steps[step.id]
    if (now.state !== 'passed' && (before?.state === 'passed' || before?.state === 'helped')) {
      if (now.state === 'failed') notes.push(undone(stepTitle(lab, step), before.at))
      return stepOf(lab, step, record, () => undefined)
    }
    const checks = now.checks.map((check, index) =>
      check.why &&
      isToFind(lab, step.checks[index]!, record.hints[step.id]?.[index] ?? 0, takenOf(record.help, step.id))
        ? { ...check, why: yoursToFind }
        : check,
    )
    return { ...now, checks, ...helpOf(record, step.id) }
  })
  return resultOf(aboutOf(lab, record, about), steps, { notes })
}

function undone(title: Text, at: string): Text {
  const time = timeText(at)
  return {
    en: `“${title.en}” was found right at ${time}, and counts; it is not so any more`,
    zh: `“${title.zh}”在 ${time} 检查通过，仍然计分；现在已不是这样`,
  }
}

function stepOf(
  lab: Lab,
  step: Step,
  record: SessionRecord,
  verdict: (index: number) => VerdictRecord | undefined,
): StepResult {
  const { id, points, optional, checks } = step
  const { steps, hints, help } = record
  const state = steps[id]?.state
  const isDone = state === 'passed' || state === 'helped'
  const taken = takenOf(help, id)
  const judged = checks.map((check, index) => {
    const found = verdict(index)
    const isHidden = isToFind(lab, check, hints[id]?.[index] ?? 0, taken)
    return checkResult(
      { id: checkId(step, index), check: check.family, title: questionOf(check)?.ask, of: check.points },
      isDone ? donePass : found && findingOf(found, isHidden),
    )
  })
  const own: State | undefined = isDone ? 'passed' : state === 'skipped' ? 'skipped' : undefined
  return {
    ...stepResult({ id, title: stepTitle(lab, step), of: points, optional }, judged, own),
    ...helpOf(record, id),
  }
}

function takenOf(help: SessionRecord['help'], step: string): StepHelp {
  return { shown: false, done: false, told: false, ...help[step] }
}

/** The help that was taken with a step, as a result has it: nothing where there was none. */
function helpOf({ hints, help }: SessionRecord, step: string): Pick<StepResult, 'help'> {
  const taken = takenOf(help, step)
  const count = Object.values(hints[step] ?? {}).reduce((sum, one) => sum + one, 0)
  const isHelped = count > 0 || taken.shown || taken.done || taken.told
  return isHelped ? { help: { hints: count, ...taken } } : {}
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
