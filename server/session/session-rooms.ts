import { backgroundTrouble, type Trouble } from '../error/trouble.js'
import type { Lab } from '../lab/lab.js'
import type { LabRack } from '../labrack/lab-rack.js'
import type { SessionRecord } from '../store/records.js'
import { AuthorDesk } from './author/author-desk.js'
import { endedTrouble } from './life/ended-trouble.js'
import { LiveRack } from './life/live-rack.js'
import { RackLife, type RackLifeOptions } from './life/rack-life.js'
import { RackUse } from './life/rack-use.js'
import { UsedTime } from './life/used-time.js'
import { SessionNetwork } from './session-network.js'
import type { TerminalCommand } from './terminals/rack-terminals.js'
import { SessionPorts } from './terminals/session-ports.js'
import { SessionTerminals } from './terminals/session-terminals.js'
import { BlockRuns } from './work/block-runs.js'
import { Resets } from './work/resets.js'
import { Steps } from './work/steps.js'

export interface SessionRoomsOptions
  extends Pick<RackLifeOptions, 'racks' | 'records' | 'idleMs' | 'warningMs' | 'now' | 'place' | 'full'> {
  lab: Lab
  record: SessionRecord
  /** In a preview, for the lab's author. */
  authoring: boolean
  /** As `StepsOptions.locked`. */
  locked(): Promise<readonly string[]>
  /** Whether someone looks on. */
  isWatched(): boolean
  /** There is another view of the session. */
  onChange(): void
}

/** The parts of a session, and what each tells the others: they know nothing of each other beside that. */
export class SessionRooms {
  readonly life: RackLife
  readonly use: RackUse
  readonly used: UsedTime
  readonly terminals: SessionTerminals
  readonly ports: SessionPorts
  readonly steps: Steps
  readonly resets: Resets
  readonly blocks: BlockRuns
  readonly network: SessionNetwork
  /** In a preview alone. */
  readonly author: AuthorDesk | undefined
  readonly #options: SessionRoomsOptions
  #notice: Trouble | undefined
  #stopped = false

  constructor(options: SessionRoomsOptions) {
    this.#options = options
    const { racks, records, lab, record, locked, now, onChange, isWatched } = options
    const onError = (error: unknown) => this.#fail(error)
    const tell = (trouble: Trouble) => this.#tell(trouble)
    const touch = () => this.touch()
    const use = new RackUse({
      session: record.id,
      live: () => this.life.live,
      touch,
      onBegin: () => {
        if (!this.#notice) return
        this.forgetNotice()
        onChange()
      },
      onOccupied: (occupied) => this.#onOccupied(occupied),
      onError,
      onChange,
    })
    this.use = use
    this.ports = new SessionPorts({ racks, onChange })
    this.terminals = new SessionTerminals({
      lab,
      live: () => use.live?.terminals,
      open: () => use.open().terminals,
      touch,
      onWork: () => this.#onWork(),
      onMayHaveEnded: () => this.steps.trigger(),
    })
    const onCaughtUp = () => this.resets.caughtUp()
    const note = (host: string, commands: string) => this.terminals.note(host, commands)
    this.steps = new Steps({ lab, record, records, use, locked, note, onCaughtUp, tell, onError, onChange })
    const { progress } = this.steps
    this.resets = new Resets({
      lab,
      progress,
      use,
      onRenewed: (host) => this.#onRenewed(host),
      forget: () => this.forget(),
      forgetNetwork: () => this.network.feed.forget(),
    })
    this.author = options.authoring
      ? new AuthorDesk({
          lab,
          use,
          answers: () => progress.answers,
          answer: (id, text) => progress.answer(id, text),
          onCaughtUp,
          trigger: () => this.steps.lookSoon(),
          onChange,
        })
      : undefined
    this.blocks = new BlockRuns({ lab, progress, use, type: (...what) => this.terminals.run(...what) })
    this.network = new SessionNetwork({
      session: record.id,
      lab,
      rack: record.rack,
      records,
      begin: () => use.begin(),
      look: (step) => this.steps.look(step),
      hiding: (of) => {
        const step = of ?? progress.current
        return step && progress.hidesCause(step) ? step.id : undefined
      },
      onTold: (step) => this.steps.told(step),
      onError,
    })
    this.life = new RackLife({
      ...options,
      current: () => progress.current,
      isBusy: () => use.busy !== undefined,
      onCapture: (state) => {
        this.network.feed.take(state)
        this.ports.take(state)
      },
      onLive: (rack, brought) => this.#onLive(rack, brought),
      onLetGo: () => this.#onLetGo(),
      onTrouble: tell,
      onError,
      onChange: () => {
        this.used.update()
        onChange()
      },
    })
    this.used = new UsedTime({
      usedMs: record.usedMs,
      now,
      // Once all is done the time has ended.
      attended: () => isWatched() && this.life.phase.name === 'open' && progress.current !== undefined,
      record: (ms) => this.#addUsed(ms),
      onChange,
    })
  }

  /** The last thing that did not work, until the next one is begun. */
  get notice(): Trouble | undefined {
    return this.#notice
  }

  forgetNotice(): void {
    this.#notice = undefined
  }

  /** Someone did something. */
  touch(): void {
    this.life.touch()
    this.used.touch()
  }

  /** As if the lab had never been worked at. */
  async forget(): Promise<void> {
    await this.steps.forget()
    this.used.forget()
    this.network.feed.forget()
    this.#options.onChange()
  }

  /** Lets go of the rack, which stays. Failures are told to nobody from now on. */
  async stop(): Promise<void> {
    this.#stopped = true
    const undone = this.life.stop()
    this.used.stop()
    await undone
  }

  #onLive(rack: LabRack, brought: boolean): LiveRack {
    this.steps.forgetLooks()
    this.ports.forget()
    this.resets.begin({ behind: !brought })
    this.used.touch()
    this.steps.resume()
    const { feed } = this.network
    const live = new LiveRack({
      racks: this.#options.racks,
      rack,
      onChange: this.#options.onChange,
      onNews: (host, event) => {
        this.steps.trigger()
        feed.engineEvent(host, event)
      },
      onCommandStart: (command) => feed.began(command),
      onCommandEnd: (command) => this.#onCommandEnd(command),
      onTerminalClosed: (terminal) => feed.closed(terminal),
      onEnded: (host, why) => this.#tell(endedTrouble(host, why)),
      onGone: () => this.life.lost(),
    })
    feed.begin(live)
    return live
  }

  #onLetGo(): void {
    this.steps.pause()
    this.terminals.letGo()
    this.network.feed.end()
    this.use.letGo()
    this.resets.begin({ behind: false })
    this.used.flush()
  }

  /** No checks are made by themselves while the server works, and what it changes is no command's doing. */
  #onOccupied(occupied: boolean): void {
    if (occupied) this.steps.pause()
    else this.steps.resume()
    const what = occupied ? this.use.busy?.what : undefined
    // Who judges changes nothing.
    this.network.feed.setOwn(what === 'submitting' ? undefined : what)
  }

  #onRenewed(host?: string): void {
    this.steps.forgetLooks()
    this.ports.forget(host)
    this.network.feed.renewed()
  }

  #onWork(): void {
    this.network.feed.touched()
    if (this.resets.caughtUp()) this.#options.onChange()
  }

  #onCommandEnd(command: TerminalCommand): void {
    this.terminals.commandEnded(command.terminal)
    this.touch()
    this.steps.trigger()
    this.network.feed.ended(command)
  }

  #addUsed(ms: number): void {
    const { records, record } = this.#options
    records.addUsed(record.id, ms).catch((error: unknown) => this.#fail(error))
  }

  #fail(error: unknown): void {
    if (this.#stopped) return
    this.#tell(backgroundTrouble(error))
    this.#options.onChange()
  }

  #tell(trouble: Trouble): void {
    this.#notice = trouble
  }
}
