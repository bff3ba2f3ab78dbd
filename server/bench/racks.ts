import { setTimeout as sleep } from 'node:timers/promises'
import { Cgroups } from '../rack/cgroup.js'
import { requireGolden } from '../rack/golden/golden.js'
import type { HostGround } from '../rack/host/host.js'
import { LocalRacks } from '../rack/local-racks.js'
import { ownProcess } from '../rack/record.js'
import type { StateDirectory } from '../rack/state-directory.js'
import { Store } from '../rack/store.js'
import type { TopologyInput } from '../racks/topology.js'
import { measureBareEngine } from './bare-engine.js'
import { proportionalMiB } from './memory.js'
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
  /** Proportional memory of all processes of a docker host that nobody uses, while there are `hostsForMemory` of them. */
  idlePssMiB: Distribution
  /** Of a bare `dockerd` and its containerd, which share their programs with nobody. */
  bareEnginePssMiB: Distribution
  /** What a docker host has written once it has booted, metadata included. */
  freshDiskMiB: Distribution
}

const lan = (hosts: string[]) => ({
  lan: { subnet: '192.168.1.0/24', at: Object.fromEntries(hosts.map((host, n) => [host, `.${11 + n}`])) },
})
const oneHost: TopologyInput = { hosts: { node1: 'docker' }, lans: lan(['node1']) }
const twoHosts: TopologyInput = { hosts: { node1: 'docker', node2: 'docker' }, lans: lan(['node1', 'node2']) }
/** Until what boot has begun is done: a host that nobody uses. */
const settleMs = 1000
/** They share the pages of golden's programs, so that each is charged a part of them. */
const hostsForMemory = 10

/** Every kind in turn, run by run, so that a machine that slows down slows all of them. */
export async function benchRacks(
  state: StateDirectory,
  runs: number,
  say: (line: string) => void,
): Promise<RacksBenchmark> {
  const store = await Store.open(state)
  const golden = await requireGolden(store)
  const cgroups = await Cgroups.open(state.mark)
  const ground: HostGround = { state, store, cgroups, owner: ownProcess() }
  const samples = {
    bare: [] as number[],
    barePss: [] as number[],
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
      const bare = await measureBareEngine(ground, golden.name, settleMs)
      samples.bare.push(bare.readyMs)
      samples.barePss.push(bare.pssMiB)
      const measure = async (host: string) => {
        await sleep(settleMs)
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
    say(`memory of ${hostsForMemory} hosts`)
    await warm.closeAll()
    for (let n = 0; n < hostsForMemory; n++) await cold.open(oneHost)
    await sleep(settleMs)
    for (const rack of await cold.list()) {
      samples.pss.push(await proportionalMiB(await cgroups.processes(rack.hosts[0]!.id)))
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
    bareEnginePssMiB: distribution(samples.barePss),
    freshDiskMiB: distribution(samples.disk),
  }
}
