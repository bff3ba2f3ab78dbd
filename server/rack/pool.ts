import { freemem } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HostKind } from '../racks/topology.js'
import { Host, type HostGround } from './host/host.js'
import type { HostBase } from './images/pack-record.js'

/** How many booted hosts of each kind wait. */
export type PoolSize = Record<HostKind, number>

/** Refilling stops below this much free memory: racks in use come first. */
const leastFreeBytes = 1024 ** 3
/** A waiting host's share of a busy processor, and a booting one's: next to nothing. */
export const waitingCpuShares = 16
const retryMs = 5000
const none: PoolSize = { docker: 0, plain: 0 }

/**
 * Booted hosts without a rack, so that opening one costs the wiring alone. It refills one host at a time, with the
 * least weight on the processor, and never while `busy` says that somebody waits for a rack.
 */
export class Pool {
  private readonly waiting: Host[] = []
  private refilling: Promise<void> | undefined
  private closed = false
  /** More than the usual number, until then: milliseconds since 1970. */
  private wanted = none
  private wantedUntil = 0
  private lapse: NodeJS.Timeout | undefined
  private givingBack: Promise<void> | undefined

  constructor(
    private readonly ground: HostGround,
    private readonly base: HostBase,
    private readonly size: PoolSize,
    private readonly busy: () => boolean,
  ) {}

  /** A waiting host, or undefined: then the caller boots one of its own. */
  take(kind: HostKind): Host | undefined {
    for (;;) {
      const index = this.waiting.findIndex((host) => host.record.kind === kind)
      if (index < 0) return undefined
      const [host] = this.waiting.splice(index, 1)
      if (host!.alive) return host
      void host!.remove().catch(() => {})
    }
  }

  /** Takes over a host that an earlier process left waiting. */
  adopt(host: Host): boolean {
    const { kind, golden, packs } = host.record
    const isOfToday = golden === this.base.golden && packs === this.base.packs
    if (this.lacking(kind) <= 0 || !isOfToday || !host.alive) return false
    this.waiting.push(host)
    return true
  }

  /**
   * For so long at least so many are to wait, such as for a class that is about to begin. Whoever wants it says so again before that is
   * over; what waits beyond the usual number afterwards is removed, one host after another.
   */
  want(size: PoolSize, forMs: number): void {
    clearTimeout(this.lapse)
    this.wanted = size
    this.wantedUntil = Date.now() + forMs
    this.lapse = setTimeout(() => this.giveBack(), forMs).unref()
    this.giveBack()
    this.refill()
  }

  /** Fills up in the background; a call while it does so is enough for both. */
  refill(): void {
    if (this.refilling || this.closed) return
    this.refilling = this.fill().finally(() => {
      this.refilling = undefined
    })
  }

  /** Waits until it is as full as it gets. */
  async settled(): Promise<void> {
    while (this.refilling) await this.refilling
  }

  get count(): PoolSize {
    const of = (kind: HostKind) => this.waiting.filter((host) => host.record.kind === kind).length
    return { docker: of('docker'), plain: of('plain') }
  }

  /** Stops refilling; hosts stay as they are. */
  async stop(): Promise<void> {
    this.closed = true
    clearTimeout(this.lapse)
    await this.refilling
    await this.givingBack
  }

  async drain(): Promise<void> {
    await this.stop()
    await Promise.all(this.waiting.splice(0).map((host) => host.remove()))
  }

  private lacking(kind: HostKind): number {
    const wanted = Date.now() < this.wantedUntil ? this.wanted : none
    return Math.max(this.size[kind], wanted[kind]) - this.count[kind]
  }

  private giveBack(): void {
    if (this.givingBack || this.closed) return
    this.givingBack = this.shrink().finally(() => {
      this.givingBack = undefined
    })
  }

  private async shrink(): Promise<void> {
    while (!this.closed) {
      const kind = (['docker', 'plain'] as const).find((candidate) => this.lacking(candidate) < 0)
      const host = kind && this.take(kind)
      if (!host) return
      await host.remove().catch(() => {})
    }
  }

  private async fill(): Promise<void> {
    while (!this.closed) {
      const kind = (['docker', 'plain'] as const).find((candidate) => this.lacking(candidate) > 0)
      if (!kind) return
      if (this.busy() || freemem() < leastFreeBytes) {
        await sleep(200)
        continue
      }
      let host: Host | undefined
      try {
        await this.ground.store.requireSpace()
        const { golden, ...packs } = this.base
        host = await Host.start(this.ground, golden, kind, { ...packs, cpuShares: waitingCpuShares })
        await host.ready()
        if (this.closed) await host.remove()
        else this.waiting.push(host)
      } catch {
        await host?.remove().catch(() => {})
        // Whoever opens a rack meets the same fault, with its reason; here it is tried again later.
        for (let waited = 0; waited < retryMs && !this.closed; waited += 200) await sleep(200)
      }
    }
  }
}
