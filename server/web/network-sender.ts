import type { Socket } from 'socket.io'
import type { Events, NetworkMap, NetworkView, TimelineEntry } from '../protocol/protocol.js'
import type { Requests } from '../protocol/requests.js'
import type { Session } from '../session/session.js'
import type { Connection } from './connection.js'

/** While more waits to be sent, maps wait too: the last one is all that counts, and of each entry its last form. */
const congestedBytes = 64 * 1024
const congestedRetryMs = 100

/** Sends the network of one session, and never more than the browser takes. */
export class NetworkSender {
  #session: Session | undefined
  /** Counts what was asked to be followed. */
  #follow = 0
  #end: (() => void) | undefined
  #map: NetworkMap | undefined
  /** By id; a session has no more than its timeline keeps. */
  readonly #entries = new Map<number, TimelineEntry>()
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly socket: Socket<Requests, Events>,
    private readonly connection: Connection,
  ) {}

  /** Follows that session, and no other any more. */
  async follow(session: Session): Promise<NetworkView> {
    this.end()
    // Whoever is gone by now would be counted as a viewer for ever.
    if (!this.socket.connected) return session.network.feed.view()
    this.#session = session
    const follow = ++this.#follow
    const isCurrent = () => this.#session === session && this.#follow === follow
    const { view, end } = await session.network.follow({
      onMap: (map) => {
        if (!isCurrent()) return
        this.#map = map
        this.#send()
      },
      onEntry: (entry) => {
        if (!isCurrent()) return
        this.#entries.set(entry.id, entry)
        this.#send()
      },
    })
    // Meanwhile it may be gone, or show another one.
    if (isCurrent()) this.#end = end
    else end()
    return view
  }

  /** The window shows that session now, or none. */
  shown(session: Session | undefined): void {
    if (session !== this.#session) this.end()
  }

  end(): void {
    this.#end?.()
    clearTimeout(this.#timer)
    this.#session = undefined
    this.#end = undefined
    this.#map = undefined
    this.#entries.clear()
  }

  #send(): void {
    clearTimeout(this.#timer)
    if (this.#session === undefined) return
    if (this.connection.waiting > congestedBytes) {
      this.#timer = setTimeout(() => this.#send(), congestedRetryMs)
      return
    }
    const { id } = this.#session
    // First the map, so that what an entry is about is there.
    if (this.#map) this.socket.emit('network.map', id, this.#map)
    this.#map = undefined
    for (const entry of this.#entries.values()) this.socket.emit('network.timeline', id, entry)
    this.#entries.clear()
  }
}
