import type { ShortRun } from '../../change/short-runs.js'
import type { NetworkState } from '../../network/state.js'

/** Of those that nothing is known of yet; an Engine's events are a learner's to make, in any number. */
const mostRuns = 64

interface Run extends ShortRun {
  id: string
  startedAt: number
  endedAt?: number
  /** A state showed it. */
  seen: boolean
}

/** A run, and when it began, in milliseconds since 1970. */
export interface MissedRun extends ShortRun {
  startedAt: number
}

/**
 * Runs of containers between two looks at the network, from the events of Engines (Docker Engine API, "Monitor events"): `start` and
 * `die` of a container, and `connect` of a network before that. Times are when they were heard, in milliseconds since 1970.
 */
export class ContainerRuns {
  /** In the order of their beginnings. */
  #runs: Run[] = []
  /** Networks by container, until it starts. */
  readonly #networks = new Map<string, string[]>()

  event(host: string, event: unknown, at: number): void {
    const { Type: type, Action: action, Actor: actor } = (event ?? {}) as Record<string, unknown>
    const { ID: id, Attributes: attributes } = (actor ?? {}) as Record<string, unknown>
    const { name, image, exitCode, container } = (attributes ?? {}) as Record<string, unknown>
    if (typeof id !== 'string') return
    if (type === 'network' && action === 'connect' && typeof container === 'string' && typeof name === 'string') {
      if (this.#networks.size >= mostRuns) this.#networks.clear()
      this.#networks.set(container, [...(this.#networks.get(container) ?? []).slice(-7), name])
    }
    if (type !== 'container') return
    if (action === 'start' && typeof name === 'string' && typeof image === 'string') {
      const networks = this.#networks.get(id) ?? []
      this.#networks.delete(id)
      this.#runs = [...this.#runs, { host, id, name, image, networks, startedAt: at, seen: false }].slice(-mostRuns)
    }
    if (action === 'die') {
      const run = this.#runs.findLast((one) => one.id === id && one.host === host && one.endedAt === undefined)
      if (!run) return
      run.endedAt = at
      if (/^\d{1,3}$/.test(String(exitCode))) run.exitCode = Number(exitCode)
    }
  }

  /** Those that were over when the network was looked at, and that neither that state nor an earlier one shows; each once. */
  missed(before: NetworkState | undefined, state: NetworkState, takenAt: number): MissedRun[] {
    const found = (of: NetworkState | undefined, { host, id }: Run) =>
      of?.hosts.find(({ name }) => name === host)?.engine?.containers.find((one) => one.id === id)
    for (const run of this.#runs) {
      if (run.startedAt <= takenAt && found(state, run)?.namespace !== undefined) run.seen = true
    }
    const over = this.#runs.filter(({ endedAt }) => endedAt !== undefined && endedAt <= takenAt)
    this.#runs = this.#runs.filter((run) => !over.includes(run))
    // A container that is there since then, and has ended, is told of by the difference of the states: with its last run.
    const told = over.filter((run, at) => {
      const [old, now] = [found(before, run), found(state, run)]
      const last = !over.slice(at + 1).some(({ id }) => id === run.id)
      return last && now !== undefined && now.namespace === undefined && old?.state !== now.state
    })
    return over
      .filter((run) => !run.seen && !told.includes(run))
      .map(({ host, name, image, networks, exitCode, startedAt }) => ({
        ...{ host, name, image, networks, startedAt },
        ...(exitCode === undefined ? {} : { exitCode }),
      }))
  }

  forget(): void {
    this.#runs = []
    this.#networks.clear()
  }
}
