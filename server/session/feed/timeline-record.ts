import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { NetworkState } from '../../network/state.js'
import type { TimelineEntry } from '../../protocol/protocol.js'
import type { Records } from '../../store/records.js'
import { mostEntries } from './timeline.js'

/** An entry may change several times a second while its command runs; what a crash can lose is as much as this. */
const writeMs = 1_000

/** Largest state that is kept, in bytes of JSON; a rack's root can make it as large as captures may be. */
const largestState = 4 * 1024 ** 2

/**
 * A session's timeline on record: entries as JSON, each with the network's state after it, deflated. States are in memory only
 * until they are written, so that a session's entries hold little more than their sentences.
 */
export class TimelineRecord {
  readonly #unwritten = new Map<number, { entry: TimelineEntry; state?: NetworkState }>()
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly records: Pick<Records, 'timeline' | 'timelineState' | 'saveTimeline' | 'forgetTimeline'>,
    private readonly session: string,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** What was kept, oldest first, and the state after the last entry. */
  async load(): Promise<{ entries: TimelineEntry[]; state?: NetworkState }> {
    try {
      return await this.#load()
    } catch (error) {
      this.onError(error)
      return { entries: [] }
    }
  }

  async #load(): Promise<{ entries: TimelineEntry[]; state?: NetworkState }> {
    const entries = (await this.records.timeline(this.session)).map((text) => JSON.parse(text) as TimelineEntry)
    // Whether they still run is not known: their terminals tell.
    for (const { command } of entries) if (command) command.running = false
    const last = entries.at(-1)
    const state = last && (await this.stateAt(last.id))
    return { entries, ...(state ? { state } : {}) }
  }

  /** Keeps an entry that is new or changed, within a second; without a state it keeps the one it has. */
  save(entry: TimelineEntry, state?: NetworkState): void {
    const kept = state ?? this.#unwritten.get(entry.id)?.state
    this.#unwritten.set(entry.id, { entry, ...(kept ? { state: kept } : {}) })
    this.#timer ??= setTimeout(() => void this.flush(), writeMs).unref()
  }

  async stateAt(id: number): Promise<NetworkState | undefined> {
    const unwritten = this.#unwritten.get(id)?.state
    if (unwritten) return unwritten
    const packed = await this.records.timelineState(this.session, id)
    if (!packed) return undefined
    return JSON.parse(inflateRawSync(packed, { maxOutputLength: largestState }).toString('utf8')) as NetworkState
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#unwritten.size === 0) return
    const rows = [...this.#unwritten.values()].map(({ entry, state }) => {
      const packed = state && pack(state)
      return { id: entry.id, entry: JSON.stringify(entry), ...(packed ? { state: packed } : {}) }
    })
    // What can't be written now is not tried again: a full disk must not fill the memory as well.
    this.#unwritten.clear()
    try {
      await this.records.saveTimeline(this.session, rows, mostEntries)
    } catch (error) {
      this.onError(error)
    }
  }

  forget(): void {
    this.#unwritten.clear()
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.records.forgetTimeline(this.session).catch(this.onError)
  }
}

/** Without secrets, which nothing is drawn of. */
function pack(state: NetworkState): Uint8Array | undefined {
  const text = Buffer.from(JSON.stringify(state, (key, value) => (key === 'joinTokens' ? undefined : value)))
  return text.length > largestState ? undefined : deflateRawSync(text)
}
