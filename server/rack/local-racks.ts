import { randomBytes } from 'node:crypto'
import { type FSWatcher, watch } from 'node:fs'
import { rm } from 'node:fs/promises'
import { freemem } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { messageOf } from '../error/message-of.js'
import { VethlabError } from '../error/vethlab-error.js'
import { forbidCoreDumps } from '../kernel/system-calls.js'
import { leastFreeBytes } from '../machine/capacity.js'
import type { HostCapture, StillCapture } from '../network/capture.js'
import type { Conversation, Talk } from '../network/conversation.js'
import { imageInFull } from '../network/image-name.js'
import type { Observation, TracedPacket } from '../network/observation.js'
import type { ProbeAnswer, ProbeRequest } from '../network/question.js'
import type { ScriptOptions, ScriptRun } from '../place/script-run.js'
import type { CommandResult } from '../racks/command-result.js'
import {
  checkStdin,
  type ExecOptions,
  type HostEnd,
  type OpenOptions,
  type OpenProgress,
  type RackInfo,
  type Racks,
} from '../racks/racks.js'
import {
  defaultHostLimits,
  defaultRackLimits,
  type HostKind,
  type HostPlan,
  type RackLimits,
  resolveTopology,
  type TopologyInput,
} from '../racks/topology.js'
import { PtyHostClient } from '../terminal/client.js'
import { oneLine } from '../wording/one-line.js'
import { AtOnce } from './at-once.js'
import { loadBridgeFilter } from './bridge-filter.js'
import { captureHost } from './capture.js'
import { Cgroups } from './cgroup.js'
import type { EngineClient } from './engine.js'
import { execInHost } from './exec.js'
import { Guard, type HostOfRack } from './guard/guard.js'
import { raiseSharedTables } from './guard/shared-tables.js'
import { Host, type HostGround } from './host/host.js'
import { hostFiles } from './host-files.js'
import { requireBase } from './images/base.js'
import { type HostBase, namesIn, readPacks, tidyPacks } from './images/pack-record.js'
import { configureInterfaces, Lan } from './lan.js'
import { beLastToEnd } from './last-to-end.js'
import { watchHost } from './network-watch.js'
import { observePacket } from './observe.js'
import { OfflineGateway } from './offline-gateway.js'
import { Pool, type PoolSize } from './pool.js'
import { connectToPort } from './port.js'
import { probeFrom } from './probe.js'
import { describeTerminals, startPtyHost } from './pty-host-process.js'
import { type RackRecord, rackRecordFile, rackRecordPath } from './rack-record.js'
import {
  bootId,
  endProcess,
  isAlive,
  makeRecordedDirectory,
  type Owner,
  ownProcess,
  readRecord,
  recordedDirectories,
  writeRecord,
} from './record.js'
import { restartEngine } from './restart-engine.js'
import { runLabScript } from './script-room.js'
import { makeSshKey, startSsh } from './ssh.js'
import type { StateDirectory } from './state-directory.js'
import { captureStill } from './still-capture.js'
import { Store } from './store.js'
import { sweep } from './sweep.js'
import { talkFrom } from './talk.js'
import { Uplinks } from './uplink.js'

export interface LocalRacksOptions {
  /** `rackd` for racks that outlive this process, `process` for those that end with it. */
  owner?: 'rackd' | 'process'
  limits?: RackLimits
  /** Racks at the same time. */
  maxRacks?: number
  pool?: PoolSize
}

/** Of each stream of a program in a host: an answer goes through rackd's socket in one piece. */
const usualOutputBytes = 1024 ** 2
const largestOutputBytes = 3 * 1024 ** 2
const tidyAfterMs = 10_000

interface OpenRack {
  record: RackRecord
  /** Once it is built: in the order of the topology. */
  hosts: Map<string, Host>
  lans: Map<string, Lan>
  /** One a LAN, in a rack without internet. */
  gateways: OfflineGateway[]
}

/** Racks made by this process, which must be root. */
export class LocalRacks implements Racks {
  private readonly racks = new Map<string, OpenRack>()
  /** Changes of one rack happen one after another. */
  private readonly queues = new Map<string, Promise<unknown>>()
  /** Each is a process, or two a host, that go on for as long as whoever asked wants. */
  private readonly watches = new AtOnce(4, 'watches')
  private readonly observations = new AtOnce(4, 'observations')
  private readonly scripts = new AtOnce(8, 'scripts')
  private readonly restarts = new AtOnce(1, 'restarts of its Engine')
  private readonly guard: Guard
  private opening = 0
  private tidying: NodeJS.Timeout | undefined
  private pool: Pool
  private readonly packsWatch: FSWatcher
  /** What was in the store when it was looked what hosts are made from. */
  private stock = ''

  private constructor(
    private readonly state: StateDirectory,
    private readonly ground: HostGround,
    private base: HostBase,
    private readonly uplinks: Uplinks,
    private readonly options: LocalRacksOptions,
  ) {
    this.pool = this.newPool()
    this.guard = new Guard(ground.cgroups, ground.store, () => this.guarded())
    // Whoever opens a rack looks for itself; this is for the hosts that wait.
    this.packsWatch = watch(ground.store.packs, { persistent: false }, () => this.poolFollows())
    this.packsWatch.on('error', () => {})
  }

  private newPool(): Pool {
    const size = this.options.pool ?? { docker: 0, plain: 0 }
    return new Pool(this.ground, this.base, size, () => this.opening > 0)
  }

  /**
   * A set-up may have made another golden system since, or somebody has added images: new hosts are made from that, and the pool is
   * made anew.
   */
  private async followBase(): Promise<void> {
    const { store } = this.ground
    const stock = [...(await store.list('golden')), (await readPacks(store))?.set].join()
    if (stock === this.stock) return
    const base = await requireBase(store)
    this.stock = stock
    if (base.golden === this.base.golden && base.packs === this.base.packs) return
    this.base = base
    const old = this.pool
    this.pool = this.newPool()
    void old.drain().catch(() => {})
  }

  private poolFollows(): void {
    const { pool } = this
    // Where there is nothing to be made from, whoever opens a rack is told.
    this.followBase().then(
      () => {
        if (this.pool !== pool) this.pool.refill()
      },
      () => {},
    )
  }

  /** Removes what crashed processes left, takes over the racks of an earlier rackd, and begins to fill the pool. */
  static async start(state: StateDirectory, options: LocalRacksOptions = {}): Promise<LocalRacks> {
    forbidCoreDumps()
    const store = await Store.open(state)
    const base = await requireBase(store)
    const cgroups = await Cgroups.open(state.mark)
    if (options.owner === 'rackd') {
      beLastToEnd()
      await cgroups.joinServer()
    }
    await loadBridgeFilter()
    await raiseSharedTables(state)
    const owner: Owner = options.owner === 'rackd' ? { kind: 'rackd' } : ownProcess()
    const ground: HostGround = { state, store, cgroups, owner }
    const racks = new LocalRacks(state, ground, base, new Uplinks(state), options)
    await sweep(ground, { adopting: options.owner === 'rackd' })
    if (options.owner === 'rackd') await racks.adopt()
    racks.finishResets()
    racks.guard.start()
    racks.pool.refill()
    return racks
  }

  private async adopt(): Promise<void> {
    const inUse = new Set<string>()
    for (const id of await recordedDirectories(this.state.racks)) {
      const record = await readRecord<RackRecord>(rackRecordPath(this.state, id))
      if (record?.owner.kind !== 'rackd' || !record.open) continue
      await this.adoptRack(record)
      for (const host of Object.values(record.hosts)) inUse.add(host)
    }
    for (const id of await recordedDirectories(this.state.hosts)) {
      if (inUse.has(id)) continue
      const host = await Host.adopt(this.ground, id)
      if (host?.record.owner.kind !== 'rackd') continue
      if (host.record.rack || !(await host.answers()) || !this.pool.adopt(host)) await host.remove()
    }
  }

  private async adoptRack(record: RackRecord): Promise<void> {
    const hosts = new Map<string, Host>()
    for (const [name, id] of Object.entries(record.hosts)) {
      const host = await Host.adopt(this.ground, id)
      if (host) hosts.set(name, host)
      // Whoever was killed while it captured them has left them frozen.
      await this.ground.cgroups.letGo(id)
    }
    const lans = new Map(record.plan.lans.map((plan) => [plan.name, Lan.at(this.state, record.id, plan)]))
    const rack: OpenRack = { record, hosts: inOrder(record, hosts), lans, gateways: [] }
    this.racks.set(record.id, rack)
    if (!record.plan.internet) for (const lan of lans.values()) this.listenOn(rack, lan)
  }

  /** Resets that were cut off with the process that made them: whoever changes such a rack next waits for it. */
  private finishResets(): void {
    for (const { record } of this.racks.values()) {
      const { id, resetting } = record
      if (!resetting) continue
      this.inTurn(id, (rack) => this.makeAnew(rack, resetting.hosts)).catch((error: unknown) => {
        process.stderr.write(`reset of ${id}: ${messageOf(error)}\n`)
      })
    }
  }

  /**
   * Gives a rack of this process to rackd: it stays when this process ends. The rack's record is written first, since a
   * rackd that starts removes hosts of its own that are in none of its racks.
   */
  async handOver(id: string): Promise<void> {
    await this.inTurn(id, async (rack) => {
      rack.record.owner = { kind: 'rackd' }
      await this.save(rack)
      for (const host of rack.hosts.values()) await host.giveTo(rack.record.owner)
      for (const gateway of rack.gateways) gateway.close()
      this.racks.delete(id)
    })
  }

  /** In rackd: takes a rack that another process has handed over since the start. @throws VethlabError rack.not-found */
  async takeOver(id: string): Promise<RackInfo> {
    const known = (await recordedDirectories(this.state.racks)).includes(id) && !this.racks.has(id)
    const record = known ? await readRecord<RackRecord>(rackRecordPath(this.state, id)) : undefined
    if (record?.owner.kind === 'rackd' && record.open) await this.adoptRack(record)
    return this.info(id)
  }

  /** @param options.request names the request: asked again after a restart of rackd, it is answered with the rack that it made */
  async open(
    topology: TopologyInput,
    options: OpenOptions & { forWeb?: boolean; request?: string } = {},
  ): Promise<RackInfo> {
    const { request } = options
    const made = request && [...this.racks.values()].find(({ record }) => record.request === request)
    if (made) return describe(made)
    const plan = resolveTopology(topology, this.options.limits ?? defaultRackLimits)
    const most = this.options.maxRacks ?? 64
    if (this.racks.size + this.opening >= most) {
      throw new VethlabError('rack.limit', `${most} racks are open, and that is the limit`, {
        place: 'racks',
        cure: 'Close one, or wait until one ends.',
      })
    }
    await this.followBase()
    await this.requireImages(options.images ?? [])
    await this.ground.store.requireSpace()
    if (freemem() < leastFreeBytes) {
      throw new VethlabError('machine.out-of-memory', `only ${Math.floor(freemem() / 1024 ** 2)} MiB are free`, {
        place: 'memory',
        cure: 'Close racks, or give the machine more memory.',
      })
    }
    const id = `r${randomBytes(4).toString('hex')}`
    const record: RackRecord = {
      id,
      label: oneLine(options.label ?? '', 200),
      createdAt: new Date().toISOString(),
      owner: this.ground.owner,
      plan,
      hosts: {},
      cut: [],
      open: false,
      ...(plan.ssh ? { ssh: makeSshKey() } : {}),
      ...(options.owner === undefined ? {} : { openedFor: options.owner }),
      ...(options.forWeb ? { forWeb: true } : {}),
      ...(request === undefined ? {} : { request }),
      ...(options.images && options.images.length > 0 ? { images: [...options.images] } : {}),
    }
    const rack: OpenRack = { record, hosts: new Map(), lans: new Map(), gateways: [] }
    this.opening++
    try {
      await makeRecordedDirectory(this.state.racks, id, rackRecordFile, record)
      await this.build(rack, options)
      this.racks.set(id, rack)
      return describe(rack)
    } catch (error) {
      await this.dismantle(rack)
      throw error
    } finally {
      this.opening--
      this.pool.refill()
    }
  }

  /** Hosts and LANs side by side, then the cables, then the Engines. */
  private async build(rack: OpenRack, { onProgress, signal: abort }: OpenOptions): Promise<void> {
    const { record } = rack
    const started = performance.now()
    const done = (stage: OpenProgress['stage']) => {
      onProgress?.({ stage, elapsedMs: performance.now() - started })
      abort?.throwIfAborted()
    }
    const hosts = record.plan.hosts.map(async (plan) => {
      const host = await this.obtain(plan, record.plan)
      rack.hosts.set(plan.name, host)
      record.hosts[plan.name] = host.id
    })
    const lans = record.plan.lans.map(async (plan) => {
      const lan = Lan.at(this.state, record.id, plan)
      rack.lans.set(plan.name, lan)
      await lan.create()
      if (record.plan.internet) await this.uplinks.add(record.id, lan)
      else this.listenOn(rack, lan)
    })
    await allOrNothing([...hosts, ...lans])
    rack.hosts = inOrder(record, rack.hosts)
    done('hosts')
    await this.save(rack)
    await this.wire(rack, record.plan.hosts)
    done('network')
    await allOrNothing([...rack.hosts.values()].map((host) => host.ready()))
    record.open = true
    await this.save(rack)
    done('engines')
  }

  private async obtain(plan: HostPlan, { internet }: { internet: boolean }): Promise<Host> {
    const { pids } = plan.limits
    // Whoever waits in the pool was made with the usual number, and for a rack without internet: neither can be changed later.
    const usual = pids === defaultHostLimits[plan.kind].pids && (plan.kind === 'plain' || !internet)
    const waiting = usual ? this.pool.take(plan.kind) : undefined
    const { golden, ...packs } = this.base
    return waiting ?? (await Host.start(this.ground, golden, plan.kind, { ...packs, pids, internet }))
  }

  /** @throws VethlabError image.missing unless new hosts have all of them */
  private async requireImages(images: readonly string[]): Promise<void> {
    if (images.length === 0) return
    const there = new Set([...(await namesIn(this.ground.store, this.base)).values()].flat())
    const missing = images.find((image) => !there.has(imageInFull(image)))
    if (missing === undefined) return
    throw new VethlabError('image.missing', 'the lab needs this image, and hosts here do not have it', {
      place: oneLine(missing, 255),
      cure: `Add it: \`vethlab images add ${oneLine(missing, 255)}\`.`,
    })
  }

  /** What Engines are told of the internet that is not there. */
  private listenOn(rack: OpenRack, lan: Lan): void {
    const hostAt = (address: string) => {
      const leg = (plan: HostPlan) =>
        plan.interfaces.some((own) => own.address === address && own.lan === lan.plan.name)
      return rack.hosts.get(rack.record.plan.hosts.find(leg)?.name ?? '')
    }
    rack.gateways.push(new OfflineGateway(lan, hostAt))
  }

  /** Names hosts, plugs them into their LANs and gives them addresses. */
  private async wire(rack: OpenRack, plans: HostPlan[]): Promise<void> {
    const { record } = rack
    const cables = [...rack.lans.values()].map((lan) =>
      lan.plug(
        plans.flatMap((plan) =>
          plan.interfaces
            .filter((leg) => leg.lan === lan.plan.name)
            .map((leg) => ({ host: plan.name, pid: rack.hosts.get(plan.name)!.pid, leg })),
        ),
      ),
    )
    await allOrNothing([
      ...cables,
      ...plans.map((plan) =>
        rack.hosts.get(plan.name)!.settle(record.id, plan.name, hostFiles(record.plan, plan), plan.limits),
      ),
    ])
    await allOrNothing(
      plans
        .filter((plan) => plan.interfaces.length > 0)
        .map((plan) => configureInterfaces(rack.hosts.get(plan.name)!.pid, plan.interfaces, record.plan.lans)),
    )
    const { ssh } = record
    if (ssh) await allOrNothing(plans.map(({ name }) => startSsh(this.ground, rack.hosts.get(name)!, ssh)))
  }

  async list({ owner: asking }: { owner?: string } = {}): Promise<RackInfo[]> {
    return [...this.racks.values()]
      .map(describe)
      .filter(({ owner }) => asking === undefined || owner === undefined || owner === asking)
      .toSorted((a, b) => a.createdAt.localeCompare(b.createdAt))
  }

  /** Whether the web opened it. @throws VethlabError rack.not-found */
  isForWeb(id: string): boolean {
    return this.rack(id).record.forWeb ?? false
  }

  async warm(hosts: Record<HostKind, number>, forMs: number): Promise<Record<HostKind, number>> {
    await this.followBase()
    this.pool.want(hosts, forMs)
    return this.pool.count
  }

  async info(id: string): Promise<RackInfo> {
    return describe(this.rack(id))
  }

  async reset(id: string, host?: string): Promise<RackInfo> {
    return this.inTurn(id, async (rack) => {
      const names = rack.record.plan.hosts.map(({ name }) => name)
      if (host !== undefined && !names.includes(host)) this.host(rack, host)
      await this.followBase()
      await this.requireImages(rack.record.images ?? [])
      await this.makeAnew(rack, host === undefined ? names : [host])
      return describe(rack)
    })
  }

  /** Puts fresh hosts in the place of some. Begun again after it was cut off anywhere, it comes out the same. */
  private async makeAnew(rack: OpenRack, names: readonly string[]): Promise<void> {
    const { record } = rack
    const plans = record.plan.hosts.filter(({ name }) => names.includes(name))
    this.opening++
    try {
      record.resetting = { hosts: plans.map(({ name }) => name), bootId }
      await this.save(rack)
      await allOrNothing(
        plans.map(async (plan) => {
          for (const leg of plan.interfaces) await rack.lans.get(leg.lan)!.unplug(plan.name)
          await rack.hosts.get(plan.name)?.remove()
          const fresh = await this.obtain(plan, record.plan)
          rack.hosts.set(plan.name, fresh)
          record.hosts[plan.name] = fresh.id
        }),
      )
      record.cut = record.cut.filter((link) => !plans.some((plan) => link.endsWith(`/${plan.name}`)))
      await this.save(rack)
      await this.wire(rack, plans)
      await allOrNothing(plans.map((plan) => rack.hosts.get(plan.name)!.ready()))
      await describeTerminals(this.state, record.id, rack.hosts)
      delete record.resetting
      for (const name of names) delete record.ended?.[name]
      await this.save(rack)
    } finally {
      this.opening--
      this.pool.refill()
    }
  }

  async close(id: string): Promise<void> {
    await this.inTurn(id, async (rack) => {
      this.racks.delete(id)
      try {
        await this.dismantle(rack)
      } catch (error) {
        // Whoever closes it again goes on where this one has failed.
        this.racks.set(id, rack)
        throw error
      }
    })
    // The kernel lets go of a removed snapshot's quota group only after its cleaner has been there.
    this.tidying ??= setTimeout(() => {
      this.tidying = undefined
      void this.ground.store.clearStaleQuotas()
      void tidyPacks(this.state, this.ground.store).catch(() => {})
    }, tidyAfterMs).unref()
  }

  /** Ends everything at once: racks of this process, and the pool. */
  async closeAll(): Promise<void> {
    this.packsWatch.close()
    await this.guard.stop()
    await Promise.all([...this.racks.keys()].map((id) => this.close(id)))
    await this.pool.drain()
  }

  /** Stops work in the background; racks and waiting hosts stay. */
  async detach(): Promise<void> {
    this.packsWatch.close()
    await this.guard.stop()
    await this.pool.stop()
  }

  /** Waits until the pool is full. */
  async poolSettled(): Promise<PoolSize> {
    await this.pool.settled()
    return this.pool.count
  }

  private async dismantle(rack: OpenRack): Promise<void> {
    for (const gateway of rack.gateways.splice(0)) gateway.close()
    const outcomes = await Promise.allSettled([
      rack.record.ptyHost ? endProcess(rack.record.ptyHost) : undefined,
      ...[...rack.hosts.values()].map((host) => host.remove()),
      ...[...rack.lans.values()].map((lan) => lan.remove()),
      rack.record.plan.internet ? this.uplinks.remove(rack.record.id) : undefined,
    ])
    // Without its record nobody could find what is left of it.
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed) throw failed.reason
    // One that had to be killed leaves its socket.
    await rm(this.state.ptyHostSocket(rack.record.id), { force: true })
    await rm(join(this.state.racks, rack.record.id), { recursive: true, force: true })
  }

  async exec(id: string, host: string, argv: string[], options: ExecOptions = {}): Promise<CommandResult> {
    if (argv.length === 0 || argv.some((part) => part.includes('\0'))) {
      throw new VethlabError('argument.invalid', 'is empty or contains a NUL byte', {
        place: 'argv',
        cure: 'Name a program.',
      })
    }
    checkStdin(options.stdin)
    const maxOutputBytes = Math.min(options.maxOutputBytes ?? usualOutputBytes, largestOutputBytes)
    return execInHost(this.ground, this.host(this.rack(id), host), argv, { ...options, maxOutputBytes })
  }

  async terminals(id: string): Promise<PtyHostClient> {
    return PtyHostClient.connect(await this.ptyHostSocket(id))
  }

  /** Starts the rack's pty host if need be. */
  async ptyHostSocket(id: string): Promise<string> {
    const socket = this.state.ptyHostSocket(this.rack(id).record.id)
    await this.inTurn(id, async (rack) => {
      if (isAlive(rack.record.ptyHost)) return
      await describeTerminals(this.state, id, rack.hosts)
      await startPtyHost(this.state, id, async (ptyHost) => {
        rack.record.ptyHost = ptyHost
        await this.save(rack)
      })
    })
    return socket
  }

  private guarded(): HostOfRack[] {
    return [...this.racks.values()].flatMap(({ record, hosts }) =>
      record.plan.hosts.flatMap(({ name, limits }) => {
        const host = hosts.get(name)
        const end = (why: HostEnd) => this.endForOthers(record.id, name, why)
        return host ? [{ host, memoryBytes: limits.memoryBytes, diskBytes: limits.diskBytes, end }] : []
      }),
    )
  }

  /** Its disk stays; the learner resets it. */
  private async endForOthers(id: string, name: string, why: HostEnd): Promise<void> {
    await this.inTurn(id, async (rack) => {
      rack.record.ended = { ...rack.record.ended, [name]: why }
      await this.save(rack)
      await rack.hosts.get(name)?.shutDown()
    })
    process.stderr.write(`${id}/${name} was ended: it held too much of what all share (${why})\n`)
  }

  async setLink(id: string, lan: string, host: string, state: 'cut' | 'mended'): Promise<void> {
    await this.inTurn(id, async (rack) => {
      const segment = rack.lans.get(lan)
      const plan = rack.record.plan.hosts.find((candidate) => candidate.name === host)
      if (!segment || !plan?.interfaces.some((leg) => leg.lan === lan)) {
        this.host(rack, host)
        throw new VethlabError('lan.not-found', `host ${oneLine(host, 40)} does not stand on a LAN of that name`, {
          place: `${id} ${oneLine(lan, 40)}`,
          cure: `LANs are: ${[...rack.lans.keys()].join(', ') || 'none'}.`,
        })
      }
      const link = `${lan}/${host}`
      await (state === 'cut' ? segment.cut(host) : segment.mend(host))
      rack.record.cut = [...rack.record.cut.filter((other) => other !== link), ...(state === 'cut' ? [link] : [])]
      await this.save(rack)
    })
  }

  async engine(id: string, host: string, path: string): Promise<unknown> {
    if (!/^\/[\x21-\x7e]{0,2000}$/.test(path)) {
      throw new VethlabError('argument.invalid', 'is no path of the Engine API', {
        place: 'path',
        cure: 'Write it as /networks.',
      })
    }
    return this.engineOf(id, host).get(path)
  }

  async restartEngine(id: string, host: string, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    const engine = this.engineOf(id, host)
    await this.restarts.run(`${id}/${host}`, () => restartEngine(`${id}/${host}`, engine, signal))
  }

  async watchEngine(id: string, host: string, onEvent: (event: unknown) => void, abort: AbortSignal): Promise<void> {
    for await (const event of this.engineOf(id, host).events(abort)) onEvent(event)
  }

  async watchNetwork(id: string, host: string, onChange: () => void, abort: AbortSignal): Promise<void> {
    const watched = this.host(this.rack(id), host)
    await this.watches.run(`${id}/${host}`, () => watchHost(this.ground.cgroups, watched, onChange, abort))
  }

  private engineOf(id: string, name: string): EngineClient {
    const host = this.host(this.rack(id), name)
    if (host.record.kind === 'docker') return host.engine
    throw new VethlabError('host.no-engine', 'a plain host has no Engine', {
      place: `${id}/${name}`,
      cure: 'Ask a docker host.',
    })
  }

  async capture(id: string, host: string): Promise<HostCapture> {
    return captureHost(this.ground.cgroups, this.host(this.rack(id), host), host)
  }

  /** In turn, so that no host is reset or closed meanwhile, nor let go of by another capture. */
  captureStill(id: string): Promise<StillCapture> {
    return this.inTurn(id, (rack) => captureStill(this.ground.cgroups, rack.hosts))
  }

  async probe(id: string, host: string, probe: ProbeRequest): Promise<ProbeAnswer> {
    return probeFrom(this.ground.cgroups, this.host(this.rack(id), host), probe)
  }

  async observe(
    id: string,
    host: string,
    packet: TracedPacket,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<Observation> {
    const rack = this.rack(id)
    this.host(rack, host)
    const scene = { cgroups: this.ground.cgroups, hosts: rack.hosts, lans: [...rack.lans.values()] }
    return this.observations.run(id, () => observePacket(scene, host, packet, signal))
  }

  async talk(id: string, host: string, talk: Talk, { signal }: { signal?: AbortSignal } = {}): Promise<Conversation> {
    const rack = this.rack(id)
    this.host(rack, host)
    const scene = { cgroups: this.ground.cgroups, hosts: rack.hosts }
    return this.observations.run(id, () => talkFrom(scene, host, talk, signal))
  }

  async connectPort(id: string, host: string, port: number): Promise<Duplex> {
    const rack = this.rack(id)
    const { pid } = this.host(rack, host)
    const own = rack.record.plan.hosts.find(({ name }) => name === host)!.interfaces
    const addresses = own.flatMap(({ address, address6 }) => (address6 === undefined ? [address] : [address, address6]))
    return connectToPort({ host, namespace: `/proc/${pid}/ns/net`, addresses: ['127.0.0.1', ...addresses], port })
  }

  async runScript(id: string, directory: string, file: string, options: ScriptOptions): Promise<ScriptRun> {
    checkStdin(options.stdin)
    this.rack(id)
    return this.scripts.run(id, () => runLabScript(this.ground, directory, file, options))
  }

  private rack(id: string): OpenRack {
    const rack = this.racks.get(id)
    if (rack) return rack
    throw new VethlabError('rack.not-found', 'there is no such rack', {
      place: oneLine(id, 40),
      cure: '`vethlab rack list` shows those that are open.',
    })
  }

  private host(rack: OpenRack, name: string): Host {
    const host = rack.hosts.get(name)
    if (host) return host
    throw new VethlabError('host.not-found', 'there is no such host in the rack', {
      place: `${rack.record.id}/${oneLine(name, 40)}`,
      cure: `Hosts are: ${rack.record.plan.hosts.map((plan) => plan.name).join(', ')}.`,
    })
  }

  private async inTurn<T>(id: string, change: (rack: OpenRack) => Promise<T>): Promise<T> {
    const before = this.queues.get(id) ?? Promise.resolve()
    const mine = before.catch(() => {}).then(() => change(this.rack(id)))
    this.queues.set(id, mine)
    try {
      return await mine
    } finally {
      if (this.queues.get(id) === mine) this.queues.delete(id)
    }
  }

  private async save(rack: OpenRack): Promise<void> {
    await writeRecord(rackRecordPath(this.state, rack.record.id), rack.record)
  }
}

function describe({ record, hosts }: OpenRack): RackInfo {
  return {
    id: record.id,
    label: record.label,
    ...(record.openedFor === undefined ? {} : { owner: record.openedFor }),
    createdAt: record.createdAt,
    internet: record.plan.internet,
    lans: record.plan.lans,
    hosts: record.plan.hosts.map((plan) => ({
      name: plan.name,
      kind: plan.kind,
      id: record.hosts[plan.name] ?? '',
      alive: hosts.get(plan.name)?.alive ?? false,
      ...(record.ended?.[plan.name] ? { ended: record.ended[plan.name]! } : {}),
      interfaces: plan.interfaces.map((leg) => ({ ...leg, cut: record.cut.includes(`${leg.lan}/${plan.name}`) })),
    })),
  }
}

/** Hosts come as they are ready; what is read of them all has one order. */
function inOrder({ plan }: RackRecord, hosts: ReadonlyMap<string, Host>): Map<string, Host> {
  const named = plan.hosts.map(({ name }) => [name, hosts.get(name)] as const)
  return new Map(named.filter((entry): entry is [string, Host] => entry[1] !== undefined))
}

/** Waits for all, also after a failure: nothing may still be made while the rest is undone. */
async function allOrNothing(work: Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((outcome) => outcome.status === 'rejected')
  if (failed) throw failed.reason
}
