import { availableParallelism, freemem } from 'node:os'
import pMap from 'p-map'
import type { Lab } from '../lab/lab.js'
import type { Racks } from '../racks/racks.js'
import type { HostKind } from '../racks/topology.js'
import type { Trial, TrialReport } from './test-lab.js'
import { Turns } from './turns.js'

/** A trial that waits to be run. */
export interface QueuedTrial {
  lab: Lab
  trial: Trial
  onReport(report: TrialReport): void
}

/** What a trial's rack takes: two or three hosts with their Engines and containers. */
const bytesPerRack = 768 * 1024 ** 2
/** For all else on the machine. */
const bytesLeftFree = 2 * 1024 ** 3
/** Work in a rack is partly waiting; more than so many a core only get into each other's way. */
const trialsPerCore = 2
/**
 * A grading waits less: it looks again and again, closely, whether what passed stays so. Where looks are slow, more of them are needed, so
 * that more gradings at once are fewer in a minute.
 */
const gradingsPerCore = 1

/** As many trials at the same time as memory and cores allow. */
export function usualJobs(freeBytes = freemem(), cores = availableParallelism()): number {
  return jobs(trialsPerCore, freeBytes, cores)
}

/** As many gradings at the same time as memory and cores allow. */
export function usualGradings(freeBytes = freemem(), cores = availableParallelism()): number {
  return jobs(gradingsPerCore, freeBytes, cores)
}

function jobs(perCore: number, freeBytes: number, cores: number): number {
  const byMemory = Math.floor((freeBytes - bytesLeftFree) / (2 * bytesPerRack))
  return Math.max(1, Math.min(byMemory, perCore * cores))
}

/**
 * So many hosts of each kind wait booted as one job takes at once on average: more would take what the jobs need.
 * @param waiting whether there is more to do than can be done at once
 */
export function poolFor(labs: readonly Lab[], waiting: boolean): Record<HostKind, number> {
  const most = (kind: HostKind) =>
    Math.max(0, ...labs.map(({ plan }) => plan.hosts.filter((host) => host.kind === kind).length))
  const wanted = (kind: HostKind) => (waiting ? Math.min(most(kind), 2) : 0)
  return { docker: wanted('docker'), plain: wanted('plain') }
}

/**
 * Runs all, in racks of their own.
 * @param jobs trials that work at the same time; beside each of them another one's rack may be open, which only waits
 */
export async function runTrials(
  racks: Racks,
  queue: readonly QueuedTrial[],
  jobs: number,
  signal: AbortSignal,
): Promise<void> {
  const turns = new Turns(jobs)
  const run = ({ trial, onReport }: QueuedTrial) =>
    turns.work(async (turn) => {
      signal.throwIfAborted()
      onReport(await trial.run(racks, signal, turn))
    })
  await pMap(queue, run, { concurrency: 2 * jobs, signal })
}
