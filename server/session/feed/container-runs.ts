import type { ShortRun } from '../../change/short-runs.js'
import type { NetworkState } from '../../network/state.js'

/** Of those that nothing is known of yet; an Engine's events are a learner's to make, in any number. */
const mostRuns = 64

interface Run extends ShortRun {
  id: string
  startedAt: number
  endedAt?: number
}

/** A run, and when it began, in milliseconds since 1970. */
export interface EndedRun extends ShortRun {
  startedAt: number
}

/**
 * Runs of containers, also those between two looks at the network, from the events of Engines (Docker Engine API, "Monitor events"): `start` and
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

  /** Those that were over when the network was looked at, each once. */
  over(before: NetworkState | undefined, state: NetworkState, takenAt: number): EndedRun[] {
    const shows = (of: NetworkState | undefined, { host, id }: Run) =>
      of?.hosts.find(({ name }) => name === host)?.engine?.containers.some((one) => one.id === id) === true
    // Looks take their time, and events come when they come: that a state shows the container is as much as is known.
    for (const run of this.#runs) run.seen ||= shows(before, run) || shows(state, run)
    const over = this.#runs.filter(({ endedAt }) => endedAt !== undefined && endedAt <= takenAt)
    this.#runs = this.#runs.filter((run) => !over.includes(run))
    return over.map(({ id: _, endedAt: __, ...run }) => run)
  }

  forget(): void {
    this.#runs = []
    this.#networks.clear()
  }
}
