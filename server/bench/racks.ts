import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cgroups } from '../rack/cgroup.js'
import { requireGolden } from '../rack/golden/golden.js'
import { LocalRacks } from '../rack/local-racks.js'
import type { StateDirectory } from '../rack/state-directory.js'
import { Store } from '../rack/store.js'
import type { TopologyInput } from '../racks/topology.js'
import { timeBareEngine } from './bare-engine.js'
import { type Distribution, distribution } from './statistics.js'

export interface RacksBenchmark {
  /** `dockerd` alone in a plain network namespace, until it answers. */
  bareEngineMs: Distribution
  /** A rack of one docker host on one LAN, nothing prepared, until its Engine answers. */
  coldHostMs: Distribution
  /** Pair by pair, each measured one after the other. */
  coldOverBare: Distribution
  /** The same rack out of the warm pool. */
  warmRackMs: Distribution
  /** Two docker hosts on one LAN, nothing prepared. */
  twoHostRackMs: Distribution
  twoHostOverOne: Distribution
  /** Two docker hosts out of the warm pool. */
  warmTwoHostRackMs: Distribution
  /** All closings of the racks above, until nothing is left of them. */
  closeMs: Distribution
  /** Proportional memory of all processes of a docker host that has just booted. */
  idlePssMiB: Distribution
  /** What it has written by then, metadata included. */
  freshDiskMiB: Distribution
}

const lan = (hosts: string[]) => ({
  lan: { subnet: '192.168.1.0/24', at: Object.fromEntries(hosts.map((host, n) => [host, `.${11 + n}`])) },
})
const oneHost: TopologyInput = { hosts: { node1: 'docker' }, lans: lan(['node1']) }
const twoHosts: TopologyInput = { hosts: { node1: 'docker', node2: 'docker' }, lans: lan(['node1', 'node2']) }
/** Until what boot has begun is done: a host that nobody uses. */
const settleMs = 1000

/** Every kind in turn, run by run, so that a machine that slows down slows all of them. */
export async function benchRacks(
  state: StateDirectory,
  runs: number,
  say: (line: string) => void,
): Promise<RacksBenchmark> {
  const store = await Store.open(state)
  const golden = await requireGolden(store)
  const cgroups = await Cgroups.open(state.mark)
  const samples = {
    bare: [] as number[],
    cold: [] as number[],
    warm: [] as number[],
    two: [] as number[],
    warmTwo: [] as number[],
    close: [] as number[],
    pss: [] as number[],
    disk: [] as number[],
  }
  const cold = await LocalRacks.start(state)
  const warm = await LocalRacks.start(state, { pool: { docker: 2, plain: 0 } })
  /** Opens, looks and closes. @returns milliseconds of opening */
  const cycle = async (racks: LocalRacks, topology: TopologyInput, look?: (host: string) => Promise<void>) => {
    const opened = performance.now()
    const rack = await racks.open(topology)
    const ready = performance.now()
    await look?.(rack.hosts[0]!.id)
    const closing = performance.now()
    await racks.close(rack.id)
    samples.close.push(performance.now() - closing)
    return ready - opened
  }
  try {
    for (let run = 1; run <= runs; run++) {
      say(`run ${run} of ${runs}`)
      samples.bare.push(await timeBareEngine(store, golden.name))
      const measure = async (host: string) => {
        await sleep(settleMs)
        samples.pss.push(await proportionalMiB(await cgroups.processes(host)))
        samples.disk.push((await store.exclusiveBytes(store.host(host))) / 1024 ** 2)
      }
      samples.cold.push(await cycle(cold, oneHost, measure))
      samples.two.push(await cycle(cold, twoHosts))
      await warm.poolSettled()
      samples.warm.push(await cycle(warm, oneHost))
      await warm.poolSettled()
      samples.warmTwo.push(await cycle(warm, twoHosts))
      // The pool begins to refill at once; the next run's figures are to be without that.
      await warm.poolSettled()
    }
  } finally {
    await cold.closeAll()
    await warm.closeAll()
  }
  const over = (a: number[], b: number[]) => distribution(a.map((value, n) => value / b[n]!))
  return {
    bareEngineMs: distribution(samples.bare),
    coldHostMs: distribution(samples.cold),
    coldOverBare: over(samples.cold, samples.bare),
    warmRackMs: distribution(samples.warm),
    twoHostRackMs: distribution(samples.two),
    twoHostOverOne: over(samples.two, samples.cold),
    warmTwoHostRackMs: distribution(samples.warmTwo),
    closeMs: distribution(samples.close),
    idlePssMiB: distribution(samples.pss),
    freshDiskMiB: distribution(samples.disk),
  }
}

/** Sum of the processes' proportional set sizes (proc(5), smaps_rollup). */
async function proportionalMiB(pids: number[]): Promise<number> {
  let kibibytes = 0
  for (const pid of pids) {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
    kibibytes += Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0)
  }
  return kibibytes / 1024
}
