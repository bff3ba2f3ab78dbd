import type { Duplex } from 'node:stream'
import { logOnce } from '../error/log-once.js'
import type { Trouble } from '../error/trouble.js'
import { VethlabError } from '../error/vethlab-error.js'
import { contentOf, type Lab } from '../lab/lab.js'
import type { LabRack } from '../labrack/lab-rack.js'
import type { BlockRef, SessionPhase, SessionView, TerminalView } from '../protocol/protocol.js'
import type { RackInfo } from '../racks/racks.js'
import type { SessionRecord } from '../store/records.js'
import type { Attachment } from '../terminal/client.js'
import type { AuthorDesk } from './author/author-desk.js'
import { ViewFeed } from './feed/view-feed.js'
import type { SessionNetwork } from './session-network.js'
import { SessionRooms, type SessionRoomsOptions } from './session-rooms.js'
import type { SessionAttachOptions } from './terminals/rack-terminals.js'

/** What a session needs of the house it lives in. */
export interface SessionHouse
  extends Pick<SessionRoomsOptions, 'racks' | 'records' | 'authoring' | 'idleMs' | 'warningMs' | 'now'> {
  /** Resolves once this session can have a rack. @throws TroubleError where it can have none */
  place(session: Session, ...rest: Parameters<SessionRoomsOptions['place']>): Promise<void>
  /** The racks have come to their limit: says so to the learner of this session. */
  full(session: Session): Trouble
  /** Ids of steps that are not given to its learner now. */
  locked(session: Session): Promise<readonly string[]>
  /** There is another view of it, or somebody came or went. */
  changed(session: Session): void
  /** The files of its lab are other ones than those that it began with. */
  hasNewer(session: Session): boolean
}

/**
 * What one learner does in one lab: what can be asked of it, and its view. Whatever takes its time goes on behind the
 * request that began it; the view shows what becomes of it. Requests throw VethlabError session.not-open and session.busy,
 * and what the room that answers them throws.
 */
export class Session {
  readonly id: string
  readonly learner: string
  readonly lab: Lab
  readonly #feed = new ViewFeed(() => this.view())
  readonly #house: SessionHouse
  readonly #rooms: SessionRooms
  #version = 0
  /** Settles when nobody judges its rack any more. */
  #judging: Promise<void> | undefined

  /** A session as it is on record, without a rack. */
  constructor(house: SessionHouse, lab: Lab, record: SessionRecord) {
    this.id = record.id
    this.learner = record.learner
    this.lab = lab
    this.#house = house
    this.#rooms = new SessionRooms({
      ...house,
      lab,
      record,
      place: (signal, tell) => house.place(this, signal, tell),
      full: () => house.full(this),
      locked: () => house.locked(this),
      isWatched: () => this.#feed.watched,
      onChange: () => {
        this.#version++
        this.#feed.changed()
        house.changed(this)
      },
    })
  }

  // ---- What is to be seen ----

  view(): SessionView {
    const { life, use, used, steps, resets, terminals, ports, notice, author } = this.#rooms
    const { current, answers } = steps.progress
    const { live, closesAt } = life
    const { replayable } = resets
    return {
      id: this.id,
      lab: this.lab.id,
      content: contentOf(this.lab),
      newer: this.#house.hasNewer(this),
      version: this.#version,
      phase: life.phase,
      usedMs: Math.round(used.usedMs),
      counting: used.counting,
      ...(current === undefined ? {} : { current: current.id }),
      steps: steps.views,
      hosts: live?.hosts ?? this.lab.plan.hosts.map(({ name, kind }) => ({ name, kind, alive: false })),
      terminals: terminals.list,
      ports: live ? ports.list : [],
      answers: { ...answers },
      ...(replayable === undefined ? {} : { replayable }),
      ...(use.busy === undefined ? {} : { busy: use.busy }),
      ...(closesAt === undefined ? {} : { closesAt: new Date(closesAt).toISOString() }),
      ...(notice === undefined ? {} : { notice }),
      ...(author === undefined ? {} : { author: author.view }),
    }
  }

  /** Views as they change, from now on, gathered over 30 ms. As long as someone looks on, time used counts. @returns what ends it */
  subscribe(onView: (view: SessionView) => void): () => void {
    const { used } = this.#rooms
    const end = this.#feed.subscribe(onView)
    used.update()
    this.#house.changed(this)
    return () => {
      end()
      used.update()
      this.#house.changed(this)
    }
  }

  /** Somebody looks on. */
  get isWatched(): boolean {
    return this.#feed.watched
  }

  get network(): SessionNetwork {
    return this.#rooms.network
  }

  /** Whether it has a rack, or is about to. */
  get holdsRack(): boolean {
    return this.#rooms.life.holdsRack
  }

  /** It waits until there is room for its rack. */
  get isWaiting(): boolean {
    return this.#rooms.life.isWaiting
  }

  /** The rack it works in. */
  get rack(): string | undefined {
    return this.#rooms.life.live?.id
  }

  get phase(): SessionPhase['name'] {
    return this.#rooms.life.phase.name
  }

  /** The step of which its learner has asked for a check, and waits for the answer. */
  get asked(): string | undefined {
    return this.#rooms.steps.asked
  }

  /** When it would be closed if nobody came, in milliseconds since 1970. */
  get endsAt(): number | undefined {
    return this.#rooms.life.endsAt
  }

  /** When it will be closed, once that was announced. */
  get closesAt(): number | undefined {
    return this.#rooms.life.closesAt
  }

  // ---- Its rack, as whoever keeps all sessions knows of it ----

  /** Goes on in a rack that was opened before this process began. */
  takeOver(info: RackInfo): void {
    this.#rooms.steps.learnLocks()
    this.#rooms.life.takeOver(info)
    // A command may have ended while nobody listened.
    this.#rooms.steps.trigger()
  }

  /** How its rack is now. */
  seen(info: RackInfo): void {
    this.#rooms.life.live?.seen(info)
  }

  /** Its rack is not there any more. */
  lost(): void {
    this.#rooms.life.lost()
  }

  /** Lets go: the rack stays, an opening is undone and begun again by the next process. */
  async stop(): Promise<void> {
    const undone = this.#rooms.stop()
    this.#feed.stop()
    await undone
  }

  /** The files of its lab are other ones now: the lab was replaced in place. */
  labChanged(): void {
    const { steps, life } = this.#rooms
    steps.forgetLooks()
    if (life.phase.name === 'open') steps.trigger()
    this.newerChanged()
  }

  /** What whoever looks on is told may be otherwise than before, such as whether its lab has newer files. */
  newerChanged(): void {
    this.#version++
    this.#feed.changed()
  }

  /** What its learner is given of its steps is otherwise: one that was locked is looked at again. */
  locksChanged(): void {
    const { steps, life } = this.#rooms
    if (life.phase.name === 'open') steps.trigger()
    this.newerChanged()
  }

  // ---- What may be asked ----

  /** What the lab's author may do. @throws VethlabError argument.invalid where this is no preview */
  get author(): AuthorDesk {
    const { author } = this.#rooms
    if (author) return author
    throw new VethlabError('argument.invalid', 'is for the author of a lab alone', {
      place: this.id,
      cure: 'Look at the lab with `vethlab preview`.',
    })
  }

  /** Begins to open a rack, unless there is one. With `replay` it is brought to where the learner was. */
  reopen(replay: boolean): void {
    if (this.holdsRack) return
    this.#rooms.forgetNotice()
    this.#rooms.steps.learnLocks()
    this.#rooms.life.open(replay)
  }

  /** Ends the rack. One that is being judged ends when that is done: what was handed in in time counts. Progress stays. */
  leave(): Promise<void> {
    const { life } = this.#rooms
    return this.#judging ? this.#judging.then(() => life.leave()) : life.leave()
  }

  /** The same for whoever does not wait until it is judged. */
  async leaveSoon(): Promise<void> {
    const left = this.leave()
    if (this.isJudged) left.catch(logOnce)
    else await left
  }

  /** Whether its rack is being judged: it is needed until that has ended. */
  get isJudged(): boolean {
    return this.#judging !== undefined
  }

  /** Someone is there: the rack is not closed for idleness. */
  stay(): void {
    this.touch()
  }

  /** Someone did something. */
  touch(): void {
    this.#rooms.touch()
  }

  /** Forgets the progress in this lab, and gives a rack as at the beginning. */
  async startOver(): Promise<void> {
    if (this.holdsRack) {
      this.#rooms.resets.startOver()
    } else {
      await this.#rooms.forget()
      this.reopen(false)
    }
  }

  check(step: string): Promise<void> {
    return this.#rooms.steps.check(step)
  }

  answer(step: string, id: string, text: string): Promise<void> {
    return this.#rooms.steps.answer(step, id, text)
  }

  hint(step: string, check: number): Promise<void> {
    return this.#rooms.steps.hint(step, check)
  }

  /** As `Steps.giveHint`. */
  giveHint(step: string, check: number): Promise<number | undefined> {
    return this.#rooms.steps.giveHint(step, check)
  }

  show(step: string): Promise<void> {
    return this.#rooms.steps.show(step)
  }

  do(step: string): void {
    this.#rooms.steps.do(step)
  }

  skip(step: string): Promise<void> {
    return this.#rooms.steps.skip(step)
  }

  reset(host?: string): void {
    this.#rooms.resets.reset(host)
  }

  replay(step: string): void {
    this.#rooms.resets.replay(step)
  }

  blockText(ref: BlockRef): Promise<string> {
    return this.#rooms.blocks.text(ref)
  }

  runBlock(ref: BlockRef, terminal?: string): Promise<{ terminal: string }> {
    return this.#rooms.blocks.run(ref, terminal)
  }

  /**
   * Has the rack judged as it is; the view says so meanwhile. No request is let in, and what the learner's programs do goes on.
   * @param work ends when its signal aborts: the rack is let go of
   * @throws VethlabError session.not-open, session.busy
   */
  judge(work: (rack: LabRack, signal: AbortSignal) => Promise<void>): void {
    const { use, steps } = this.#rooms
    use.begin()
    this.#judging = new Promise((resolve) => {
      use.occupy({ what: 'submitting' }, async ({ rack }, signal) => {
        try {
          await work(rack.still(steps.progress.answers), signal)
        } finally {
          this.#judging = undefined
          resolve()
          // Commands may have ended since.
          steps.lookSoon()
        }
      })
    })
  }

  async openTerminal(host: string, cols: number, rows: number): Promise<TerminalView> {
    const { use } = this.#rooms
    // No program can be started in a host that is held still.
    if (use.busy?.what === 'submitting') use.begin()
    return this.#rooms.terminals.open(host, cols, rows)
  }

  closeTerminal(id: string): Promise<void> {
    return this.#rooms.terminals.close(id)
  }

  attach(terminal: string, options: SessionAttachOptions): Promise<Attachment> {
    return this.#rooms.terminals.attach(terminal, options)
  }

  /** Something was typed into a terminal. Attachments of this session tell it by themselves. */
  typed(terminal: string, input: Uint8Array | string): void {
    this.#rooms.terminals.typed(terminal, input)
  }

  /** A connection to a port that a container publishes. */
  async connectPort(host: string, port: number): Promise<Duplex> {
    return await this.#rooms.ports.connect(this.#rooms.use.open().id, host, port)
  }
}
