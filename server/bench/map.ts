import { setTimeout as sleep } from 'node:timers/promises'
import { differences } from '../change/difference.js'
import { VethlabError } from '../error/vethlab-error.js'
import { drawMap } from '../map/draw-map.js'
import type { NetworkMap } from '../map/map.js'
import { RackdClient } from '../node/rackd-client.js'
import { StateDirectory } from '../rack/state-directory.js'
import { RackGround } from '../racks/rack-ground.js'
import type { RackInfo } from '../racks/racks.js'
import { Learner } from './learner.js'
import { processorMs, ServerProcess } from './server-process.js'
import { type Distribution, distribution } from './statistics.js'

export interface MapBenchmark {
  /**
   * From a change to the map that shows it, at a browser's end of the socket. It begins when the command that makes the change
   * is started, and for Docker's, which take their own time, when they have returned.
   */
  changeToMapMs: Distribution
  /** The slowest kind of change, by its p95. */
  slowest: string
  /** A map drawn and compared with the last one: two hosts with ten containers each. */
  diffMs: Distribution
  /** From the question to the story: container to container by name, over an overlay of two hosts. */
  traceMs: Distribution
  /** Of one processor, with a map open on which nothing happens: rackd, web and what listens to the hosts. */
  idleCpuPercent: number
}

const lab = 'overlay'
const containersPerHost = 10
const waitMs = 30_000
/** So that no look that follows the last change makes the next one come sooner. */
const calmMs = 4_000
/** Swarms and Engines are done with what they were told, and the server with looking at it. */
const settleMs = 15_000
/** Slow looks have ceased by then. */
const idleAfterMs = 35_000
const idleMs = 20_000

interface Change {
  kind: string
  /** Whether the command's own time counts. */
  counts: boolean
  make(rack: Rack): Promise<unknown>
  undo(rack: Rack): Promise<unknown>
  shows(map: NetworkMap, run: number): boolean
}

/** A rack of the server, by its root's door. */
class Rack {
  run = 0

  constructor(
    readonly racks: RackdClient,
    readonly info: RackInfo,
  ) {}

  async exec(host: string, ...argv: string[]): Promise<string> {
    const result = await this.racks.exec(this.info.id, host, argv, { timeoutMs: 120_000 })
    if (!result.failed) return result.stdout.trim()
    throw new VethlabError('command.failed', result.stderr, {
      place: `${host}: ${argv[0]}`,
      cure: 'Run `vethlab doctor`.',
    })
  }

  address(host: string): string {
    return this.info.hosts.find(({ name }) => name === host)!.interfaces[0]!.address
  }
}

const mentions = (map: NetworkMap, word: string) => JSON.stringify(map.elements).includes(word)
const changes: readonly Change[] = [
  {
    kind: 'a network of Docker',
    counts: false,
    make: (rack) => rack.exec('node1', 'docker', 'network', 'create', `bench${rack.run}x`),
    undo: (rack) => rack.exec('node1', 'docker', 'network', 'rm', `bench${rack.run}x`),
    shows: (map, run) => mentions(map, `bench${run}x`),
  },
  {
    kind: 'a container',
    counts: false,
    make: (rack) => rack.exec('node2', 'docker', 'run', '-d', '--name', `box${rack.run}x`, 'busybox', 'sleep', '3600'),
    undo: (rack) => rack.exec('node2', 'docker', 'rm', '-f', `box${rack.run}x`),
    shows: (map, run) => map.elements.some(({ id, state }) => id.includes(`box${run}x`) && state === 'up'),
  },
  {
    kind: 'a link',
    counts: true,
    make: (rack) => rack.exec('node1', 'ip', 'link', 'add', `veth${rack.run}x`, 'type', 'veth'),
    undo: (rack) => rack.exec('node1', 'ip', 'link', 'delete', `veth${rack.run}x`),
    shows: (map, run) => mentions(map, `veth${run}x`),
  },
  {
    kind: 'a route',
    counts: true,
    make: (rack) => rack.exec('laptop', 'ip', 'route', 'add', `10.9.${rack.run}.0/24`, 'via', rack.address('node1')),
    undo: (rack) => rack.exec('laptop', 'ip', 'route', 'delete', `10.9.${rack.run}.0/24`),
    shows: (map, run) => mentions(map, `10.9.${run}.0/24`),
  },
  {
    kind: 'a rule',
    counts: true,
    make: (rack) =>
      rack.exec('node2', 'iptables', '-I', 'DOCKER-USER', '-p', 'tcp', '--dport', `${20_000 + rack.run}`, '-j', 'DROP'),
    undo: (rack) => rack.exec('node2', 'iptables', '-D', 'DOCKER-USER', '1'),
    shows: (map, run) => mentions(map, `--dport ${20_000 + run}`),
  },
  {
    kind: 'a cable',
    counts: true,
    make: ({ racks, info }) => racks.setLink(info.id, info.lans[0]!.name, 'laptop', 'cut'),
    undo: ({ racks, info }) => racks.setLink(info.id, info.lans[0]!.name, 'laptop', 'mended'),
    shows: ({ ties }) =>
      ties.some(({ kind, state, from, to }) => kind === 'cable' && state === 'down' && /laptop/.test(from + to)),
  },
]

/** From a change in a rack to the map of it, through the real server. */
export async function benchMap(runs: number, say: (line: string) => void): Promise<MapBenchmark> {
  const server = await ServerProcess.start(['--pool-docker', '0', '--pool-plain', '0'])
  const racks = new RackdClient(StateDirectory.at().rackdSocket)
  try {
    const learner = await Learner.arrive(server.address)
    const { id: session } = await learner.open(lab)
    try {
      const info = (await racks.list()).find(({ label }) => label.includes(session))!
      const rack = new Rack(racks, info)
      await learner.ask('network.follow', { session })
      const idleCpuPercent = await timeIdle(server, say)
      const changed = await timeChanges(learner, rack, runs, say)
      const traced = await timeTraces(learner, session, rack, runs, say)
      const diffMs = await timeDifferences(rack, runs, say)
      return { ...changed, diffMs, traceMs: traced, idleCpuPercent }
    } finally {
      await learner.ask('session.leave', { session })
      learner.leave()
    }
  } finally {
    await racks.disconnect()
    await server.stop()
  }
}

async function timeIdle(server: ServerProcess, say: (line: string) => void): Promise<number> {
  say(`idle for ${idleMs / 1000} s`)
  await sleep(idleAfterMs)
  const [before, started] = [processorMs(server.pids), performance.now()]
  await sleep(idleMs)
  return Math.round(((processorMs(server.pids) - before) / (performance.now() - started)) * 1000) / 10
}

async function timeChanges(
  learner: Learner,
  rack: Rack,
  runs: number,
  say: (line: string) => void,
): Promise<Pick<MapBenchmark, 'changeToMapMs' | 'slowest'>> {
  const ofKinds = new Map<string, number[]>()
  for (rack.run = 1; rack.run <= runs; rack.run++) {
    say(`changes, ${rack.run} of ${runs}`)
    for (const change of changes) {
      await sleep(calmMs)
      const tookMs = await timeChange(learner, rack, change)
      ofKinds.set(change.kind, [...(ofKinds.get(change.kind) ?? []), tookMs])
      await change.undo(rack)
    }
  }
  const p95s = [...ofKinds].map(([kind, samples]) => [kind, distribution(samples).p95] as const)
  for (const [kind, samples] of ofKinds) {
    const { p50, p95 } = distribution(samples)
    say(`${kind}: p50 ${p50} ms, p95 ${p95} ms`)
  }
  const [slowest] = p95s.toSorted((a, b) => b[1] - a[1])
  return { changeToMapMs: distribution([...ofKinds.values()].flat()), slowest: slowest![0] }
}

async function timeChange({ socket }: Learner, rack: Rack, { kind, counts, make, shows }: Change): Promise<number> {
  const { run } = rack
  let end = () => {}
  const shown = new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${kind} is not on the map after ${waitMs} ms`)), waitMs)
    const look = (_: string, map: NetworkMap) => {
      if (shows(map, run)) resolve(performance.now())
    }
    socket.on('network.map', look)
    end = () => {
      clearTimeout(timer)
      socket.off('network.map', look)
    }
  })
  // Whoever makes the change may fail first.
  shown.catch(() => {})
  try {
    let from = performance.now()
    await make(rack)
    if (!counts) from = performance.now()
    return Math.max(0, (await shown) - from)
  } finally {
    end()
  }
}

async function timeTraces(
  learner: Learner,
  session: string,
  rack: Rack,
  runs: number,
  say: (line: string) => void,
): Promise<Distribution> {
  say('an overlay of two hosts')
  await rack.exec('node1', 'docker', 'swarm', 'init', '--advertise-addr', rack.address('node1'))
  const token = await rack.exec('node1', 'docker', 'swarm', 'join-token', '-q', 'worker')
  await rack.exec('node2', 'docker', 'swarm', 'join', '--token', token, `${rack.address('node1')}:2377`)
  await rack.exec('node1', 'docker', 'network', 'create', '--driver', 'overlay', '--attachable', 'wide')
  for (const [host, name] of [
    ['node1', 'near'],
    ['node2', 'far'],
  ] as const) {
    await rack.exec(host, 'docker', 'run', '-d', '--name', name, '--network', 'wide', 'busybox', 'sleep', '3600')
  }
  await sleep(settleMs)
  const samples: number[] = []
  // The first trace may wait for the overlay, and for programs to be read from the disk.
  for (let run = 0; run <= runs; run++) {
    const started = performance.now()
    const { outcome, summary } = await learner.ask('trace.run', { session, from: 'node1/near', to: 'far' })
    if (run > 0) samples.push(performance.now() - started)
    if (run > 0 && outcome !== 'answered') say(`trace ${run}: ${outcome}: ${summary.en}`)
  }
  return distribution(samples)
}

async function timeDifferences(rack: Rack, runs: number, say: (line: string) => void): Promise<Distribution> {
  say(`${2 * containersPerHost} containers`)
  for (const host of ['node1', 'node2']) {
    for (let n = 1; n < containersPerHost; n++) {
      await rack.exec(
        host,
        'docker',
        'run',
        '-d',
        '--name',
        `many${n}`,
        '-p',
        `${9000 + n}:80`,
        'busybox',
        'sleep',
        '3600',
      )
    }
  }
  const probe = new RackGround(rack.racks, rack.info.id)
  const before = await probe.capture()
  await rack.exec('node2', 'docker', 'rm', '-f', 'many1')
  await sleep(settleMs)
  const after = await probe.capture()
  const samples: number[] = []
  for (let run = 0; run < 10 + 20 * runs; run++) {
    const started = performance.now()
    drawMap(after)
    differences(before, after)
    // The first ones are compiled.
    if (run >= 10) samples.push(performance.now() - started)
  }
  return distribution(samples)
}
