import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Verdict } from '../check/evaluate.js'
import { sumOf } from '../check/points.js'
import { answerId, type Lab, type Step, stepTitle } from '../lab/lab.js'
import { LabRack } from '../labrack/lab-rack.js'
import type { Racks } from '../racks/racks.js'
import { type CheckResult, type Result, type ScriptResult, type StepResult, together } from '../report/result.js'
import { steady } from '../report/steady.js'
import type { Submission, SubmittedScript } from './submission.js'

export interface GradeOptions {
  /** For all scripts together, milliseconds. */
  timeoutMs: number
  signal: AbortSignal
  say(line: string): void
}

/** More than anybody reads; a script that prints more is ended. */
const maxOutputBytes = 1024 ** 2

/** Runs a submission in a fresh rack of its lab, checks the network from outside, and counts the points. */
export async function grade(racks: Racks, lab: Lab, submission: Submission, options: GradeOptions): Promise<Result> {
  const started = performance.now()
  const startedAt = new Date().toISOString()
  options.say(`opening a rack for ${lab.id}`)
  const rack = await LabRack.open(racks, lab, { signal: options.signal })
  try {
    Object.assign(rack.answers, submission.answers)
    const deadline = performance.now() + options.timeoutMs
    const scripts: ScriptResult[] = []
    const verdicts = new Map<string, Verdict[]>()
    const look = async (step: Step) => {
      options.say(`checking step ${step.id}`)
      verdicts.set(step.id, await held(rack, step, options.signal))
    }
    for (const part of submission.parts) {
      for (const script of part.scripts) scripts.push(await runScript(racks, rack, script, deadline, options))
      const step = lab.steps.find(({ id }) => id === part.step)
      if (step) await look(step)
    }
    for (const step of lab.steps) if (!verdicts.has(step.id)) await look(step)
    const steps = lab.steps.map((step) => stepResult(lab, step, verdicts.get(step.id)!))
    return {
      lab: lab.id,
      title: lab.title,
      outcome: together(steps.filter(({ optional }) => !optional)),
      points: sumOf(steps.map(({ points }) => points)),
      of: sumOf(steps.map(({ of }) => of)),
      steps,
      scripts,
      startedAt,
      durationMs: Math.round(performance.now() - started),
    }
  } finally {
    await rack.close()
  }
}

/**
 * What passed is looked at again so often and after such pauses. A question that meets a wall is sent once more after a second
 * (TCP), so a wall that is down every other two seconds shows only in the first second of its time: the looks are closer than that.
 */
const holds = 4
const holdPauseMs = 500

/** A step's verdicts; a check that passed and fails while the network is looked at for some seconds more has failed. */
async function held(rack: LabRack, step: Step, signal: AbortSignal): Promise<Verdict[]> {
  const verdicts = await rack.check(step.checks, { signal })
  const onlyAsks = step.checks.every((check) => answerId(check) !== undefined)
  for (let look = 0; look < (onlyAsks ? 0 : holds); look++) {
    if (verdicts.some(({ finding }) => finding.outcome !== 'pass')) return verdicts
    await sleep(holdPauseMs, undefined, { signal })
    const again = await rack.check(step.checks, { once: true, signal })
    for (const [index, { finding }] of again.entries()) {
      // A look that could not be made says nothing against the ones before.
      if (finding.outcome === 'fail') verdicts[index]!.finding = finding
    }
  }
  return verdicts
}

async function runScript(
  racks: Racks,
  rack: LabRack,
  { file, host, text }: SubmittedScript,
  deadline: number,
  { signal, say }: GradeOptions,
): Promise<ScriptResult> {
  const timeoutMs = Math.ceil(deadline - performance.now())
  if (timeoutMs <= 0) return { file, host, ended: 'not run', exitCode: null }
  say(`running ${file} in ${host}`)
  // An earlier script may have replaced the host's shell: then this one does not run, no more.
  const notWritten = randomUUID()
  const begin = text.startsWith('#!') ? 'exec /root/submission' : 'exec bash /root/submission'
  const write = 'umask 077; rm -f /root/submission; cat > /root/submission && chmod 700 /root/submission'
  const argv = ['sh', '-c', `{ ${write}; } || { echo "$1" >&2; exit 1; }; ${begin} < /dev/null`, 'sh', notWritten]
  // Reading values takes a capture; a script that needs one has its name in it.
  const named = Object.keys(rack.lab.values).filter((name) => text.includes(name.toUpperCase()))
  const values = named.length > 0 ? Object.entries(await rack.values()) : []
  const result = await racks.exec(rack.info.id, host, argv, {
    stdin: text,
    env: { HOME: '/root', ...Object.fromEntries(values.map(([name, value]) => [name.toUpperCase(), value])) },
    timeoutMs: Math.max(1, Math.ceil(deadline - performance.now())),
    maxOutputBytes,
    signal,
  })
  if (result.stderr.includes(notWritten)) return { file, host, ended: 'not run', exitCode: null }
  const ended = result.timedOut ? 'timeout' : result.truncated ? 'cut' : result.signal ? 'signal' : 'exit'
  say(`${file} ended: ${ended}${result.exitCode === null ? '' : ` ${result.exitCode}`}`)
  return { file, host, ended, exitCode: ended === 'exit' ? result.exitCode : null }
}

function stepResult(lab: Lab, step: Step, verdicts: Verdict[]): StepResult {
  const checks = verdicts.map((verdict) => checkResult(verdict, step.checks[verdict.index]?.points))
  const outcome = together(checks)
  const counted = checks.flatMap(({ points }) => points ?? [])
  const whole = outcome === 'pass' ? step.points : 0
  return {
    id: step.id,
    title: stepTitle(lab, step),
    outcome,
    points: counted.length > 0 ? sumOf(counted) : whole,
    of: step.points,
    ...(step.optional ? { optional: true } : {}),
    checks,
  }
}

/** What passed needs no words, and its words may hold what differs from run to run, such as the name of a link. */
function checkResult({ family, finding }: Verdict, of: number | undefined): CheckResult {
  const counts = of === undefined ? {} : { points: finding.outcome === 'pass' ? of : 0, of }
  if (finding.outcome === 'pass') return { check: family, outcome: 'pass', ...counts }
  if (finding.outcome === 'error')
    return { check: family, outcome: 'error', ...counts, reason: finding.reason, why: steady(finding.why) }
  const { outcome, reason, expected, observed, why } = finding
  return {
    check: family,
    outcome,
    ...counts,
    reason,
    expected: steady(expected),
    observed: steady(observed),
    why: steady(why),
  }
}
