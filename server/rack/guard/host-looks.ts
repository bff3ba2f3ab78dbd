import { setTimeout as sleep } from 'node:timers/promises'
import pMap from 'p-map'
import { logOnce } from '../../error/log-once.js'
import type { HostEnd } from '../../racks/racks.js'
import type { Host } from '../host/host.js'
import { type Holding, tooMuch } from './holding.js'
import type { MachineLevels } from './machine-levels.js'

/** Most hosts that are looked at beside each other, and how long one look may take. */
const usual = { concurrency: 8, deadlineMs: 1000 }
/** The same for hosts that were late, until all of them is counted: they wait for each other, and nobody for them. So they may take long. */
const patient = { concurrency: 4, deadlineMs: 20_000 }
/** So many looks that found more than is counted, or that were late, end a host, with none between that counted all. */
const most = { beyond: 3, late: 3 }

const nothingKnown: Holding = { memory: 0, terminals: 0, files: 0, neighbours: 0, counted: 'late' }
/** A program that has been told to end says what it has found in that time, unless the kernel holds it. */
const lastWordsMs = 1500

export interface GuardedHost {
  host: Pick<Host, 'alive'>
  memoryBytes: number
  /** What it has now; when `signal` says so, what has been counted by then. */
  measure(signal: AbortSignal): Promise<Holding>
  /** Ends the host, and says why. */
  end(why: HostEnd): Promise<void>
}

/**
 * Looks at each host by itself, so that one that is slow to look at, or can't be looked at, delays no other. What can't be known of a
 * host is not taken for nothing: see `whyUnknown`.
 */
export class HostLooks {
  private readonly busy = new WeakSet<object>()
  private readonly unknown = new WeakMap<object, { beyond: number; late: number; wasLate: boolean }>()
  /** Looks that have not come back, also those that nobody waits for any more. */
  private readonly measuring = new WeakMap<object, Promise<Holding>>()
  private testing: Promise<boolean> | undefined

  /**
   * @param isQuick whether this machine looks quickly at what is nobody's host
   * @param patience of the looks, in milliseconds
   */
  constructor(
    private readonly isQuick: () => Promise<boolean>,
    private readonly patience: { usual: number; late: number } = { usual: usual.deadlineMs, late: patient.deadlineMs },
  ) {}

  /** One look at each host that no earlier look goes on at. Never throws. */
  async look(hosts: readonly GuardedHost[], levels: MachineLevels): Promise<void> {
    const free = hosts.filter(({ host }) => host.alive && !this.busy.has(host))
    for (const { host } of free) this.busy.add(host)
    const ends: Promise<void>[] = []
    const lookAt = async (guarded: GuardedHost, deadlineMs: number) => {
      const why = await this.whyEnd(guarded, levels, deadlineMs)
      const end = why ? guarded.end(why).catch((error: unknown) => logOnce(error, 'guard')) : Promise.resolve()
      // Others need not wait until it has ended.
      ends.push(end.finally(() => this.busy.delete(guarded.host)))
    }
    const wasLate = ({ host }: GuardedHost) => this.unknown.get(host)?.wasLate === true
    await Promise.all([
      pMap(
        free.filter((one) => !wasLate(one)),
        (one) => lookAt(one, this.patience.usual),
        { concurrency: usual.concurrency },
      ),
      pMap(free.filter(wasLate), (one) => lookAt(one, this.patience.late), { concurrency: patient.concurrency }),
    ])
    await Promise.all(ends)
  }

  /** The machine has enough again: what was not known before counts no more. */
  forget(hosts: readonly GuardedHost[]): void {
    for (const { host } of hosts) this.unknown.delete(host)
  }

  private async whyEnd(guarded: GuardedHost, levels: MachineLevels, deadlineMs: number): Promise<HostEnd | undefined> {
    const holding = await this.inTime(guarded, deadlineMs)
    return tooMuch(holding, levels, guarded.memoryBytes) ?? (await this.whyUnknown(guarded.host, holding.counted))
  }

  /** What is not measured in time is not known. Where the kernel keeps a look from ending, no other one is begun beside it. */
  private async inTime({ host, measure }: GuardedHost, deadlineMs: number): Promise<Holding> {
    const abort = new AbortController()
    const begin = async () => {
      try {
        return await measure(abort.signal)
      } catch (error) {
        if (!abort.signal.aborted && host.alive) logOnce(error, 'guard')
        return nothingKnown
      } finally {
        this.measuring.delete(host)
      }
    }
    const going = this.measuring.get(host) ?? begin()
    this.measuring.set(host, going)
    const late = setTimeout(() => abort.abort(), deadlineMs)
    const given = new AbortController()
    try {
      return await Promise.race([going, sleep(deadlineMs + lastWordsMs, nothingKnown, { signal: given.signal })])
    } finally {
      clearTimeout(late)
      given.abort()
    }
  }

  /**
   * Whoever has more than is looked at, several times while the machine runs short, has more than its share. Whoever is late is
   * ended only if the machine is quick at the same time with what is nobody's: hosts of a slow machine are all late.
   */
  private async whyUnknown(host: GuardedHost['host'], counted: Holding['counted']): Promise<HostEnd | undefined> {
    if (counted === 'whole' || !host.alive) {
      this.unknown.delete(host)
      return undefined
    }
    const now = this.unknown.get(host) ?? { beyond: 0, late: 0, wasLate: false }
    this.unknown.set(host, now)
    if (counted === 'beyond') now.beyond++
    else {
      now.wasLate = true
      now.late = (await this.isQuickNow()) ? now.late + 1 : 0
    }
    return now.beyond >= most.beyond || now.late >= most.late ? 'uncountable' : undefined
  }

  /** One answer for all who ask at the same time. */
  private isQuickNow(): Promise<boolean> {
    this.testing ??= this.isQuick()
      .catch(() => false)
      .finally(() => {
        this.testing = undefined
      })
    return Promise.race([this.testing, sleep(this.patience.usual, false, { ref: false })])
  }
}
