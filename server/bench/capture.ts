import { VethlabError } from '../error/vethlab-error.js'
import { RackGround } from '../racks/rack-ground.js'
import type { Racks } from '../racks/racks.js'
import type { TopologyInput } from '../racks/topology.js'
import { type Distribution, distribution } from './statistics.js'

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

/** Milliseconds of a capture, from the question to the `NetworkState`: two docker hosts with three containers each. */
export async function benchCapture(racks: Racks, runs: number, say: (line: string) => void): Promise<Distribution> {
  const rack = await racks.open(topology)
  try {
    for (const { name } of rack.hosts) {
      for (const argv of containers) {
        const result = await racks.exec(rack.id, name, argv)
        if (!result.failed) continue
        throw new VethlabError('command.failed', result.stderr, { place: name, cure: 'Run `vethlab doctor`.' })
      }
    }
    const probe = new RackGround(racks, rack.id)
    const samples: number[] = []
    say(`${runs} captures`)
    for (let run = -warmUps; run < runs; run++) {
      const started = performance.now()
      await probe.capture()
      if (run >= 0) samples.push(performance.now() - started)
    }
    return distribution(samples)
  } finally {
    await racks.close(rack.id)
  }
}
