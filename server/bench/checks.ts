import { join } from 'node:path'
import { commandsOf, type Step } from '../lab/lab.js'
import { loadLab } from '../lab/read-lab.js'
import { LabRack } from '../labrack/lab-rack.js'
import { fromPackage } from '../package-root.js'
import type { Racks } from '../racks/racks.js'
import { benchCapture } from './capture.js'
import { type Distribution, distribution } from './statistics.js'

export interface ChecksBenchmark {
  /** A capture of two docker hosts with three containers each. */
  captureMs: Distribution
  /** A step's checks, when they pass: capture and questions included. */
  stepCheckMs: Distribution
}

/** Labs whose steps are timed: containers on one host, and two hosts in a swarm. */
const timedLabs = ['user-bridge', 'published-ports', 'overlay']

export async function benchChecks(racks: Racks, runs: number, say: (line: string) => void): Promise<ChecksBenchmark> {
  return {
    captureMs: await benchCapture(racks, runs, say),
    stepCheckMs: await benchStepChecks(racks, runs, say),
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

/** Does a step as its page and its solution say. */
async function work(rack: LabRack, step: Step): Promise<void> {
  for (const block of commandsOf(rack.lab, step)) {
    const problem = await rack.run(block)
    if (problem !== undefined) throw new Error(`${rack.lab.id}, ${problem}`)
  }
}
