import { logOnce } from '../../error/log-once.js'
import { VethlabError } from '../../error/vethlab-error.js'
import { drawMap } from '../../map/draw-map.js'
import type { NetworkMap } from '../../map/map.js'
import type { NetworkState } from '../../network/state.js'
import type { NetworkView, TimelineEntry } from '../../protocol/protocol.js'
import type { LiveRack } from '../life/live-rack.js'
import type { TerminalCommand } from '../terminals/rack-terminals.js'
import { NetworkLooks } from './network-looks.js'
import { Timeline } from './timeline.js'
import { TimelineRecord } from './timeline-record.js'

export interface NetworkViewer {
  /** The network as it is now, whenever it is another one. */
  onMap(map: NetworkMap): void
  /** A new entry, or a newer form of one. */
  onEntry(entry: TimelineEntry): void
}

export interface NetworkFeedOptions {
  session: string
  records: ConstructorParameters<typeof TimelineRecord>[0]
  /** The rack whose timeline is on record. */
  rack: string | null
  onError(error: unknown): void
}

/**
 * The network of a session as it is, and what happened to it. While somebody follows, kernels and Engines tell of changes and
 * the network is looked at after each; otherwise it is known from what checks capture.
 */
export class NetworkFeed {
  readonly #options: NetworkFeedOptions
  readonly #record: TimelineRecord
  readonly #viewers = new Set<NetworkViewer>()
  #timeline: Timeline | undefined
  #rack: string | null
  #live: { rack: LiveRack; since: number } | undefined
  #looks: NetworkLooks | undefined
  #endWatch: (() => void) | undefined
  #lastTaken = 0
  #map: NetworkMap | undefined
  /** What of the last map was shown, without its time. */
  #shown = ''

  constructor(options: NetworkFeedOptions) {
    this.#options = options
    this.#rack = options.rack
    this.#record = new TimelineRecord(options.records, options.session, options.onError)
  }

  get view(): NetworkView {
    const { entries, state } = this.#known
    this.#map ??= state && drawMap(state)
    return { session: this.#options.session, ...(this.#map ? { map: this.#map } : {}), timeline: [...entries] }
  }

  /** The map after an entry. @throws VethlabError map.not-found */
  at(entry: number): NetworkMap {
    const state = this.#known.entries.some(({ id }) => id === entry) ? this.#record.stateAt(entry) : undefined
    if (state) return drawMap(state)
    throw new VethlabError('map.not-found', 'no map is kept of that entry', {
      place: `entry ${entry}`,
      cure: 'Choose a newer one.',
    })
  }

  /** Tells of the network from now on. @returns what ends it */
  follow(viewer: NetworkViewer): () => void {
    this.#viewers.add(viewer)
    this.#watch()
    return () => {
      if (this.#viewers.delete(viewer) && this.#viewers.size === 0) this.#unwatch()
    }
  }

  /** There is a rack. The timeline of another one is forgotten. */
  begin(rack: LiveRack): void {
    if (this.#rack !== rack.id) this.forget()
    this.#rack = rack.id
    this.#live = { rack, since: Date.now() }
    this.#watch()
  }

  /** The rack is not the session's any more. What is known of it stays. */
  end(): void {
    this.#live = undefined
    this.#unwatch()
    this.#timeline?.forgetCommands(Date.now())
    this.#record.flush()
  }

  /** Hosts are other ones than before. */
  renewed(): void {
    this.#unwatch()
    this.#watch()
  }

  /** Begins anew: the next look is the network as it is found. */
  forget(): void {
    this.#known.forget()
    this.#record.forget()
    this.#map = undefined
    this.#shown = ''
  }

  /** Whether the server itself works at the network: then that is no command's doing. */
  setOwn(own: TimelineEntry['by']): void {
    this.#known.setOwn(own)
    this.#looks?.changed()
  }

  /** An Engine says that something has changed. */
  engineEvent(host: string, event: unknown): void {
    this.#known.engineEvent(host, event, Date.now())
    this.#looks?.changed()
  }

  /** Something was typed. */
  touched(): void {
    this.#looks?.touched()
  }

  began({ terminal, host, text }: TerminalCommand): void {
    this.#known.began(terminal, host, text, Date.now())
    this.#looks?.touched()
  }

  ended({ terminal, host, ...command }: TerminalCommand): void {
    this.#known.ended(terminal, host, command, Date.now())
    this.#looks?.commandEnded()
  }

  closed(terminal: string): void {
    this.#timeline?.closed(terminal, Date.now())
  }

  /** The network was captured, whoever wanted it. */
  take(state: NetworkState): void {
    const takenAt = Date.parse(state.takenAt)
    const from = performance.now()
    this.#draw(state, takenAt)
    this.#looks?.seen(takenAt, performance.now() - from)
  }

  #draw(state: NetworkState, takenAt: number): void {
    // One that began before another may end after it, and one of an earlier rack after its end.
    if (!this.#live || takenAt < this.#live.since || takenAt < this.#lastTaken) return
    this.#lastTaken = takenAt
    try {
      this.#show(drawMap(state))
      this.#known.take(state, takenAt)
    } catch (error) {
      // Checks go on, whatever a rack makes of its picture.
      logOnce(error)
    }
  }

  #show(map: NetworkMap): void {
    this.#map = map
    const shown = JSON.stringify([map.elements, map.ties])
    if (shown === this.#shown) return
    this.#shown = shown
    for (const { onMap } of this.#viewers) onMap(map)
  }

  /** Read when it is first asked for: most sessions of a learner are never looked at again. */
  get #known(): Timeline {
    this.#timeline ??= new Timeline(
      {
        onEntry: (entry, state) => {
          this.#record.save(entry, state)
          for (const { onEntry } of this.#viewers) onEntry(entry)
        },
      },
      this.#record.load(),
    )
    return this.#timeline
  }

  #watch(): void {
    const { rack } = this.#live ?? {}
    if (!rack || this.#viewers.size === 0 || this.#looks) return
    const looks = new NetworkLooks({
      look: () => rack.rack.ground.capture(),
      lookingSince: () => rack.rack.capturingSince,
      isLively: () => this.#known.commandRuns,
      onFailure: (error) => {
        // Hosts that are being reset, an Engine that was stopped, a rackd that starts again: what is looked at next will tell.
        if (!(error instanceof VethlabError)) logOnce(error)
      },
    })
    this.#looks = looks
    this.#endWatch = rack.watchNetwork(() => looks.changed())
  }

  #unwatch(): void {
    this.#looks?.stop()
    this.#looks = undefined
    this.#endWatch?.()
    this.#endWatch = undefined
  }
}
