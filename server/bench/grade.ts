import { cpus } from 'node:os'
import { join } from 'node:path'
import pMap from 'p-map'
import { commandsOf, type Lab } from '../lab/lab.js'
import { fillIn, type RunBlock } from '../lab/page.js'
import { loadLab } from '../lab/read-lab.js'
import { LabRack } from '../labrack/lab-rack.js'
import { fromPackage } from '../package-root.js'
import type { Racks } from '../racks/racks.js'
import type { Result } from '../report/result.js'
import { readable } from '../report/text.js'
import { runAlone } from '../trial/grade.js'
import { gradeAll } from '../trial/grade-all.js'
import { type Phase, phases, type Stopwatch } from '../trial/phase.js'
import type { Submission, SubmittedScript } from '../trial/submission.js'
import { type Distribution, distribution } from './statistics.js'

export interface GradeBenchmark {
  /** Gradings at the same time. */
  jobs: number
  /** Submissions graded in a minute, from one ten to the next, while the queue is full. */
  perMinute: Distribution
  /** The same over the whole run: from nothing to the last rack closed. */
  wholeRunPerMinute: number
  /** A grading, from its turn in the queue to its result. */
  gradeMs: Distribution
  /** The commands of the submission alone, in racks that wait, with as many at the same time. */
  scriptMs: Distribution
  /** Each grading over the median of the commands alone. */
  overScript: Distribution
  /** Milliseconds of processors, of the whole machine, that a grading takes, and that its commands alone take: what bounds the rate. */
  cpuMs: { grade: number; script: number }
  /** Where the time of a grading goes. `rack`: waiting for one. `hold`: looks at what has passed, whether it stays so. */
  phaseMs: Record<Phase, Distribution>
  /** One at a time, with nothing else to do. */
  alone: { gradeMs: Distribution; scriptMs: Distribution; overScript: Distribution }
}

export interface GradeBenchOptions {
  runs: number
  jobs: number
  signal: AbortSignal
  say(line: string): void
}

const timeoutMs = 120_000
/** Samples of what is measured one at a time. */
const mostAlone = 5
/** Completed gradings from one sample of the rate to the next. */
const perSample = 10

export function gradedLab(): Promise<Lab> {
  return loadLab(fromPackage(join('labs', 'published-ports')))
}

/** The lab's own commands as a submission, a folder a step: graded in a queue, and run alone. */
export async function benchGrade(
  racks: Racks,
  lab: Lab,
  { runs, jobs, signal, say }: GradeBenchOptions,
): Promise<GradeBenchmark> {
  const submission = reference(lab)
  const options = { timeoutMs, signal, say: () => {} }
  say(`the commands of ${lab.id} alone, ${jobs} at the same time`)
  const alone = await commandsAlone(racks, lab, submission, { count: 3 * jobs, jobs }, options)
  const scriptMs = alone.samples
  say(`${runs} gradings, ${jobs} at the same time`)
  const queue = await gradings(racks, lab, submission, { runs, jobs, signal, say })
  const one = Math.min(runs, mostAlone)
  say(`${one} times the commands alone, and as often a grading, one at a time`)
  const { samples: scriptAlone } = await commandsAlone(racks, lab, submission, { count: one, jobs: 1 }, options)
  const { durations: gradeAlone } = await gradings(racks, lab, submission, { runs: one, jobs: 1, signal, say })
  const over = (all: number[], base: number[]) => distribution(all.map((ms) => ms / distribution(base).p50))
  return {
    jobs,
    perMinute: distribution(queue.rates),
    wholeRunPerMinute: queue.wholeRun,
    gradeMs: distribution(queue.durations),
    scriptMs: distribution(scriptMs),
    overScript: over(queue.durations, scriptMs),
    cpuMs: { grade: queue.cpuMs, script: alone.cpuMs },
    phaseMs: queue.phaseMs,
    alone: {
      gradeMs: distribution(gradeAlone),
      scriptMs: distribution(scriptAlone),
      overScript: over(gradeAlone, scriptAlone),
    },
  }
}

async function gradings(
  racks: Racks,
  lab: Lab,
  submission: Submission,
  { runs, jobs, signal, say }: GradeBenchOptions,
) {
  const watches: Stopwatch[] = []
  const durations: number[] = []
  const ends: number[] = []
  const works = Array.from({ length: runs }, (_, n) => ({ name: `${n}`, lab, about: {}, read: async () => submission }))
  const busyBefore = busyMs()
  const started = performance.now()
  await gradeAll(racks, works, {
    ...{ jobs, timeoutMs, signal },
    say: ({ en }) => say(en),
    onResult: async (_, { result, watch }) => {
      if (result.state !== 'passed') throw notPassed(lab, result)
      watches.push(watch)
      durations.push(result.attempt.durationMs)
      ends.push(performance.now())
    },
  })
  const total = performance.now() - started
  // The first have found no rack waiting, and the last have had the machine for themselves.
  const full = ends.slice(Math.min(jobs, ends.length - 2), Math.max(ends.length - jobs, 2))
  const rates: number[] = []
  for (let n = 0; n + perSample < full.length; n += perSample)
    rates.push((perSample * 60_000) / (full[n + perSample]! - full[n]!))
  if (rates.length === 0) rates.push((runs * 60_000) / total)
  const phaseMs = Object.fromEntries(
    phases.map((phase) => [phase, distribution(watches.map(({ ms }) => ms[phase]))]),
  ) as Record<Phase, Distribution>
  const cpuMs = Math.round((busyMs() - busyBefore) / runs)
  return { durations, rates, phaseMs, cpuMs, wholeRun: Math.round((runs * 60_000 * 10) / total) / 10 }
}

/** Milliseconds of the commands of a submission, in racks that wait: nothing else is done meanwhile. */
async function commandsAlone(
  racks: Racks,
  lab: Lab,
  submission: Submission,
  { count, jobs }: { count: number; jobs: number },
  options: Parameters<typeof runAlone>[3],
): Promise<{ samples: number[]; cpuMs: number }> {
  const samples: number[] = []
  let busy = 0
  while (samples.length < count) {
    // No more wait than a queue would have.
    const waiting = await pMap(Array.from({ length: Math.min(2 * jobs, count - samples.length) }), () =>
      LabRack.open(racks, lab, { signal: options.signal }),
    )
    const before = busyMs()
    try {
      samples.push(
        ...(await pMap(waiting, (rack) => runAlone(racks, rack, submission, options), { concurrency: jobs })),
      )
      busy += busyMs() - before
    } finally {
      await Promise.all(waiting.map((rack) => rack.close()))
    }
  }
  return { samples, cpuMs: Math.round(busy / samples.length) }
}

/** What all processors of the machine have worked since it was started, milliseconds. */
function busyMs(): number {
  return cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0)
}

/**
 * The page's and the solution's commands as a learner would hand them in: a folder a step, and in it a script for as long as the host
 * stays the same. What is asked, a script prints.
 */
export function reference(lab: Lab): Submission {
  const parts = lab.steps.map((step) => {
    const scripts: SubmittedScript[] = []
    for (const block of commandsOf(lab, step)) {
      const host = block.host ?? lab.home
      const last = scripts.at(-1)
      if (last?.host === host) last.text += partOf(block)
      else scripts.push({ file: `${step.id}/${10 + scripts.length}-${host}.sh`, host, text: partOf(block) })
    }
    return { step: step.id, scripts }
  })
  return { parts, answers: {}, notes: [] }
}

/** A block within a script: it ends at its first command that fails, as on the page, and what comes behind it goes on. */
function partOf({ text, answer }: RunBlock): string {
  // Live values are in the environment of a script that names them.
  const filled = fillIn(text, (name) => `$${name.toUpperCase()}`)
  const block = `(\nset -e -o pipefail\n${'text' in filled ? filled.text : text}\n)\n`
  return answer === undefined ? block : `printf 'answer ${answer}: %s\\n' "$${block.trim()}"\n`
}

function notPassed({ id }: Lab, result: Result): Error {
  return new Error(`${id}: its own commands are graded ${result.state}\n${readable(result, 'en')}`)
}
