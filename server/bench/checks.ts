import { join } from 'node:path'
import pMap from 'p-map'
import { commandsOf, type Lab, type Step } from '../lab/lab.js'
import { loadLab } from '../lab/read-lab.js'
import { LabRack } from '../labrack/lab-rack.js'
import { fromPackage } from '../package-root.js'
import type { Racks } from '../racks/racks.js'
import { grade } from '../trial/grade.js'
import type { Submission } from '../trial/submission.js'
import { benchCapture } from './capture.js'
import { type Distribution, distribution } from './statistics.js'

export interface ChecksBenchmark {
  /** A capture of two docker hosts with three containers each. */
  captureMs: Distribution
  /** A step's checks, when they pass: capture and questions included. */
  stepCheckMs: Distribution
  /** Submissions graded in a minute, two at a time: rack, scripts, checks, close. */
  gradePerMinute: Distribution
}

/** Labs whose steps are timed: containers on one host, and two hosts in a swarm. */
const timedLabs = ['user-bridge', 'published-ports', 'overlay']
const gradedLab = 'published-ports'
const jobs = 2

export async function benchChecks(racks: Racks, runs: number, say: (line: string) => void): Promise<ChecksBenchmark> {
  return {
    captureMs: await benchCapture(racks, runs, say),
    stepCheckMs: await benchStepChecks(racks, runs, say),
    gradePerMinute: await benchGrading(racks, runs, say),
  }
}

/** Milliseconds that the checks of a step take when they pass, over all steps of some labs. */
async function benchStepChecks(racks: Racks, runs: number, say: (line: string) => void): Promise<Distribution> {
  const samples: number[] = []
  for (const id of timedLabs) {
    const lab = await loadLab(fromPackage(join('labs', id)))
    const rack = await LabRack.open(racks, lab)
    try {
      for (const step of lab.steps) {
        await work(rack, step)
        // The first round also waits for what has yet to come true.
        await rack.check(step.checks)
        const ofStep: number[] = []
        for (let run = 0; run < runs; run++) {
          const started = performance.now()
          const verdicts = await rack.check(step.checks, { once: true })
          ofStep.push(performance.now() - started)
          const failed = verdicts.find(({ finding }) => finding.outcome !== 'pass')
          if (failed) throw new Error(`${id}, step ${step.id}: ${failed.family} does not pass`)
        }
        say(`step ${step.id} of ${id}: p95 ${distribution(ofStep).p95} ms`)
        samples.push(...ofStep)
      }
    } finally {
      await rack.close()
    }
  }
  return distribution(samples)
}

/** Submissions that this machine grades in a minute, two at a time: rack, script, checks, close. */
async function benchGrading(racks: Racks, runs: number, say: (line: string) => void): Promise<Distribution> {
  const lab = await loadLab(fromPackage(join('labs', gradedLab)))
  const submission = await reference(racks, lab)
  const perMinute = await pMap(
    Array.from({ length: runs }, (_, run) => run + 1),
    async (run) => {
      say(`grading ${run} of ${runs}`)
      const { state, attempt } = await grade(racks, lab, submission, {
        timeoutMs: 60_000,
        signal: new AbortController().signal,
        say: () => {},
      })
      if (state !== 'passed') throw new Error(`${gradedLab}: the page's own commands are graded ${state}`)
      return (jobs * 60_000) / attempt.durationMs
    },
    { concurrency: jobs },
  )
  return distribution(perMinute)
}

/** Does a step as its page and its solution say. */
async function work(rack: LabRack, step: Step): Promise<void> {
  for (const block of commandsOf(rack.lab, step)) {
    const problem = await rack.run(block)
    if (problem !== undefined) throw new Error(`${rack.lab.id}, ${problem}`)
  }
}

/** The page's and the solution's commands as a learner would hand them in, a folder a step, with the answers of a first try. */
async function reference(racks: Racks, lab: Lab): Promise<Submission> {
  const rack = await LabRack.open(racks, lab)
  try {
    for (const step of lab.steps) await work(rack, step)
  } finally {
    await rack.close()
  }
  const parts = lab.steps.map((step) => ({
    step: step.id,
    scripts: commandsOf(lab, step).map((block, n) => ({
      file: `${step.id}/${n}`,
      host: block.host ?? lab.home,
      text: `${block.text}\n`,
    })),
  }))
  return { parts, answers: rack.answers, notes: [] }
}
