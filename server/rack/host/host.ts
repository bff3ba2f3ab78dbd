import { randomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { VethlabError } from '../../error/vethlab-error.js'
import { openInRoot, setHostname } from '../../kernel/system-calls.js'
import { defaultHostLimits, type HostKind, type HostLimits } from '../../racks/topology.js'
import { EngineClient } from '../engine.js'
import { freeSlot, type IdSlot, takeSlot } from '../identity.js'
import { HostImages } from '../images/host-images.js'
import { namesIn } from '../images/pack-record.js'
import { KnownRules } from '../known-rules.js'
import { isAlive, makeRecordedDirectory, type Owner, type ProcessIdentity, readRecord, writeRecord } from '../record.js'
import type { StateDirectory } from '../state-directory.js'
import { Boot, type BootGround, bootFailed } from './boot.js'
import { Disk } from './disk.js'
import { EngineIdentity } from './engine-identity.js'

/** What all hosts of one installation are made with. */
export interface HostGround extends BootGround {
  owner: Owner
}

/** What is on disk about a host, written before the first thing of it is made. */
export interface HostRecord {
  id: string
  kind: HostKind
  golden: string
  /** The set of packs that it began with. */
  packs?: string
  owner: Owner
  /** Missing while nothing runs on its disk. */
  slot?: number
  /** Missing until its first process runs. */
  init?: ProcessIdentity
  /** Its name in a rack. */
  hostname?: string
  /** Its rack has a way to the internet. */
  internet?: boolean
  /** The rack it belongs to; one without a rack waits in the pool. */
  rack?: string
}

/** What a boot may have of its own. */
export type BootLimits = Partial<Pick<HostLimits, 'cpuShares' | 'pids' | 'diskBytes'>>

/** Longest wait for an Engine on a busy machine. */
const readyTimeoutMs = 60_000
/** For a process that lets go of a file when it is asked to. */
const leaseMs = 3000
const recordFile = 'host.json'

/** A machine of a rack: a disk, what is booted from it, and the record that says whose both are. */
export class Host {
  readonly engine: EngineClient
  readonly knownRules = new KnownRules()
  readonly images: HostImages
  readonly disk: Disk
  private readonly running: Boot

  private constructor(
    private readonly ground: HostGround,
    readonly record: HostRecord,
  ) {
    this.disk = new Disk(ground.store, record.id, record.golden, record.packs)
    this.images = new HostImages(() => namesIn(ground.store, record))
    this.running = new Boot(ground, this.disk, this.directory)
    const identity = new EngineIdentity({
      host: record.id,
      init: () => this.pid,
      root: this.running.root.path,
      upper: this.disk.upper,
      golden: ground.store.golden(record.golden),
    })
    this.engine = new EngineClient(record.id, () => `/proc/${this.pid}/root`, identity)
  }

  get id(): string {
    return this.record.id
  }
  /** The first process, as the machine numbers it. @throws VethlabError host.unreachable */
  get pid(): number {
    if (!this.record.init || !isAlive(this.record.init)) {
      throw new VethlabError('host.unreachable', 'the host is down', { place: this.id, cure: 'Reset the host.' })
    }
    return this.record.init.pid
  }
  get alive(): boolean {
    return isAlive(this.record.init)
  }

  /**
   * Makes a host on a fresh disk and starts it; its Engine needs some more time (`ready`). A failure removes whatever was made.
   * @param packs the set of packs whose images it begins with
   * @param from makes it a copy of a host with that disk instead, over the golden system of that
   */
  static async start(
    ground: HostGround,
    golden: string,
    kind: HostKind,
    { from, packs, internet = false, ...limits }: BootLimits & { from?: Disk; packs?: string; internet?: boolean } = {},
  ): Promise<Host> {
    const id = newHostId()
    const slot = await takeSlot(ground.state.mark, id)
    const record = { id, kind, slot: slot.number, golden: from?.golden ?? golden, owner: ground.owner }
    const host = new Host(ground, {
      ...record,
      ...(packs === undefined ? {} : { packs }),
      ...(internet ? { internet } : {}),
    })
    try {
      await host.begin()
      const { diskBytes } = { ...defaultHostLimits[kind], ...limits }
      await host.run(slot, limits, from ? host.disk.copyOf(from, diskBytes) : host.disk.create(diskBytes))
      return host
    } catch (error) {
      await host.remove().catch(() => {})
      throw error
    }
  }

  /** Records a host of which nothing is made: no sweep takes what its owner makes in its name, and `remove` removes it. */
  static async reserve(ground: HostGround, golden: string, kind: HostKind): Promise<Host> {
    const host = new Host(ground, { id: newHostId(), kind, golden, owner: ground.owner })
    await host.begin()
    return host
  }

  /** A host that an earlier process made, from its record. */
  static async adopt(ground: HostGround, id: string): Promise<Host | undefined> {
    const record = await readRecord<HostRecord>(recordPath(ground.state, id))
    return record && new Host(ground, record)
  }

  /** Ends what runs, as a power failure would, and keeps the disk: `bootAgain` goes on from there. */
  async shutDown(): Promise<void> {
    await this.running.end(this.record.init)
    await this.running.clear()
    const { slot } = this.record
    // Whoever reads the record next must not free a slot that is another host's by then.
    delete this.record.init
    delete this.record.slot
    await this.save()
    if (slot !== undefined) await freeSlot(slot)
  }

  /** Boots a host that was shut down; it has its name, files and disk, and new interfaces. A failure leaves it shut down. */
  async bootAgain(limits: BootLimits = {}): Promise<void> {
    const slot = await takeSlot(this.ground.state.mark, this.id)
    this.record.slot = slot.number
    try {
      await this.save()
      await this.run(slot, limits, Promise.resolve())
    } catch (error) {
      await this.shutDown().catch(() => {})
      throw error
    }
  }

  private async run(slot: IdSlot, limits: BootLimits, written: Promise<void>): Promise<void> {
    const { kind, hostname = 'host', internet = false } = this.record
    const all = { ...defaultHostLimits[kind], ...limits }
    this.record.init = await this.running.start({ kind, hostname, slot, limits: all, internet }, written)
    await this.save()
  }

  /** Waits until the Engine answers; at once on a plain host. @throws VethlabError host.boot-failed */
  async ready(): Promise<void> {
    if (this.record.kind === 'plain') return
    const deadline = Date.now() + readyTimeoutMs
    while (Date.now() < deadline) {
      if (!this.alive) throw bootFailed(this.id, 'it ended while it started')
      if (await this.engine.ping()) return
      await sleep(5)
    }
    throw bootFailed(this.id, `no Engine after ${readyTimeoutMs / 1000} s`)
  }

  /** Whether it is up, and its Engine too. */
  async answers(): Promise<boolean> {
    return this.alive && (this.record.kind === 'plain' || this.engine.ping())
  }

  /** Gives a booted host its name, files and limits in a rack. */
  async settle(
    rack: string,
    hostname: string,
    files: { hosts: string; resolv: string },
    limits: HostLimits,
  ): Promise<void> {
    Object.assign(this.record, { rack, hostname })
    const usual = defaultHostLimits[this.record.kind]
    setHostname(`/proc/${this.pid}/ns/uts`, hostname)
    await Promise.all([
      this.writeFile('etc/hostname', `${hostname}\n`),
      this.writeFile('etc/hosts', files.hosts),
      this.writeFile('etc/resolv.conf', files.resolv),
      this.save(),
      this.ground.cgroups.limit(this.id, limits),
      limits.diskBytes === usual.diskBytes ? undefined : this.disk.limit(limits.diskBytes),
    ])
  }

  /** Writes a file that golden has. Its disk may be one that a learner has had: no link of his leads out of it. */
  private async writeFile(path: string, text: string): Promise<void> {
    const file = openInRoot(this.running.root.path, path)
    try {
      // Opened for nothing at first: opening a pipe may wait.
      if (!fstatSync(file).isFile()) throw bootFailed(this.id, `its /${path} is no file`)
      const written = await this.openUnheld(`/proc/self/fd/${file}`, path)
      try {
        writeSync(written, text)
      } finally {
        closeSync(written)
      }
    } finally {
      closeSync(file)
    }
  }

  /** What already runs in it may hold the file by a lease (fcntl(2)), which the kernel would wait for: we ask again instead. */
  private async openUnheld(file: string, path: string): Promise<number> {
    for (const until = Date.now() + leaseMs; ; await sleep(100)) {
      try {
        return openSync(file, constants.O_WRONLY | constants.O_TRUNC | constants.O_NONBLOCK)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
        if (Date.now() > until) throw bootFailed(this.id, `a process of its own holds its /${path} by a lease`)
      }
    }
  }

  /** Another one answers for it from now on. */
  async giveTo(owner: Owner): Promise<void> {
    this.record.owner = owner
    await this.save()
  }

  /** Ends the host and removes everything of it. Safe to call again, and on a host that was never whole. */
  async remove(): Promise<void> {
    await this.running.end(this.record.init)
    await Promise.all([this.disk.remove(), this.running.clear()])
    // The record goes last: as long as it is there, a sweep finds what is left.
    await rm(this.directory, { recursive: true, force: true, maxRetries: 0 })
    if (this.record.slot !== undefined) await freeSlot(this.record.slot)
  }

  get directory(): string {
    return join(this.ground.state.hosts, this.id)
  }
  private async begin(): Promise<void> {
    await makeRecordedDirectory(this.ground.state.hosts, this.id, recordFile, this.record)
  }
  private async save(): Promise<void> {
    await writeRecord(recordPath(this.ground.state, this.id), this.record)
  }
}

function newHostId(): string {
  return `h${randomBytes(5).toString('hex')}`
}

export function recordPath(state: StateDirectory, id: string): string {
  return join(state.hosts, id, recordFile)
}
