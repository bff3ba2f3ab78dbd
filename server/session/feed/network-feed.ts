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
  #loading: Promise<Timeline> | undefined
  readonly #pending: ((timeline: Timeline) => void)[] = []
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

  async view(): Promise<NetworkView> {
    return this.#viewOf(await this.#known())
  }

  #viewOf({ entries, state }: Timeline): NetworkView {
    this.#map ??= state && drawMap(state)
    return { session: this.#options.session, ...(this.#map ? { map: this.#map } : {}), timeline: [...entries] }
  }

  /** The map after an entry. @throws VethlabError map.not-found */
  async at(entry: number): Promise<NetworkMap> {
    const { entries } = await this.#known()
    const state = entries.some(({ id }) => id === entry) ? await this.#record.stateAt(entry) : undefined
    if (state) return drawMap(state)
    throw new VethlabError('map.not-found', 'no map is kept of that entry', {
      place: `entry ${entry}`,
      cure: 'Choose a newer one.',
    })
  }

  /** Tells of the network from when it is known on. @returns where that begins, and what ends it */
  async follow(viewer: NetworkViewer): Promise<{ view: NetworkView; end: () => void }> {
    const timeline = await this.#known()
    const view = this.#viewOf(timeline)
    this.#viewers.add(viewer)
    this.#watch()
    const end = () => {
      if (this.#viewers.delete(viewer) && this.#viewers.size === 0) this.#unwatch()
    }
    return { view, end }
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
    const at = Date.now()
    if (this.#loading) this.#with((timeline) => timeline.forgetCommands(at))
    void this.#record.flush()
  }

  /** Hosts are other ones than before. */
  renewed(): void {
    this.#unwatch()
    this.#watch()
  }

  /** Begins anew: the next look is the network as it is found. */
  forget(): void {
    this.#with((timeline) => timeline.forget())
    this.#record.forget()
    this.#map = undefined
    this.#shown = ''
  }

  /** Whether the server itself works at the network: then that is no command's doing. */
  setOwn(own: TimelineEntry['by']): void {
    this.#with((timeline) => timeline.setOwn(own))
    this.#looks?.changed()
  }

  /** An Engine says that something has changed. */
  engineEvent(host: string, event: unknown): void {
    const at = Date.now()
    this.#with((timeline) => timeline.engineEvent(host, event, at))
    this.#looks?.changed()
  }

  /** Something was typed. */
  touched(): void {
    this.#looks?.touched()
  }

  began({ terminal, host, text }: TerminalCommand): void {
    const at = Date.now()
    this.#with((timeline) => timeline.began(terminal, host, text, at))
    this.#looks?.touched()
  }

  ended({ terminal, host, ...command }: TerminalCommand): void {
    const at = Date.now()
    this.#with((timeline) => timeline.ended(terminal, host, command, at))
    this.#looks?.commandEnded()
  }

  closed(terminal: string): void {
    const at = Date.now()
    if (this.#loading) this.#with((timeline) => timeline.closed(terminal, at))
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
      this.#with((timeline) => timeline.take(state, takenAt))
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
  #known(): Promise<Timeline> {
    this.#loading ??= this.#record.load().then((before) => {
      const timeline = new Timeline(
        {
          onEntry: (entry, state) => {
            this.#record.save(entry, state)
            for (const { onEntry } of this.#viewers) onEntry(entry)
          },
        },
        before,
      )
      this.#timeline = timeline
      for (const work of this.#pending.splice(0)) this.#do(work, timeline)
      return timeline
    })
    return this.#loading
  }

  /** What happens to the timeline, in the order in which it does: some of it while what is on record is read. */
  #with(work: (timeline: Timeline) => void): void {
    if (this.#timeline) this.#do(work, this.#timeline)
    else {
      this.#pending.push(work)
      void this.#known()
    }
  }

  #do(work: (timeline: Timeline) => void, timeline: Timeline): void {
    try {
      work(timeline)
    } catch (error) {
      // Checks go on, whatever a rack makes of its picture.
      logOnce(error)
    }
  }

  #watch(): void {
    const { rack } = this.#live ?? {}
    if (!rack || this.#viewers.size === 0 || this.#looks) return
    const looks = new NetworkLooks({
      look: () => rack.rack.ground.capture(),
      lookingSince: () => rack.rack.capturingSince,
      isLively: () => this.#timeline?.commandRuns ?? false,
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
