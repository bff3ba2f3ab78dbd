import { benchClass, type ClassBenchmark } from './class.js'
import type { Distribution } from './statistics.js'

/** What nobody in a class is to wait longer for, in milliseconds. */
const bounds = [
  { what: 'echoMs', of: 'p95', most: 60 },
  { what: 'checkMs', of: 'p95', most: 1500 },
  { what: 'matrixLagMs', of: 'p99', most: 1000 },
] as const

export interface FoundClass {
  /** The largest class that held all bounds; 0 where even the smallest did not. */
  most: number
  /** The smallest that did not, where one was tried. */
  tooMany?: number
  /** What bounds it, in words with figures. */
  limitedBy: string[]
  /** In the order in which they were tried. */
  runs: ClassBenchmark[]
}

/** The first try; each next one is twice as large. */
const first = 8
/** Of the machine, besides what learners take. */
const reserveMiB = 1024

/** What of a run is not within the bounds, in words; empty where all is. Pure. */
export function broken(run: ClassBenchmark): string[] {
  const late = bounds.flatMap(({ what, of, most }) => {
    const ms = (run[what] as Distribution)[of]
    return ms > most ? [`${what} ${of} ${Math.round(ms)} > ${most}`] : []
  })
  if (run.failed === 0) return late
  const reasons = Object.entries(run.reasons).map(
    ([reason, count]) => `${count} of ${run.learners} learners: ${reason}`,
  )
  return [...reasons, ...late]
}

/** How many learners memory is enough for, by what a run of theirs took. Pure. */
export function roomFor({ learners, memoryMiBPerLearner, memoryFreeMiB }: ClassBenchmark): number {
  if (memoryMiBPerLearner <= 0) return Number.POSITIVE_INFINITY
  return learners + Math.max(0, Math.floor((memoryFreeMiB - reserveMiB) / memoryMiBPerLearner))
}

/**
 * The largest number that holds: twice as many again until one does not, then between the two, as near as a sixteenth.
 * @param most no more than that are tried; asked anew before each try
 */
export async function largest(
  holds: (count: number) => Promise<boolean>,
  most: () => number,
): Promise<{ most: number; tooMany?: number }> {
  let low = 0
  let high: number | undefined
  for (;;) {
    const cap = Math.max(low, Math.min(most(), high === undefined ? Number.POSITIVE_INFINITY : high - 1))
    const next = high === undefined ? Math.max(first, low * 2) : low + Math.ceil((high - low) / 2)
    const count = Math.min(next, cap)
    const isNear = high !== undefined && high - low <= Math.max(1, Math.floor(low / 16))
    if (count <= low || isNear) return { most: low, ...(high === undefined ? {} : { tooMany: high }) }
    if (await holds(count)) low = count
    else high = count
  }
}

/**
 * The largest class that this machine holds within the bounds, and what limits it: each try is a whole `bench class`. Nothing is tried that
 * memory is not enough for, by what the tries before took.
 */
export async function findClass(
  { most, minutes }: { most: number; minutes: number },
  say: (line: string) => void,
): Promise<FoundClass> {
  const runs: ClassBenchmark[] = []
  const room = () => Math.min(most, ...runs.map(roomFor))
  const found = await largest(async (learners) => {
    const run = await benchClass({ learners, minutes }, say)
    runs.push(run)
    const why = broken(run)
    say(`${learners} learners: ${why.length === 0 ? 'all bounds hold' : why.join('; ')}`)
    return why.length === 0
  }, room)
  const failing = runs.find(({ learners }) => learners === found.tooMany)
  const limitedBy = failing
    ? [...broken(failing), usedUp(failing)]
    : [room() < most ? `memory is enough for ${room()} learners` : `no more than ${most} were tried`]
  return { ...found, limitedBy, runs }
}

function usedUp({ processorsPercent, simulationPercent, memoryFreeMiB }: ClassBenchmark): string {
  return `processors ${processorsPercent} % busy, of which ${simulationPercent} with the simulated learners; ${memoryFreeMiB} MiB of memory free`
}
