import { randomUUID } from 'node:crypto'
import type { Verdict } from '../check/evaluate.js'
import type { Finding } from '../check/verdict.js'
import { checkId, type Lab, questionOf, type Step, stepTitle } from '../lab/lab.js'
import { LabRack } from '../labrack/lab-rack.js'
import type { Racks } from '../racks/racks.js'
import { checkResult, resultOf, stepResult } from '../report/judge.js'
import type { Result, ScriptResult, StepResult, StudentNames } from '../report/result.js'
import { steadyOutput } from '../report/steady.js'
import { scriptText } from '../report/words.js'
import { manyLines } from '../wording/one-line.js'
import { text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { Looks } from './looks.js'
import { Stopwatch } from './phase.js'
import { answersIn, hashOf, type Submission, type SubmittedScript } from './submission.js'
import type { Witness } from './witness.js'

/** Whose work it is, and what for, as far as that is known. */
export interface About {
  student?: StudentNames
  /** Id of the assignment; that of the lab by default. */
  assignment?: string
  /** When it was accepted, ISO 8601 in UTC; now by default. */
  submittedAt?: string
}

export interface GradeOptions extends About {
  /** For all scripts together, milliseconds. */
  timeoutMs: number
  signal: AbortSignal
  say(line: Text): void
  watch?: Stopwatch
  witness?: Witness | undefined
}

/** As much of what a script printed to its standard error is in its report, from the end. */
const mostErrors = 2000

/** More than anybody reads; a script that prints more is ended. */
const maxOutputBytes = 1024 ** 2

/** Runs a submission in a fresh rack of its lab, checks the network from outside, and counts the points. */
export async function grade(racks: Racks, lab: Lab, submission: Submission, options: GradeOptions): Promise<Result> {
  const started = performance.now()
  options.say(text(`starting the hosts of ${lab.id}`, `正在启动 ${lab.id} 的主机`))
  const rack = await LabRack.open(racks, lab, { signal: options.signal })
  try {
    return await gradeIn(racks, rack, submission, options, started)
  } finally {
    await rack.close()
  }
}

/**
 * The same in a rack that is open already and that nobody has touched. It stays open.
 * @param started when the grading began, by performance.now()
 */
export async function gradeIn(
  racks: Racks,
  rack: LabRack,
  submission: Submission,
  options: GradeOptions,
  started = performance.now(),
): Promise<Result> {
  const { lab } = rack
  const startedAt = new Date(Date.now() - (performance.now() - started)).toISOString()
  for (const note of submission.notes) options.say(note)
  Object.assign(rack.answers, submission.answers)
  const scripts: ScriptResult[] = []
  const { watch = new Stopwatch(), witness } = options
  await beginWith(rack, witness)
  const looks = new Looks(rack, { ...options, watch })
  const deadline = performance.now() + options.timeoutMs
  for (const part of submission.parts) {
    for (const script of part.scripts)
      scripts.push(await watch.time('script', () => runScript(racks, rack, script, deadline, options)))
    const step = lab.steps.find(({ id }) => id === part.step)
    if (step) await looks.between(step, { isLast: part === submission.parts.at(-1) })
  }
  const steps = await judgedAtTheEnd(rack, looks, witness)
  const durationMs = Math.round(performance.now() - started)
  const about = aboutOf(lab, options, startedAt, durationMs)
  const attempt = { ...about.attempt, submissionHash: hashOf(submission) }
  return resultOf({ ...about, attempt }, steps, { scripts, notes: submission.notes })
}

/**
 * Judges the steps of a rack as it stands, while its learner may go on in it: nothing is run, and all that passes is looked at again as in
 * a grading.
 * @param rack one that looks while its hosts are held still (`LabRack.still`)
 */
export async function judgeLive(
  rack: LabRack,
  options: Pick<GradeOptions, 'signal' | 'say'> & { witness?: Witness | undefined },
): Promise<LiveSteps> {
  const { witness } = options
  await beginWith(rack, witness)
  const looks = new Looks(rack, { ...options, watch: new Stopwatch() })
  return { steps: await judgedAtTheEnd(rack, looks, witness), cameAndWent: looks.cameAndWent }
}

/** What was found of the steps of a rack as it stands. */
export interface LiveSteps {
  steps: readonly StepResult[]
  /** Ids of those that were right at first and then were not, while they were looked at. */
  cameAndWent: ReadonlySet<string>
}

async function beginWith(rack: LabRack, witness: Witness | undefined): Promise<void> {
  if (!witness) return
  witness.chance = rack.chance
  witness.before = await rack.ground.capture()
}

async function judgedAtTheEnd(rack: LabRack, looks: Looks, witness: Witness | undefined): Promise<StepResult[]> {
  const verdicts = await looks.atTheEnd()
  // Whoever has ended a host's init is judged all the same.
  if (witness) witness.after = await rack.ground.capture().catch(() => undefined)
  for (const [{ id }, found] of verdicts)
    witness?.findings.set(
      id,
      found.map(({ finding }) => finding),
    )
  const { lab } = rack
  return lab.steps.map((step) => judged(lab, step, verdicts.get(step)!))
}

/** The commands of a submission alone, in a rack that waits for them: nothing is checked. @returns milliseconds that they took */
export async function runAlone(
  racks: Racks,
  rack: LabRack,
  { parts, answers }: Submission,
  options: GradeOptions,
): Promise<number> {
  Object.assign(rack.answers, answers)
  const started = performance.now()
  for (const script of parts.flatMap(({ scripts }) => scripts))
    await runScript(racks, rack, script, started + options.timeoutMs, options)
  return performance.now() - started
}

/** The result of a submission that can't be read: nothing was run, and nothing of it counts. */
export function refusal(lab: Lab, refused: Text, about: About): Result {
  const steps = lab.steps.map((step) => judged(lab, step, []))
  return resultOf(aboutOf(lab, about, new Date().toISOString(), 0), steps, { refused })
}

const noRack: Finding = {
  outcome: 'error',
  reason: 'grading.failed',
  why: { en: 'the work could not be graded on this machine', zh: '这台机器没能完成这份作业的评分' },
}

/** The result of a submission that the machine could not grade, which costs nothing. */
export function undecided(lab: Lab, about: About): Result {
  return resultOf(aboutOf(lab, about, new Date().toISOString(), 0), undecidedSteps(lab))
}

/** Steps of which the machine could tell nothing. */
export function undecidedSteps(lab: Lab): StepResult[] {
  return lab.steps.map((step) => {
    const verdicts = step.checks.map((_, index) => ({ index, finding: noRack }))
    return judged(lab, step, verdicts)
  })
}

function aboutOf(
  { id, title, contentHash, drawn }: Lab,
  { student = {}, assignment = id, submittedAt }: About,
  startedAt: string,
  durationMs: number,
): Pick<Result, 'student' | 'assignment' | 'attempt'> {
  return {
    student,
    assignment: { id: assignment, title, lab: id, labHash: contentHash, ...(drawn ? { seed: drawn.seed } : {}) },
    attempt: { of: 'submission', submittedAt: submittedAt ?? startedAt, startedAt, durationMs },
  }
}

async function runScript(
  racks: Racks,
  rack: LabRack,
  { file, host, text: script }: SubmittedScript,
  deadline: number,
  { signal, say, witness }: GradeOptions,
): Promise<ScriptResult> {
  const timeoutMs = Math.ceil(deadline - performance.now())
  if (timeoutMs <= 0) return { file, host, ended: 'not run', exitCode: null }
  say(text(`running ${file} in ${host}`, `正在 ${host} 里运行 ${file}`))
  // An earlier script may have replaced the host's shell: then this one does not run, no more.
  const notWritten = randomUUID()
  const begin = script.startsWith('#!') ? 'exec /root/submission' : 'exec bash /root/submission'
  const write = 'umask 077; rm -f /root/submission; cat > /root/submission && chmod 700 /root/submission'
  const argv = ['sh', '-c', `{ ${write}; } || { echo "$1" >&2; exit 1; }; ${begin} < /dev/null`, 'sh', notWritten]
  // Reading values takes a capture; a script that needs one has its name in it.
  const named = Object.keys(rack.lab.values).filter((name) => script.includes(name.toUpperCase()))
  const values = named.length > 0 ? Object.entries(await rack.values()) : []
  const started = performance.now()
  const result = await racks.exec(rack.info.id, host, argv, {
    stdin: script,
    env: { HOME: '/root', ...Object.fromEntries(values.map(([name, value]) => [name.toUpperCase(), value])) },
    timeoutMs: Math.max(1, Math.ceil(deadline - performance.now())),
    maxOutputBytes,
    signal,
  })
  if (result.stderr.includes(notWritten)) return { file, host, ended: 'not run', exitCode: null }
  const ended = result.timedOut ? 'timeout' : result.truncated ? 'cut' : result.signal ? 'signal' : 'exit'
  Object.assign(rack.answers, answersIn(result.stdout, rack.lab))
  const errors = steadyOutput(manyLines(tailOf(result.stderr)))
  const ran: ScriptResult = {
    file,
    host,
    ended,
    exitCode: ended === 'exit' ? result.exitCode : null,
    ...(errors === '' ? {} : { errors }),
  }
  say({ en: scriptText(ran, 'en'), zh: scriptText(ran, 'zh') })
  witness?.ran(ran, script, started, result)
  return ran
}

/** The last lines of an output. */
function tailOf(output: string): string {
  if (output.length <= mostErrors) return output
  const tail = output.slice(-mostErrors)
  return `…\n${tail.slice(tail.indexOf('\n') + 1)}`
}

/** A step of a result, by what was found of its checks; what was not looked at is left out. */
export function judged(lab: Lab, step: Step, verdicts: readonly Pick<Verdict, 'index' | 'finding'>[]): StepResult {
  const findings = new Map(verdicts.map(({ index, finding }) => [index, finding]))
  const checks = step.checks.map((check, index) =>
    checkResult(
      { id: checkId(step, index), check: check.family, title: questionOf(check)?.ask, of: check.points },
      findings.get(index),
    ),
  )
  return stepResult({ id: step.id, title: stepTitle(lab, step), of: step.points, optional: step.optional }, checks)
}
