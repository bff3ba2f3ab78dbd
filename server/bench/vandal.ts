import { cpus, release, totalmem } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { VethlabError } from '../error/vethlab-error.js'
import { cgroupMode } from '../machine/cgroup.js'
import { RackdClient } from '../node/rackd-client.js'
import { StateDirectory } from '../rack/state-directory.js'
import type { RackInfo } from '../racks/racks.js'
import { type KernelLoad, kernelLoad } from './kernel-load.js'
import { Learner } from './learner.js'
import { ServerProcess } from './server-process.js'
import { atPrompt, remoteShell, type Shell, timeEcho } from './shell.js'
import { type Distribution, distribution } from './statistics.js'
import { type Vandal, vandals } from './vandals.js'

export interface VandalBenchmark {
  /** What it was measured on, in one line. */
  machine: string
  vandals: VandalFigures[]
}

export interface VandalFigures {
  name: string
  /** `docker run --rm busybox true` in a neighbour's host, in milliseconds. */
  dockerRun: { before: Distribution; during: Distribution }
  /** From a key to its echo in a neighbour's terminal, in milliseconds. */
  echo: { before: Distribution; during: Distribution }
  /** rackd's list of racks, and a capture of a neighbour's host, in milliseconds; missing in figures of earlier versions. */
  list?: { before: Distribution; during: Distribution }
  capture?: { before: Distribution; during: Distribution }
  /** Where the processors were meanwhile. */
  load: KernelLoad
}

const neighbourLab = 'user-bridge'
/** It has a plain host on the LAN, too. */
const vandalLab = 'default-bridge'
const dockerRuns = 12
const keys = 150
const lists = 100
const captures = 20
/** Until an attack has its effect. */
const biteMs = 4_000
/** Until the pool has made hosts anew, and what was closed is gone. */
const settleMs = 6_000
const waitMs = 120_000

/** Two racks of one server: what the one feels while the other does its worst. */
export async function benchVandal(only: string, say: (line: string) => void): Promise<VandalBenchmark> {
  const chosen = vandals.filter(({ name }) => name.includes(only))
  if (chosen.length === 0) {
    const cure = `Say one of these: ${vandals.map(({ name }) => name).join(', ')}.`
    throw new VethlabError('argument.invalid', `nothing is called "${only}"`, { place: '--only', cure })
  }
  const server = await ServerProcess.start()
  const racks = new RackdClient(StateDirectory.at().rackdSocket)
  try {
    const learner = await Learner.arrive(server.address)
    const neighbour = await Neighbour.open(racks, learner)
    const figures: VandalFigures[] = []
    for (const vandal of chosen) {
      say(vandal.name)
      await sleep(settleMs)
      const before = await neighbour.measure()
      const { during, load } = await whileAttacked(
        racks,
        () => Learner.arrive(server.address),
        vandal,
        async () => {
          const since = kernelLoad()
          const during = await neighbour.measure()
          return { during, load: since() }
        },
      )
      figures.push({
        name: vandal.name,
        dockerRun: { before: before.dockerRun, during: during.dockerRun },
        echo: { before: before.echo, during: during.echo },
        list: { before: before.list, during: during.list },
        capture: { before: before.capture, during: during.capture },
        load,
      })
    }
    return { machine: machineLine(), vandals: figures }
  } finally {
    await racks.disconnect()
    await server.stop()
  }
}

function machineLine(): string {
  const gibibytes = Math.round(totalmem() / 1024 ** 3)
  return `${cpus().length} processors (${cpus()[0]?.model.trim()}), ${gibibytes} GiB, kernel ${release()}, control groups ${cgroupMode()}`
}

interface Measured {
  dockerRun: Distribution
  echo: Distribution
  list: Distribution
  capture: Distribution
}

/** Who suffers: somebody in a lab of their own, with a shell and containers. */
class Neighbour {
  private constructor(
    private readonly racks: RackdClient,
    private readonly rack: RackInfo,
    private readonly shell: Shell,
  ) {}

  static async open(racks: RackdClient, learner: Learner): Promise<Neighbour> {
    const { id: session, terminals } = await learner.open(neighbourLab)
    const terminal = terminals[0]!.id
    const shell = remoteShell(learner, terminal)
    await learner.ask('terminal.attach', { session, terminal })
    await atPrompt(shell)
    const neighbour = new Neighbour(racks, await rackOf(racks, session), shell)
    // What is read once is read by then.
    await neighbour.measure()
    return neighbour
  }

  async measure(): Promise<Measured> {
    const runs: number[] = []
    const echo = timeEcho(this.shell, keys)
    // Each by itself has the other's echo beside it: that is how people work.
    for (let n = 0; n < dockerRuns; n++) runs.push(await this.dockerRun())
    return {
      dockerRun: distribution(runs),
      echo: distribution(await echo),
      // By themselves: a capture is work, too.
      list: await timed(lists, () => this.racks.list()),
      capture: await timed(captures, () => this.racks.capture(this.rack.id, 'node1')),
    }
  }

  private async dockerRun(): Promise<number> {
    const started = performance.now()
    const argv = ['docker', 'run', '--rm', 'busybox', 'true']
    const result = await this.racks.exec(this.rack.id, 'node1', argv, { timeoutMs: waitMs })
    if (result.failed) throw new Error(`a neighbour's container did not run: ${result.stderr}`)
    return performance.now() - started
  }
}

async function timed(times: number, work: () => Promise<unknown>): Promise<Distribution> {
  const samples: number[] = []
  for (let n = 0; n < times; n++) {
    const started = performance.now()
    await work()
    samples.push(performance.now() - started)
  }
  return distribution(samples)
}

async function rackOf(racks: RackdClient, session: string): Promise<RackInfo> {
  const found = (await racks.list()).find(({ label }) => label.includes(session))
  if (!found) throw new Error(`no rack has the session ${session}`)
  return found
}

/** In a rack of somebody's own, which ends with it. @param arrive who that is */
export async function whileAttacked<T>(
  racks: RackdClient,
  arrive: () => Promise<Learner>,
  { script, terminals, watched }: Vandal,
  use: () => Promise<T>,
): Promise<T> {
  const learner = await arrive()
  const { id: session } = await learner.open(vandalLab)
  const end = new AbortController()
  try {
    const rack = await rackOf(racks, session)
    if (watched) await learner.ask('network.follow', { session })
    const attack = racks
      .exec(rack.id, 'node1', ['sh', '-c', `{ ${script}\n} > /dev/null 2>&1`], {
        timeoutMs: 600_000,
        signal: end.signal,
      })
      .catch(() => {})
    for (let n = 0; n < (terminals?.count ?? 0); n++) await printing(learner, session, terminals!.command)
    await sleep(biteMs)
    try {
      return await use()
    } finally {
      end.abort()
      await attack
    }
  } finally {
    await learner.ask('session.leave', { session })
    learner.leave()
  }
}

/** A terminal that prints without end, to somebody who looks on. */
async function printing(learner: Learner, session: string, command: string): Promise<void> {
  const { id } = await learner.ask('terminal.open', { session, host: 'node1', cols: 80, rows: 24 })
  const shell = remoteShell(learner, id)
  await learner.ask('terminal.attach', { session, terminal: id })
  shell.onOutput(() => {})
  shell.type(`${command}\r`)
}
