import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { LocalRacks } from '../../../dist/rack/local-racks.js'
import { StateDirectory } from '../../../dist/rack/state-directory.js'
import { RackGround } from '../../../dist/racks/rack-ground.js'

const topology = {
  hosts: { node1: 'docker', node2: 'docker', laptop: 'plain' },
  lans: { lan: { subnet: '192.168.50.0/24', at: { node1: '.11', node2: '.12', laptop: '.50' } } },
}

/** An emulated processor is some twenty times slower: what takes a second elsewhere is waited for this long. */
const patienceMs = 120_000

/** What an Engine complains about on every network of a swarm, though nothing is wrong. */
const noise = /Inconsistent driver and libnetwork state|reading the kernel parameter|pulling image failed/

/** The rack that the cases share, and what they do with it. */
export class Lab {
  state = StateDirectory.at()
  #racks
  #rack

  async open() {
    this.#racks = await LocalRacks.start(this.state)
    this.#rack = await this.#racks.open(topology, {
      label: 'stock kernel',
      onProgress: ({ stage, elapsedMs }) => console.log(`${stage}: ${(elapsedMs / 1000).toFixed(1)} s`),
    })
    return this.#rack
  }

  /** Where the rack is, and that there is one. */
  get rack() {
    if (!this.#rack) throw new Error('there is no rack')
    return this.#rack
  }

  host(name) {
    return this.rack.hosts.find((host) => host.name === name)
  }

  address(name) {
    return this.host(name).interfaces[0].address
  }

  async reset(name) {
    this.#rack = await this.#racks.reset(this.rack.id, name)
  }

  async close() {
    const { id } = this.rack
    await this.#racks.close(id)
    this.#rack = undefined
    await this.#racks.closeAll()
  }

  /** Runs a script as root of a host, which must succeed. @returns what it printed */
  async sh(host, script) {
    const result = await this.run(host, script)
    if (!result.failed) return result.stdout.trim()
    const end = result.timedOut ? 'no end in time' : `exit code ${result.exitCode}`
    throw new Error(`${host}: ${script}: ${end}: ${result.stderr.trim() || result.stdout.trim()}`)
  }

  /** Runs a script as root of a host, whatever becomes of it. */
  run(host, script) {
    return this.#racks.exec(this.rack.id, host, ['sh', '-ec', script], { timeoutMs: patienceMs })
  }

  engine(host, path) {
    return this.#racks.engine(this.rack.id, host, path)
  }

  /** One host's part of what a capture is read as. */
  async seen(host) {
    const { hosts } = await new RackGround(this.#racks, this.rack.id).capture()
    return hosts.find(({ name }) => name === host)
  }

  setLink(host, state) {
    return this.#racks.setLink(this.rack.id, 'lan', host, state)
  }

  /** Whether a host reaches an address, asked with the machine's own ping from the host's network. */
  async reaches(host, address) {
    const { outcome, detail } = await this.#racks.probe(this.rack.id, host, { kind: 'ping', address, timeoutMs: 5000 })
    if (outcome === 'error') throw new Error(`ping of ${address} from ${host}: ${detail}`)
    return outcome === 'yes'
  }

  /** The hardware address that a host has seen an address at. */
  async neighbour(host, address) {
    return JSON.parse(await this.sh(host, `ip -json neighbour show ${address}`))[0]?.lladdr
  }

  /** The network namespace of the LAN, as a file. */
  get lanNamespace() {
    return join(this.state.netns, `${this.rack.id}-lan`)
  }

  /** The frames on a host's cable that pass tcpdump's filter while `work` goes on, a line each. */
  async onTheWire(host, filter, work) {
    const options = ['-n', '-l', '-e', '--immediate-mode', '-i', `p-${host}`]
    const tcpdump = spawn('nsenter', [`--net=${this.lanNamespace}`, 'tcpdump', ...options, filter])
    const lines = []
    createInterface({ input: tcpdump.stdout }).on('line', (line) => lines.push(line))
    const closed = once(tcpdump, 'close')
    try {
      await new Promise((resolve, reject) => {
        createInterface({ input: tcpdump.stderr }).on('line', (line) => /^listening on/.test(line) && resolve())
        closed.then(() => reject(new Error('tcpdump ended at once')))
      })
      await work()
    } finally {
      tcpdump.kill('SIGINT')
      await closed
    }
    return lines
  }

  /** What the Engines complained about last, for whoever reads of a failure. */
  async lastWords() {
    const lines = []
    for (const { name, kind } of this.#rack?.hosts ?? []) {
      if (kind !== 'docker') continue
      const { stdout } = await this.run(name, 'grep -E "level=(error|fatal)" /var/log/docker.log | tail -n 99')
      const complaints = stdout.split('\n').filter((line) => line !== '' && !noise.test(line))
      lines.push(...complaints.slice(-5).map((line) => `${name}: ${line}`))
    }
    return lines
  }
}

/** Tries until `attempt` comes to something; a failure of it is only the reason given in the end. */
export async function until(what, attempt, deadlineMs = patienceMs) {
  const deadline = Date.now() + deadlineMs
  for (;;) {
    let why = ''
    try {
      const result = await attempt()
      if (result) return result
    } catch (error) {
      why = `: ${error.message}`
    }
    if (Date.now() > deadline) throw new Error(`${what}: not within ${deadlineMs / 1000} s${why}`)
    await sleep(250)
  }
}
