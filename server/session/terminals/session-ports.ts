import type { Duplex } from 'node:stream'
import { VethlabError } from '../../error/vethlab-error.js'
import type { NetworkState } from '../../network/state.js'
import type { Racks } from '../../racks/racks.js'
import { type PublishedPort, publishedPorts } from './published-ports.js'

export interface SessionPortsOptions {
  racks: Racks
  onChange(): void
}

/** The ports that containers of a session's rack publish, as they were captured last, and connections to them. */
export class SessionPorts {
  readonly #options: SessionPortsOptions
  #list: readonly PublishedPort[] = []

  constructor(options: SessionPortsOptions) {
    this.#options = options
  }

  get list(): PublishedPort[] {
    return [...this.#list]
  }

  /** The network was captured. */
  take(state: NetworkState): void {
    const ports = publishedPorts(state)
    if (JSON.stringify(ports) === JSON.stringify(this.#list)) return
    this.#list = ports
    this.#options.onChange()
  }

  /** One host, or all of them, are other ones now. */
  forget(host?: string): void {
    this.#list = host === undefined ? [] : this.#list.filter((port) => port.host !== host)
  }

  /** A connection to a port that a container publishes. @throws VethlabError port.not-published, port.refused */
  async connect(rack: string, host: string, port: number): Promise<Duplex> {
    // No sign of someone: a page that asks again and again would keep a rack for ever.
    if (!this.#list.some((published) => published.host === host && published.port === port)) {
      throw new VethlabError('port.not-published', 'no container publishes that port', {
        place: `${host.slice(0, 64)}:${port}`,
        cure: 'Publish it first.',
      })
    }
    return await this.#options.racks.connectPort(rack, host, port)
  }
}
