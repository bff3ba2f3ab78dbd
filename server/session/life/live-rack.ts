import { VethlabError } from '../../error/vethlab-error.js'
import type { LabRack } from '../../labrack/lab-rack.js'
import type { SessionView } from '../../protocol/protocol.js'
import type { HostEnd, RackInfo, Racks } from '../../racks/racks.js'
import { RackTerminals, type TerminalCommand } from '../terminals/rack-terminals.js'
import { EngineWatch } from './engine-watch.js'
import { NetworkWatch } from './network-watch.js'

export interface LiveRackOptions {
  racks: Racks
  rack: LabRack
  onChange(): void
  /** The Engine of a host says that something has changed. */
  onNews(host: string, event: unknown): void
  onCommandStart(command: TerminalCommand): void
  onCommandEnd(command: TerminalCommand): void
  onTerminalClosed(terminal: string): void
  /** A host was ended for the others' sake. */
  onEnded(host: string, why: HostEnd): void
  /** The rack is not there any more. */
  onGone(): void
}

/** A rack that runs, and all that is connected with it. */
export class LiveRack {
  readonly rack: LabRack
  readonly terminals: RackTerminals
  readonly #options: LiveRackOptions
  readonly #abort = new AbortController()
  #hosts: SessionView['hosts']
  /** Hosts of which it was told that they were ended. */
  #ended = new Set<string>()
  #engines: EngineWatch

  constructor(options: LiveRackOptions) {
    const { racks, rack, onChange, onCommandStart, onCommandEnd, onTerminalClosed } = options
    this.#options = options
    this.rack = rack
    this.#hosts = hostsOf(rack.info)
    this.terminals = new RackTerminals({
      racks,
      rack: rack.info.id,
      home: rack.lab.home,
      onChange,
      onCommandStart,
      onCommandEnd,
      onClosed: onTerminalClosed,
      onFailure: (error) => this.#mayGoOn(error),
    })
    this.#engines = this.#watchEngines()
  }

  /** Aborts when the rack is let go of. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get id(): string {
    return this.rack.info.id
  }

  get hosts(): SessionView['hosts'] {
    return this.#hosts
  }

  /** How the rack is now, as a list of racks has it. */
  seen(info: RackInfo): void {
    this.#tellEnded(info)
    const hosts = hostsOf(info)
    if (JSON.stringify(hosts) === JSON.stringify(this.#hosts)) return
    this.#hosts = hosts
    this.#options.onChange()
  }

  #tellEnded({ hosts }: RackInfo): void {
    const ended = hosts.filter((host) => host.ended !== undefined)
    for (const { name, ended: why } of ended) if (!this.#ended.has(name)) this.#options.onEnded(name, why!)
    this.#ended = new Set(ended.map(({ name }) => name))
  }

  /** After a reset: Engines are other ones now. */
  renewed(): void {
    this.#engines.stop()
    this.#engines = this.#watchEngines()
    this.seen(this.rack.info)
  }

  /** Calls back when something may be different in the network of a host. @returns what ends it */
  watchNetwork(onChange: () => void): () => void {
    const { racks, rack } = this.#options
    const hosts = rack.info.hosts.map(({ name }) => name)
    const watch = new NetworkWatch({
      racks,
      rack: this.id,
      hosts,
      onChange,
      onFailure: (error) => this.#mayGoOn(error),
    })
    return () => watch.stop()
  }

  /** Lets go of it; the rack goes on. */
  stop(): void {
    this.#abort.abort()
    this.#engines.stop()
    this.terminals.stop()
  }

  #watchEngines(): EngineWatch {
    const { racks, rack, onNews } = this.#options
    const hosts = rack.info.hosts.filter(({ kind }) => kind === 'docker').map(({ name }) => name)
    return new EngineWatch({ racks, rack: this.id, hosts, onNews, onFailure: (error) => this.#mayGoOn(error) })
  }

  #mayGoOn(error: unknown): boolean {
    if (!(error instanceof VethlabError && error.code === 'rack.not-found')) return true
    if (!this.signal.aborted) this.#options.onGone()
    return false
  }
}

function hostsOf({ hosts }: RackInfo): SessionView['hosts'] {
  return hosts.map(({ name, kind, alive }) => ({ name, kind, alive }))
}
