import { readFileSync } from 'node:fs'
import os from 'node:os'
import { fromPackage } from '../package-root.js'

const MIB = 1024 ** 2
const GIB = 1024 ** 3

/** Left to the machine, to vethlab itself and to the hosts that wait. */
const RESERVED_BYTES = GIB
/** What a rack is reckoned as: docker hosts, each with as much again for its containers as it takes idle. */
export const HOSTS_PER_RACK = 3
const BUSY_OVER_IDLE = 2
/** A rack that somebody reads beside costs next to nothing; few of them are busy at the same moment. */
const RACKS_PER_CORE = 8
/** More than this no machine was tried with. */
const MOST_RACKS = 64

/** No rack is opened while less is free: one that needs more to begin with would push the machine into the ground. */
export const leastFreeBytes = 512 * MIB

/** How many racks can be open at the same time, and what bounds them. */
export interface Capacity {
  racks: number
  byMemory: number
  byCores: number
  /** One sentence with the figures that it follows from. */
  why: string
}

/** What an idle docker host takes, as `vethlab bench racks` measured it and printed it into docs/bench-racks.json. */
export function measuredHostBytes(): number {
  const figures = JSON.parse(readFileSync(fromPackage('docs/bench-racks.json'), 'utf8')) as {
    idlePssMiB: { p95: number }
  }
  return figures.idlePssMiB.p95 * MIB
}

/**
 * For how many more racks of one host there is memory now.
 * @param opening so many are on their way, and have not taken theirs yet
 */
export function roomInMemory(opening: number, hostBytes: number, freeBytes = os.freemem()): number {
  return Math.floor((freeBytes - leastFreeBytes) / (BUSY_OVER_IDLE * hostBytes)) - opening
}

export function capacity({
  memoryBytes = os.totalmem(),
  cores = os.availableParallelism(),
  hostBytes = measuredHostBytes(),
}: {
  memoryBytes?: number
  cores?: number
  hostBytes?: number
} = {}): Capacity {
  const rackBytes = HOSTS_PER_RACK * BUSY_OVER_IDLE * hostBytes
  const byMemory = Math.max(0, Math.floor((memoryBytes - RESERVED_BYTES) / rackBytes))
  const byCores = cores * RACKS_PER_CORE
  const racks = Math.max(1, Math.min(byMemory, byCores, MOST_RACKS))
  const memory = `${(memoryBytes / GIB).toFixed(1)} GiB are enough for ${byMemory}, with ${Math.round(rackBytes / MIB)} MiB each`
  const why = `${memory}; ${cores} ${cores === 1 ? 'processor is' : 'processors are'} enough for ${byCores}`
  return { racks, byMemory, byCores, why }
}
