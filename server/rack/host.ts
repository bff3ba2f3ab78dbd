import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chown, mkdir, open, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { VethlabError } from '../error/vethlab-error.js'
import { mountIdmapped, setHostname, unmount } from '../kernel/system-calls.js'
import { defaultHostLimits, type HostKind, type HostLimits } from '../racks/topology.js'
import { bundle } from './bundle.js'
import type { Cgroups } from './cgroup.js'
import { machinePath, run } from './command.js'
import { EngineClient } from './engine.js'
import { EngineIdentity } from './engine-identity.js'
import { freeSlot, type IdSlot, makeUserNamespace, slotIds, takeSlot } from './identity.js'
import { KnownRules } from './known-rules.js'
import {
  identify,
  isAlive,
  makeRecordedDirectory,
  type Owner,
  type ProcessIdentity,
  readRecord,
  signal,
  writeRecord,
} from './record.js'
import type { StateDirectory } from './state-directory.js'
import type { Store } from './store.js'

/** What all hosts of one installation are made with. */
export interface HostGround {
  state: StateDirectory
  store: Store
  cgroups: Cgroups
  owner: Owner
}

/** What is on disk about a host, written before the first thing of it is made. */
export interface HostRecord {
  id: string
  kind: HostKind
  slot: number
  golden: string
  owner: Owner
  /** Missing until its first process runs. */
  init?: ProcessIdentity
  /** The rack it belongs to; one without a rack waits in the pool. */
  rack?: string
}

/** Longest wait for an Engine on a busy machine. */
const readyTimeoutMs = 60_000
const runcTimeoutMs = 30_000
const recordFile = 'host.json'

/** A machine of a rack: a container with a system of its own, and the record that says whose it is. */
export class Host {
  readonly engine: EngineClient
  readonly knownRules = new KnownRules()

  private constructor(
    private readonly ground: HostGround,
    readonly record: HostRecord,
  ) {
    const { store } = ground
    const identity = new EngineIdentity(record.id, () => this.pid, store.host(record.id), store.golden(record.golden))
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
   * Starts a host from a golden system; its Engine needs some more time (`ready`).
   * A failure removes whatever was made.
   */
  static async start(
    ground: HostGround,
    golden: string,
    kind: HostKind,
    limits: Partial<Pick<HostLimits, 'cpuShares' | 'pids'>> = {},
  ): Promise<Host> {
    const id = newHostId()
    const slot = await takeSlot(ground.state.mark, id)
    const record: HostRecord = { id, kind, slot: slot.number, golden, owner: ground.owner }
    const host = new Host(ground, record)
    try {
      await makeRecordedDirectory(ground.state.hosts, id, recordFile, record)
      const root = ground.state.rootOf(id)
      await mkdir(root, { mode: 0o710 })
      // The host's root has to get in; no other user of the machine may.
      await chown(root, 0, slot.base)
      await mkdir(host.rootfs, { mode: 0o700 })
      await host.create(slot, { ...defaultHostLimits[kind], ...limits })
      return host
    } catch (error) {
      await host.remove().catch(() => {})
      throw error
    }
  }

  /** A host that an earlier process made, from its record. */
  static async adopt(ground: HostGround, id: string): Promise<Host | undefined> {
    const record = await readRecord<HostRecord>(recordPath(ground.state, id))
    return record && new Host(ground, record)
  }

  private async create(slot: IdSlot, limits: HostLimits): Promise<void> {
    const { store, cgroups } = this.ground
    const [snapshot, userNamespace] = await Promise.allSettled([
      store.snapshot(store.golden(this.record.golden), store.host(this.id), { limitBytes: limits.diskBytes }),
      makeUserNamespace(slot, limits.pids),
      cgroups.create(this.id, limits, slot.base),
    ])
    try {
      if (snapshot.status === 'rejected') throw snapshot.reason
      if (userNamespace.status === 'rejected') throw userNamespace.reason
      const { path } = userNamespace.value
      mountIdmapped(store.host(this.id), this.rootfs, path)
      const spec = bundle({
        rootfs: this.rootfs,
        userNamespace: path,
        idBase: slot.base,
        cgroupPath: cgroups.guestPath(this.id),
        kind: this.record.kind,
      })
      await writeFile(join(this.directory, 'config.json'), JSON.stringify(spec))
      const pidFile = join(this.directory, 'init.pid')
      await this.runDetached(pidFile)
      const init = identify(Number(await readFile(pidFile, 'utf8')))
      if (!init) throw new VethlabError('host.boot-failed', 'its first process ended at once', this.whereToLook())
      this.record.init = init
      await this.save()
    } finally {
      if (userNamespace.status === 'fulfilled') userNamespace.value.release()
    }
  }

  /** The first process keeps its starter's output, so that goes to a file and never to a pipe that would stay open. */
  private async runDetached(pidFile: string): Promise<void> {
    const log = await open(join(this.directory, 'runc.log'), 'w', 0o600)
    const args = ['--root', this.ground.state.runcRoot, 'run', '--detach', '--bundle', this.directory]
    try {
      const runc = spawn('runc', [...args, '--pid-file', pidFile, this.id], {
        stdio: ['ignore', log.fd, log.fd],
        env: { PATH: machinePath },
        timeout: runcTimeoutMs,
        killSignal: 'SIGKILL',
      })
      const [exitCode] = await once(runc, 'exit')
      if (exitCode === 0) return
      const said = await readFile(join(this.directory, 'runc.log'), 'utf8')
      throw new VethlabError('host.boot-failed', `runc: ${said || 'no end in time'}`, this.whereToLook())
    } finally {
      await log.close()
    }
  }

  /** Waits until the Engine answers; at once on a plain host. @throws VethlabError host.boot-failed */
  async ready(): Promise<void> {
    if (this.record.kind === 'plain') return
    const deadline = Date.now() + readyTimeoutMs
    while (Date.now() < deadline) {
      if (!this.alive) throw new VethlabError('host.boot-failed', 'it ended while it started', this.whereToLook())
      if (await this.engine.ping()) return
      await sleep(5)
    }
    throw new VethlabError('host.boot-failed', `no Engine after ${readyTimeoutMs / 1000} s`, this.whereToLook())
  }

  /** Whether it is up, and its Engine too. */
  async answers(): Promise<boolean> {
    return this.alive && (this.record.kind === 'plain' || this.engine.ping())
  }

  /** Gives a booted host its name and files in a rack. Only for a host that no learner has touched. */
  async settle(
    rack: string,
    hostname: string,
    files: { hosts: string; resolv: string },
    limits: HostLimits,
  ): Promise<void> {
    const { store, cgroups } = this.ground
    this.record.rack = rack
    const etc = join(store.host(this.id), 'etc')
    const usual = defaultHostLimits[this.record.kind]
    setHostname(`/proc/${this.pid}/ns/uts`, hostname)
    await Promise.all([
      this.save(),
      writeFile(join(etc, 'hostname'), `${hostname}\n`),
      writeFile(join(etc, 'hosts'), files.hosts),
      writeFile(join(etc, 'resolv.conf'), files.resolv),
      cgroups.limit(this.id, limits),
      limits.diskBytes === usual.diskBytes ? undefined : store.limit(store.host(this.id), limits.diskBytes),
    ])
  }

  /** Another one answers for it from now on. */
  async giveTo(owner: Owner): Promise<void> {
    this.record.owner = owner
    await this.save()
  }

  /** Ends the host and removes everything of it. Safe to call again, and on a host that was never whole. */
  async remove(): Promise<void> {
    const { state, store, cgroups } = this.ground
    if (this.record.init) signal(this.record.init, 'SIGKILL')
    // Covers a start that was cut off between runc's beginning and our note of its process.
    await run('runc', ['--root', state.runcRoot, 'delete', '--force', this.id])
    await cgroups.killAll(this.id)
    await removeRoot(state, this.id)
    await Promise.all([store.remove([store.host(this.id)]), cgroups.remove(this.id)])
    // The record goes last: as long as it is there, a sweep finds what is left.
    await rm(this.directory, { recursive: true, force: true, maxRetries: 0 })
    await freeSlot(this.record.slot)
  }

  /** The machine's id of the host's root. */
  get idBase(): number {
    return slotIds(this.record.slot).base
  }
  get directory(): string {
    return join(this.ground.state.hosts, this.id)
  }
  private get rootfs(): string {
    return join(this.ground.state.rootOf(this.id), 'rootfs')
  }
  private async save(): Promise<void> {
    await writeRecord(recordPath(this.ground.state, this.id), this.record)
  }
  private whereToLook() {
    return { place: this.id, cure: 'Run `vethlab doctor`; if all is well there, run `vethlab setup --force`.' }
  }
}

function newHostId(): string {
  return `h${randomBytes(5).toString('hex')}`
}

/** Unmounts a host's file system and removes its mount point; fine if that is gone. */
export async function removeRoot(state: StateDirectory, id: string): Promise<void> {
  const root = state.rootOf(id)
  unmount(join(root, 'rootfs'))
  // Never recursively: nothing but a mount point is here, and what it showed is not to be touched.
  for (const path of [join(root, 'rootfs'), root]) await rmdir(path).catch(() => {})
}

export function recordPath(state: StateDirectory, id: string): string {
  return join(state.hosts, id, recordFile)
}
