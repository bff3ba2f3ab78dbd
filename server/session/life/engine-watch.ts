import { keepUp } from '../../racks/keep-up.js'
import type { Racks } from '../../racks/racks.js'

/** Made by each look of a container's health check, or by looking into one: they change no network. What such a check says is told. */
const quiet = /^(exec_|top$|attach$|detach$|resize$)/

/** Whether an Engine's event may change what a check sees. */
export function isNews(event: unknown): boolean {
  const { Action: action } = (event ?? {}) as { Action?: unknown }
  return typeof action === 'string' && !quiet.test(action)
}

export interface EngineWatchOptions {
  racks: Racks
  rack: string
  hosts: string[]
  onNews(host: string, event: unknown): void
  /** Told of each failure; returns false to give up. An Engine that a learner has stopped is one as well. */
  onFailure(error: unknown): boolean
}

/** Listens to the Engines of a rack, again and again as they end. */
export class EngineWatch {
  readonly #abort = new AbortController()

  constructor({ racks, rack, hosts, onNews, onFailure }: EngineWatchOptions) {
    for (const host of hosts) {
      const onEvent = (event: unknown) => {
        if (isNews(event) && !this.#abort.signal.aborted) onNews(host, event)
      }
      void keepUp(this.#abort.signal, (signal) => racks.watchEngine(rack, host, onEvent, signal), onFailure)
    }
  }

  stop(): void {
    this.#abort.abort()
  }
}
