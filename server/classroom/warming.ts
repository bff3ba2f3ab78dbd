import { logOnce } from '../error/log-once.js'
import { VethlabError } from '../error/vethlab-error.js'
import type { Lab } from '../lab/lab.js'
import type { Sessions } from '../session/sessions.js'
import { isBehind } from '../store/behind.js'
import { closedAt } from '../store/class-work.js'
import type { ClassRecord, People } from '../store/people.js'

const minuteMs = 60_000
/** How long a host takes to boot on a machine that does other things as well: much longer than on an idle one. */
const perHostMs = 5_000
/** All are there so long before the beginning. */
const marginMs = 2 * minuteMs
/** Who comes late finds theirs for so long. */
const lateMs = 15 * minuteMs
/** What is wanted is said again each time; it lapses by itself when nobody says so any more. */
const everyMs = 15_000
const leaseMs = 60_000

/** Booted hosts by their kind. */
export type Hosts = Record<'docker' | 'plain', number>

export interface Beginning {
  /** Milliseconds since 1970. */
  at: number
  /** Of the lab that is begun with. */
  hosts: Hosts
  /** That are to be there, without those that learners of the class have by now. */
  racks: number
}

/** When learners of a class begin: with the class, and with each lab that opens later. @param isThere whether a lab is. Pure. */
export function beginningsOf(
  one: Pick<ClassRecord, 'labs' | 'dates' | 'startsAt' | 'endsAt' | 'endedAt'> & ClassRecord,
): { at: number; lab: string }[] {
  if (one.endedAt !== undefined) return []
  const moments = new Set<string>()
  if (one.startsAt !== undefined) moments.add(one.startsAt)
  for (const { opensAt } of Object.values(one.dates)) {
    if (opensAt !== undefined && (one.startsAt === undefined || opensAt > one.startsAt)) moments.add(opensAt)
  }
  return [...moments].flatMap((moment) => {
    if (one.endsAt !== undefined && moment >= one.endsAt) return []
    const closed = closedAt(one, moment)
    const opened = one.labs.filter((lab) => !Object.hasOwn(closed, lab))
    // The lab that opens at that moment, or the first that is open as the class begins.
    const lab =
      opened.find((id) => (Object.hasOwn(one.dates, id) ? one.dates[id]!.opensAt : undefined) === moment) ?? opened[0]
    return lab === undefined ? [] : [{ at: Date.parse(moment), lab }]
  })
}

/**
 * So many hosts are to wait at a time: more and more of them, so that they boot one after another, all before the beginning, and none when
 * the time for late comers is over. Pure.
 */
export function wantedAt({ at, hosts, racks }: Beginning, now: number): Hosts {
  const all = { docker: hosts.docker * racks, plain: hosts.plain * racks }
  const ready = at - marginMs
  const first = ready - (all.docker + all.plain) * perHostMs
  if (now < first || now > at + lateMs) return { docker: 0, plain: 0 }
  const share = now >= ready ? 1 : (now - first) / (ready - first)
  return { docker: Math.ceil(all.docker * share), plain: Math.ceil(all.plain * share) }
}

/** Has hosts wait for classes that are about to begin, and gives back what was not used. */
export class Warming {
  readonly #timer: NodeJS.Timeout
  #last: { of: Map<string, number>; ready: number; wanted: number } = { of: new Map(), ready: 0, wanted: 0 }
  #isTurning = false

  constructor(
    private readonly sessions: Pick<Sessions, 'warm' | 'labs' | 'keptOf' | 'mostRacks'>,
    private readonly people: People,
    /** It is otherwise than before for a class. */
    private readonly renew: (id: string) => void,
  ) {
    this.#timer = setInterval(() => void this.turn(), everyMs).unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** How far it is for a class; undefined where none waits for it now. */
  of(id: string): { ready: number; wanted: number } | undefined {
    const wanted = this.#last.of.get(id)
    if (wanted === undefined) return undefined
    // Whose they are is not said before somebody takes them: of several classes each sees its share.
    return { wanted, ready: Math.min(wanted, Math.floor((this.#last.ready * wanted) / this.#last.wanted)) }
  }

  async turn(now = Date.now()): Promise<void> {
    if (this.#isTurning) return
    this.#isTurning = true
    try {
      await this.#turn(now)
    } catch (error) {
      // While rackd or the database is away nothing is asked for: the next turn does.
      const isPassing = isBehind(error) || (error instanceof VethlabError && error.code === 'rackd.unreachable')
      if (!isPassing) logOnce(error)
    } finally {
      this.#isTurning = false
    }
  }

  async #turn(now: number): Promise<void> {
    const sum = { docker: 0, plain: 0 }
    const of = new Map<string, number>()
    for (const one of await this.people.classes()) {
      const wanted = await this.#wantedBy(one, now)
      if (wanted.docker + wanted.plain === 0) continue
      sum.docker += wanted.docker
      sum.plain += wanted.plain
      of.set(one.id, wanted.docker + wanted.plain)
    }
    const before = this.#last
    if (of.size === 0 && before.of.size === 0) return
    const wanted = sum.docker + sum.plain
    // None any more: what waits beyond the usual number goes at once.
    const waiting = await this.sessions.warm(sum, leaseMs)
    const ready = Math.min(sum.docker, waiting.docker) + Math.min(sum.plain, waiting.plain)
    this.#last = { of, ready, wanted }
    const told = JSON.stringify([...of, ready])
    if (told === JSON.stringify([...before.of, before.ready])) return
    for (const id of new Set([...of.keys(), ...before.of.keys()])) this.renew(id)
  }

  /** Of several beginnings that are near each other, the one that wants most. */
  async #wantedBy(one: ClassRecord, now: number): Promise<Hosts> {
    const near = beginningsOf(one).flatMap(({ at, lab }) => {
      const found = this.sessions.labs.find(({ id }) => id === lab)
      return found && Math.abs(at - now) < 24 * 60 * minuteMs ? [{ at, hosts: hostsOf(found) }] : []
    })
    const most: Hosts = { docker: 0, plain: 0 }
    if (near.length === 0) return most
    const seats = await this.people.seats(one.id)
    const held = seats.filter(({ learner }) => this.sessions.keptOf(learner).some(({ holdsRack }) => holdsRack)).length
    const all = Math.min(
      one.expected ?? seats.length,
      one.capacity ?? Number.POSITIVE_INFINITY,
      this.sessions.mostRacks,
    )
    for (const beginning of near) {
      const wanted = wantedAt({ ...beginning, racks: Math.max(0, all - held) }, now)
      for (const kind of ['docker', 'plain'] as const) most[kind] = Math.max(most[kind], wanted[kind])
    }
    return most
  }
}

/** Those of a lab that can wait: with internet, docker hosts are made for their rack alone. */
function hostsOf({ plan }: Lab): Hosts {
  const count = (kind: keyof Hosts) => plan.hosts.filter((host) => host.kind === kind).length
  return { docker: plan.internet ? 0 : count('docker'), plain: count('plain') }
}
