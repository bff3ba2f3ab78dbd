import { logOnce } from '../../error/log-once.js'
import { backgroundTrouble, type Trouble } from '../../error/trouble.js'
import { VethlabError } from '../../error/vethlab-error.js'
import type { Lab, Step } from '../../lab/lab.js'
import { LabRack } from '../../labrack/lab-rack.js'
import { bringTo } from '../../labrack/work-through.js'
import type { NetworkState } from '../../network/state.js'
import type { SessionPhase } from '../../protocol/protocol.js'
import type { RackInfo, Racks } from '../../racks/racks.js'
import type { Records, SessionRecord } from '../../store/records.js'
import { IdleClock } from './idle.js'
import type { LiveRack } from './live-rack.js'
import { OpeningStages } from './opening.js'
import { rackLabel } from './rack-label.js'
import type { Waiter } from './waiting-room.js'

export interface RackLifeOptions {
  racks: Racks
  records: Records
  lab: Lab
  record: Pick<SessionRecord, 'id' | 'endReason'>
  idleMs: number
  warningMs: number
  now(): number
  /** Where a replay brings a fresh rack to. */
  current(): Step | undefined
  /**
   * Resolves once a rack can be had. @param tell of the place in the line, as long as others come first
   * @throws TroubleError where none can be had
   */
  place(signal: AbortSignal, tell: Waiter['tell']): Promise<void>
  /** The racks have come to their limit. */
  full(): Trouble
  /** The server works at something: that is not idleness. */
  isBusy(): boolean
  onCapture(state: NetworkState): void
  /** There is a rack. `brought`: it is as far as its learner. */
  onLive(rack: LabRack, brought: boolean): LiveRack
  /** The rack is not this session's to use any more. */
  onLetGo(): void
  /** Something did not work, though the rack is there. */
  onTrouble(trouble: Trouble): void
  onError(error: unknown): void
  onChange(): void
}

/** How long whoever stops or leaves waits for an opening to be undone. */
const undoMs = 10_000
/** Of one who finds no memory when it is their turn. */
const mostTurns = 3

/** The life of a session's rack: opened, taken over, idle, left, lost. Everything is on record before it is done. */
export class RackLife {
  readonly #options: RackLifeOptions
  readonly #idle: IdleClock
  #phase: SessionPhase
  #stages: OpeningStages | undefined
  #opening: { abort: AbortController; done: Promise<void> } | undefined
  #live: LiveRack | undefined
  #stopped = false

  constructor(options: RackLifeOptions) {
    const { record, idleMs, warningMs, now, onChange } = options
    this.#options = options
    this.#phase = endedPhase(record)
    this.#idle = new IdleClock({ idleMs, warningMs, now, onChange, onIdle: () => this.#onIdle() })
  }

  get phase(): SessionPhase {
    const stages = this.#stages
    return this.#phase.name === 'opening' && stages ? { name: 'opening', stages: stages.view } : this.#phase
  }

  get live(): LiveRack | undefined {
    return this.#live
  }

  /** There is a rack, or is about to be. */
  get holdsRack(): boolean {
    return this.isWaiting || this.#phase.name === 'opening' || this.#phase.name === 'open'
  }

  /** It is to be had once others have ended. */
  get isWaiting(): boolean {
    return this.#phase.name === 'waiting'
  }

  get endsAt(): number | undefined {
    return this.#idle.endsAt
  }

  get closesAt(): number | undefined {
    return this.#idle.closesAt
  }

  touch(): void {
    this.#idle.touch()
  }

  /** Begins to open a rack, unless there is one. */
  open(replay: boolean): void {
    if (this.holdsRack || this.#stopped) return
    const { lab, onChange } = this.#options
    const abort = new AbortController()
    const stages = new OpeningStages({ setup: lab.setup !== undefined || lab.files.length > 0, replay }, onChange)
    this.#stages = stages
    this.#phase = { name: 'opening', stages: stages.view }
    // An earlier opening may still be on its way out.
    const before = this.#opening?.done
    const done = Promise.resolve(before).then(() => this.#bringUp(stages, replay, abort.signal))
    this.#opening = { abort, done }
    onChange()
  }

  takeOver(info: RackInfo): void {
    const { racks, lab, onCapture } = this.#options
    this.#goLive(LabRack.attach(racks, lab, info, { onCapture }), true)
  }

  async leave(): Promise<void> {
    const { records, record, onChange } = this.#options
    if (this.#phase.name === 'open') return this.#end('left')
    if (this.#phase.name !== 'opening' && !this.isWaiting) return
    this.#opening?.abort.abort()
    this.#phase = { name: 'closed', reason: 'left' }
    onChange()
    await records.endSession(record.id, 'left')
    await atMost(this.#opening?.done, undoMs)
  }

  lost(): void {
    if (this.#phase.name === 'open') this.#end('lost').catch(this.#options.onError)
  }

  /** Lets go: the rack stays, an opening is undone. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#opening?.abort.abort()
    this.#letGo()
    await atMost(this.#opening?.done, undoMs)
  }

  async #bringUp(stages: OpeningStages, replay: boolean, signal: AbortSignal): Promise<void> {
    const { records, record, current, full, onTrouble, onError, onChange } = this.#options
    let rack: LabRack | undefined
    let isRecorded = false
    try {
      signal.throwIfAborted()
      rack = await this.#opened(stages, signal)
      stages.done('setup')
      signal.throwIfAborted()
      let brought = replay
      if (replay) {
        try {
          await bringTo(rack, current(), signal)
        } catch (error) {
          signal.throwIfAborted()
          brought = false
          onTrouble(backgroundTrouble(error))
        }
        stages.done('replay')
      }
      await records.setRack(record.id, rack.info.id)
      isRecorded = true
      // Left, or let go of, while that was written.
      signal.throwIfAborted()
      this.#goLive(rack, brought)
      await this.#live?.terminals.ready()
    } catch (error) {
      await rack?.close().catch(logOnce)
      if (signal.aborted) {
        if (isRecorded) await records.setRack(record.id, null).catch(onError)
        return
      }
      this.#letGo()
      const isFull = error instanceof VethlabError && error.code === 'rack.limit'
      this.#phase = { name: 'failed', trouble: isFull ? full() : backgroundTrouble(error) }
      await records.endSession(record.id, 'failed').catch(onError)
      onChange()
    } finally {
      if (this.#opening?.abort.signal === signal) this.#opening = undefined
    }
  }

  /** Once it is this learner's turn; where others have taken the memory in between, once more. */
  async #opened(stages: OpeningStages, signal: AbortSignal): Promise<LabRack> {
    const { racks, records, record, lab, onCapture, place, onChange } = this.#options
    for (let turn = 1; ; turn++) {
      await place(signal, (place) => {
        const when = place?.freeAt === undefined ? {} : { freeAt: new Date(place.freeAt).toISOString() }
        this.#phase = place
          ? { name: 'waiting', position: place.position, ...when }
          : { name: 'opening', stages: stages.view }
        onChange()
      })
      try {
        return await LabRack.open(racks, lab, {
          label: rackLabel(lab.id, record.id),
          owner: records.id,
          signal,
          onProgress: stages.onProgress,
          onCapture,
        })
      } catch (error) {
        const isShort = error instanceof VethlabError && error.code === 'machine.out-of-memory'
        if (!isShort || turn === mostTurns) throw error
      }
    }
  }

  #goLive(rack: LabRack, brought: boolean): void {
    this.#live = this.#options.onLive(rack, brought)
    this.#phase = { name: 'open' }
    this.#idle.start()
    this.#options.onChange()
  }

  #letGo(): LiveRack | undefined {
    const live = this.#live
    this.#live = undefined
    this.#idle.stop()
    live?.stop()
    this.#options.onLetGo()
    return live
  }

  async #end(reason: 'idle' | 'left' | 'lost'): Promise<void> {
    const { racks, records, record, onChange } = this.#options
    const live = this.#letGo()
    this.#phase = { name: 'closed', reason }
    onChange()
    await records.endSession(record.id, reason)
    if (!live || reason === 'lost') return
    await racks.close(live.id).catch((error: unknown) => {
      // Whoever sweeps finds it by its label.
      if (!(error instanceof VethlabError && error.code === 'rack.not-found')) logOnce(error)
    })
  }

  #onIdle(): void {
    if (this.#options.isBusy()) this.#idle.start()
    else this.#end('idle').catch(this.#options.onError)
  }
}

function endedPhase({ endReason }: Pick<SessionRecord, 'endReason'>): SessionPhase {
  if (endReason !== 'failed') return { name: 'closed', reason: endReason ?? 'lost' }
  const trouble: Trouble = {
    code: 'session.failed',
    what: { en: 'The hosts of this lab could not be started the last time.', zh: '上次没能启动这个实验的主机。' },
    cure: { en: 'Try it once more.', zh: '请再试一次。' },
  }
  return { name: 'failed', trouble }
}

async function atMost(work: Promise<unknown> | undefined, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, ms)))])
  clearTimeout(timer)
}
