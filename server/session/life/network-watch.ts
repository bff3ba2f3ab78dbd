import { keepUp } from '../../racks/keep-up.js'
import type { Racks } from '../../racks/racks.js'

export interface NetworkWatchOptions {
  racks: Racks
  rack: string
  hosts: string[]
  /** Something may be different in the network of a host; also as each watch begins. */
  onChange(): void
  /** Told of each failure; returns false to give up. */
  onFailure(error: unknown): boolean
}

/** Listens to the kernels of a rack's hosts about their networks, again and again as they end. */
export class NetworkWatch {
  readonly #abort = new AbortController()

  constructor({ racks, rack, hosts, onChange, onFailure }: NetworkWatchOptions) {
    const { signal } = this.#abort
    const onNews = () => {
      if (!signal.aborted) onChange()
    }
    for (const host of hosts) void keepUp(signal, (until) => racks.watchNetwork(rack, host, onNews, until), onFailure)
  }

  stop(): void {
    this.#abort.abort()
  }
}
