import { VethlabError } from '../errors.js'
import { RackProbe } from '../probe/rack-probe.js'
import { LocalRacks } from '../rack/local-racks.js'
import type { StateDirectory } from '../rack/state-directory.js'
import type { TopologyInput } from '../rack/topology.js'
import { type Distribution, distribution } from './statistics.js'

export interface CaptureBenchmark {
  /** Everything of two docker hosts with three containers each, from the question to the `NetworkState`. */
  captureMs: Distribution
}

const topology: TopologyInput = {
  hosts: { node1: 'docker', node2: 'docker' },
  lans: { lan: { subnet: '192.168.1.0/24', at: { node1: '.11', node2: '.12' } } },
}
/** As a lab in its middle has it: names, a published port, and the rules of both. */
const containers = [
  ['docker', 'network', 'create', 'net'],
  ['docker', 'run', '--detach', '--name', 'web', '--network', 'net', '--publish', '8080:80', 'nginx'],
  ['docker', 'run', '--detach', '--name', 'cache', '--network', 'net', 'redis'],
  ['docker', 'run', '--detach', '--name', 'box', 'busybox', 'sleep', '3600'],
]
/** Not measured: the first reads programs from the disk. */
const warmUps = 3

export async function captureBench(
  state: StateDirectory,
  runs: number,
  say: (line: string) => void,
): Promise<CaptureBenchmark> {
  const racks = await LocalRacks.start(state)
  try {
    const rack = await racks.open(topology)
    for (const { name } of rack.hosts) {
      for (const argv of containers) {
        const result = await racks.exec(rack.id, name, argv)
        if (!result.failed) continue
        throw new VethlabError('command.failed', result.stderr, { place: name, cure: 'Run `vethlab doctor`.' })
      }
    }
    const probe = new RackProbe(racks, rack.id)
    const samples: number[] = []
    say(`${runs} captures`)
    for (let run = -warmUps; run < runs; run++) {
      const started = performance.now()
      await probe.capture()
      if (run >= 0) samples.push(performance.now() - started)
    }
    return { captureMs: distribution(samples) }
  } finally {
    await racks.closeAll()
  }
}
