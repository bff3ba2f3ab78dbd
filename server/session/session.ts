import type { Duplex } from 'node:stream'
import type { Verdict } from '../check/evaluate.js'
import { backgroundTrouble } from '../error/trouble.js'
import { VethlabError } from '../error/vethlab-error.js'
import { answerId, type Lab, type Step } from '../lab/lab.js'
import { placeholders } from '../lab/page.js'
import type { LabRack } from '../labrack/lab-rack.js'
import { bringTo, notDone, runStep } from '../labrack/work-through.js'
import type { NetworkState } from '../network/state.js'
import type { BlockRef, SessionPhase, SessionView, StepView, TerminalView, Trouble } from '../protocol/protocol.js'
import type { RackInfo } from '../racks/racks.js'
import type { SessionRecord } from '../store/records.js'
import type { Attachment } from '../terminal/client.js'
import { ViewFeed } from './feed/view-feed.js'
import { LiveRack } from './life/live-rack.js'
import { RackLife, type RackLifeOptions } from './life/rack-life.js'
import { UsedTime } from './life/used-time.js'
import { SessionNetwork } from './session-network.js'
import { EnteredCommands } from './terminals/entered-commands.js'
import { type PublishedPort, publishedPorts } from './terminals/published-ports.js'
import type { SessionAttachOptions, TerminalCommand } from './terminals/rack-terminals.js'
import { blockAt, stepNamed } from './work/blocks.js'
import { CheckRunner } from './work/check-runner.js'
import { Progress } from './work/progress.js'
import { stepView } from './work/step-view.js'

/** What a session needs of the house it lives in. */
export interface SessionHouse extends Pick<RackLifeOptions, 'racks' | 'records' | 'idleMs' | 'warningMs' | 'now'> {
  /** Why this session can have no rack now; undefined where it can. */
  refusal(session: Session): Trouble | undefined
  /** The racks have come to their limit: says so to the learner of this session. */
  full(session: Session): Trouble
}

/** As much of an answer as a check reads. */
const longestAnswer = 500

/**
 * What one learner does in one lab: its rack, terminals, steps and answers. Whatever takes its time goes on behind the
 * request that began it; the view shows what becomes of it.
 */
export class Session {
  readonly id: string
  readonly learner: string
  readonly lab: Lab
  readonly network: SessionNetwork
  readonly #house: SessionHouse
  readonly #progress: Progress
  readonly #feed: ViewFeed<SessionView>
  readonly #life: RackLife
  readonly #used: UsedTime
  readonly #runner: CheckRunner
  readonly #done = new Map<string, NonNullable<StepView['done']>>()
  readonly #entered = new EnteredCommands(() => this.#runner.trigger())
  #busy: SessionView['busy']
  #notice: Trouble | undefined
  #ports: PublishedPort[] = []
  /** The rack is younger than the progress, and nothing was done in it yet. */
  #behind = false
  #version = 0
  #stopped = false

  /** A session as it is on record, without a rack. */
  constructor(house: SessionHouse, lab: Lab, record: SessionRecord) {
    this.id = record.id
    this.learner = record.learner
    this.lab = lab
    this.#house = house
    this.#progress = new Progress(house.records, lab, record)
    this.#feed = new ViewFeed(() => this.view())
    const onChange = () => this.#changed()
    this.network = new SessionNetwork({
      session: record.id,
      lab,
      rack: record.rack,
      records: house.records,
      begin: () => {
        this.#begin()
        return this.#open()
      },
      look: (step) => this.#runner.look(step),
      onError: (error) => this.#fail(error),
    })
    this.#life = new RackLife({
      ...house,
      lab,
      record,
      current: () => this.#progress.current,
      refusal: () => house.refusal(this),
      full: () => house.full(this),
      isBusy: () => this.#busy !== undefined,
      onCapture: (state) => this.#onCapture(state),
      onLive: (rack, brought) => this.#onLive(rack, brought),
      onLetGo: () => this.#onLetGo(),
      onTrouble: (trouble) => {
        this.#notice = trouble
      },
      onError: (error) => this.#fail(error),
      onChange: () => {
        this.#used.update()
        this.#changed()
      },
    })
    this.#used = new UsedTime({
      usedMs: record.usedMs,
      now: house.now,
      attended: () => this.#feed.watched && this.phase === 'open',
      record: (ms) => this.#guard(() => house.records.addUsed(this.id, ms)),
      onChange,
    })
    this.#runner = new CheckRunner({
      evaluate: (step, options) =>
        this.#open().rack.check(step.checks, { answers: this.#progress.answers, ...options }),
      current: () => this.#progress.current,
      glance: async () => {
        await this.#life.live?.rack.ground.capture()
      },
      onChange,
      onFinished: (step, asked, verdicts) => this.#onFinished(step, asked, verdicts),
      onError: (error) => this.#fail(error),
    })
  }

  // ---- What is to be seen ----

  view(): SessionView {
    const { current } = this.#progress
    const { live, closesAt, phase } = this.#life
    const replayable = this.#replayable()
    return {
      id: this.id,
      lab: this.lab.id,
      version: this.#version,
      phase,
      usedMs: Math.round(this.#used.usedMs),
      counting: this.#used.counting,
      ...(current === undefined ? {} : { current: current.id }),
      steps: this.lab.steps.map((step) =>
        stepView(this.lab, step, this.#progress, this.#runner.look(step.id), this.#done.get(step.id)),
      ),
      hosts: live?.hosts ?? this.lab.plan.hosts.map(({ name, kind }) => ({ name, kind, alive: false })),
      terminals: live?.terminals.list ?? [],
      ports: live ? this.#ports : [],
      answers: { ...this.#progress.answers },
      ...(replayable === undefined ? {} : { replayable }),
      ...(this.#busy === undefined ? {} : { busy: this.#busy }),
      ...(closesAt === undefined ? {} : { closesAt: new Date(closesAt).toISOString() }),
      ...(this.#notice === undefined ? {} : { notice: this.#notice }),
    }
  }

  /** Views as they change, from now on, gathered over 30 ms. As long as someone looks on, time used counts. @returns what ends it */
  subscribe(onView: (view: SessionView) => void): () => void {
    const end = this.#feed.subscribe(onView)
    this.#used.update()
    return () => {
      end()
      this.#used.update()
    }
  }

  /** Whether it has a rack, or is about to. */
  get holdsRack(): boolean {
    return this.#life.holdsRack
  }

  /** The rack it works in. */
  get rack(): string | undefined {
    return this.#life.live?.id
  }

  get phase(): SessionPhase['name'] {
    return this.#life.phase.name
  }

  /** When it would be closed if nobody came, in milliseconds since 1970. */
  get endsAt(): number | undefined {
    return this.#life.endsAt
  }

  /** When it will be closed, once that was announced. */
  get closesAt(): number | undefined {
    return this.#life.closesAt
  }

  // ---- Opening and closing ----

  /** Begins to open a rack, unless there is one. With `replay` it is brought to where the learner was. */
  reopen(replay: boolean): void {
    if (this.#life.holdsRack) return
    this.#notice = undefined
    this.#life.open(replay)
  }

  /** Ends the rack. Progress stays. */
  async leave(): Promise<void> {
    await this.#life.leave()
  }

  /** Someone is there: the rack is not closed for idleness. */
  stay(): void {
    this.touch()
  }

  /** Someone did something. */
  touch(): void {
    this.#life.touch()
    this.#used.touch()
  }

  /** Goes on in a rack that was opened before this process began. */
  takeOver(info: RackInfo): void {
    this.#life.takeOver(info)
    // A command may have ended while nobody listened.
    this.#runner.trigger()
  }

  /** How its rack is now. */
  seen(info: RackInfo): void {
    this.#life.live?.seen(info)
  }

  /** Its rack is not there any more. */
  lost(): void {
    this.#life.lost()
  }

  /** Lets go: the rack stays, an opening is undone and begun again by the next process. */
  async stop(): Promise<void> {
    this.#stopped = true
    const undone = this.#life.stop()
    this.#used.stop()
    this.#feed.stop()
    await undone
  }

  #onLive(rack: LabRack, brought: boolean): LiveRack {
    this.#runner.forget()
    this.#ports = []
    this.#behind = !brought
    this.#used.touch()
    this.#runner.resume()
    const { feed } = this.network
    const live = new LiveRack({
      racks: this.#house.racks,
      rack,
      onChange: () => this.#changed(),
      onNews: () => {
        this.#runner.trigger()
        feed.changed()
      },
      onCommandStart: (command) => feed.began(command),
      onCommandEnd: (command) => this.#onCommandEnd(command),
      onTerminalClosed: (terminal) => feed.closed(terminal),
      onGone: () => this.lost(),
    })
    feed.begin(live)
    return live
  }

  #onLetGo(): void {
    this.#runner.pause()
    this.#entered.clear()
    this.network.feed.end()
    this.#busy = undefined
    this.#behind = false
    this.#used.flush()
  }

  #onCapture(state: NetworkState): void {
    this.network.feed.take(state)
    const ports = publishedPorts(state)
    if (JSON.stringify(ports) === JSON.stringify(this.#ports)) return
    this.#ports = ports
    this.#changed()
  }

  // ---- Steps ----

  /** Runs the checks of a step. */
  check(step: string): void {
    const found = this.#begin(step)
    this.#background(this.#runner.ask(found))
  }

  /** Keeps what was typed, and runs the checks. @throws VethlabError argument.invalid */
  answer(step: string, id: string, text: string): void {
    const found = this.#begin(step)
    if (!found.checks.some((check) => answerId(check) === id)) {
      throw new VethlabError('argument.invalid', 'the step asks no such question', {
        place: 'id',
        cure: 'Name one of its answers.',
      })
    }
    this.#progress.answer(id, text.slice(0, longestAnswer))
    this.#changed()
    this.#background(this.#runner.ask(found))
  }

  /** One more of the hints of a check. */
  hint(step: string, check: number): void {
    const found = this.#begin(step)
    const hints = found.checks[check]?.hints
    if (hints === undefined) {
      throw new VethlabError('argument.invalid', 'the step has no such check', {
        place: 'check',
        cure: 'Name one of it.',
      })
    }
    if (this.#progress.hints(step, check) < hints.length) this.#progress.hint(step, check)
    this.#changed()
    // Hints stand at findings.
    if (this.#runner.look(step).verdicts.length === 0) this.#background(this.#runner.ask(found))
  }

  /** Shows how a step is done: whoever passes it afterwards was helped. */
  show(step: string): void {
    this.#begin(step)
    this.#progress.setHelp(step, { shown: true })
    this.#changed()
  }

  /** Does a step for the learner, then runs its checks. */
  do(step: string): void {
    const found = this.#begin(step)
    this.#occupy({ what: 'doing', step }, async ({ rack }, signal) => {
      this.#progress.setHelp(step, { done: true })
      this.#behind = false
      const ids = found.checks.map(answerId).filter((id) => id !== undefined)
      for (const id of ids) delete rack.answers[id]
      await runStep(rack, found, signal, (ran) => {
        this.#done.set(step, ran)
        this.#changed()
      })
      for (const id of ids) if (rack.answers[id] !== undefined) this.#progress.answer(id, rack.answers[id])
      this.#runner.resume()
      const verdicts = await this.#runner.ask(found)
      if (verdicts && !allPass(verdicts)) this.#notice = notDone(this.lab, found)
    })
  }

  /** Leaves a step out. Its checks can still make it pass. */
  skip(step: string): void {
    this.#begin(step)
    this.#progress.skip(step)
    this.#runner.drop()
    this.#changed()
  }

  // ---- The rack ----

  /** One host, or all of them, as they were at the beginning of the lab. @throws VethlabError host.not-found */
  reset(host?: string): void {
    this.#begin()
    if (host !== undefined) this.#requireHost(host)
    this.#occupy({ what: 'resetting', ...(host === undefined ? {} : { host }) }, (live, signal) =>
      this.#renew(live, signal, host),
    )
  }

  /** Resets the rack, and does all steps before this one. */
  replay(step: string): void {
    const found = this.#begin(step)
    this.#occupy({ what: 'replaying', step }, async (live, signal) => {
      await this.#renew(live, signal)
      await bringTo(live.rack, found, signal)
      this.#behind = false
    })
  }

  /** Forgets the progress in this lab, and gives a rack as at the beginning. */
  startOver(): void {
    if (this.phase === 'open') {
      this.#begin()
      this.#occupy({ what: 'resetting' }, async (live, signal) => {
        this.#forget()
        await this.#renew(live, signal)
        // What was seen since was still there to be reset.
        this.network.feed.forget()
      })
      return
    }
    if (this.phase === 'opening') throw notOpen(this.id)
    this.#forget()
    this.reopen(false)
  }

  #forget(): void {
    this.#progress.forget()
    this.network.feed.forget()
    this.#done.clear()
    this.#runner.forget()
    this.#changed()
  }

  async #renew(live: LiveRack, signal: AbortSignal, host?: string): Promise<void> {
    const ended = live.terminals.list.filter((terminal) => host === undefined || terminal.host === host)
    await live.rack.reset(host, signal)
    signal.throwIfAborted()
    // What was seen is not so any more.
    this.#runner.forget()
    this.#ports = host === undefined ? [] : this.#ports.filter((port) => port.host !== host)
    if (host === undefined || live.hosts.find(({ name }) => name === host)?.kind === 'docker') this.#behind = true
    live.renewed()
    this.network.feed.renewed()
    await live.terminals.renew(ended)
  }

  // ---- Blocks ----

  /** The text of a block, live values filled in. @throws VethlabError value.missing, argument.invalid */
  async blockText(ref: BlockRef): Promise<string> {
    this.touch()
    const { text } = this.#block(ref)
    if (placeholders(text).length === 0) return text
    const filled = await this.#open().rack.fill(text)
    if (typeof filled === 'string') return filled
    throw new VethlabError('value.missing', "the value can't be read now", {
      place: filled.missing,
      cure: 'Do the earlier steps first.',
    })
  }

  /** Types a block into a terminal of its host that waits for a command. @throws VethlabError value.missing, terminal.* */
  async runBlock(ref: BlockRef, terminal?: string): Promise<{ terminal: string }> {
    this.#begin()
    const { terminals } = this.#open()
    const host = this.#block(ref).host ?? this.lab.home
    const text = await this.blockText(ref)
    const used = await terminals.run(host, text, terminal)
    this.#onWork(used)
    return { terminal: used }
  }

  #block(ref: BlockRef) {
    return blockAt(this.lab, ref, (step) => this.#progress.help(step).shown)
  }

  // ---- Terminals and ports ----

  /** @throws VethlabError terminal.limit, host.not-found */
  async openTerminal(host: string, cols: number, rows: number): Promise<TerminalView> {
    const { terminals } = this.#open()
    this.touch()
    this.#requireHost(host)
    return await terminals.open(host, cols, rows)
  }

  /** @throws VethlabError terminal.not-found */
  async closeTerminal(id: string): Promise<void> {
    const { terminals } = this.#open()
    this.touch()
    await terminals.close(id)
  }

  /** What is typed through it counts as a sign of someone. @throws VethlabError terminal.not-found */
  async attach(terminal: string, options: SessionAttachOptions): Promise<Attachment> {
    const attachment = await this.#open().terminals.attach(terminal, options)
    return {
      ...attachment,
      write: (input) => {
        this.typed(terminal, input)
        return attachment.write(input)
      },
    }
  }

  /** Something was typed into a terminal. Attachments of this session tell it by themselves. */
  typed(terminal: string, input: Uint8Array | string): void {
    this.touch()
    if (hasEnter(input)) this.#onWork(terminal)
  }

  /** A connection to a port that a container publishes. @throws VethlabError port.not-published, port.refused */
  async connectPort(host: string, port: number): Promise<Duplex> {
    const live = this.#open()
    // No sign of someone: a page that asks again and again would keep a rack for ever.
    if (!this.#ports.some((published) => published.host === host && published.port === port)) {
      throw new VethlabError('port.not-published', 'no container publishes that port', {
        place: `${host.slice(0, 64)}:${port}`,
        cure: 'Publish it first.',
      })
    }
    return await this.#house.racks.connectPort(live.id, host, port)
  }

  #requireHost(name: string): void {
    if (this.lab.plan.hosts.some((host) => host.name === name)) return
    throw new VethlabError('host.not-found', 'the lab has no such host', {
      place: 'host',
      cure: 'Name one of its hosts.',
    })
  }

  // ---- What happens by itself ----

  #onWork(terminal: string): void {
    if (!this.#life.live) return
    this.#entered.begin(terminal)
    this.network.feed.touched()
    if (!this.#behind) return
    this.#behind = false
    this.#changed()
  }

  #onCommandEnd(command: TerminalCommand): void {
    this.#entered.end(command.terminal)
    this.touch()
    this.#runner.trigger()
    this.network.feed.ended(command)
  }

  #onFinished(step: Step, asked: boolean, verdicts: Verdict[]): void {
    this.#house.records.addVerdicts(
      this.id,
      step.id,
      asked,
      verdicts.map(({ index, family, finding: { outcome, ...evidence } }) => ({
        index,
        family,
        outcome,
        ...('reason' in evidence ? { reason: evidence.reason } : {}),
        evidence,
      })),
    )
    if (!allPass(verdicts)) return
    this.#progress.pass(step.id)
    this.#behind = false
  }

  // ---- Within ----

  #replayable(): SessionView['replayable'] {
    const { current } = this.#progress
    if (!this.#behind || this.#busy || this.phase !== 'open' || current === undefined) return undefined
    const count = this.lab.steps.filter(({ id }) => ['passed', 'helped'].includes(this.#progress.state(id))).length
    return count === 0 || current === this.lab.steps[0] ? undefined : { step: current.id, count }
  }

  /** What every request begins with. @throws VethlabError session.not-open, session.busy, argument.invalid */
  #begin(): void
  #begin(step: string): Step
  #begin(step?: string): Step | undefined {
    this.#open()
    const found = step === undefined ? undefined : stepNamed(this.lab, step)
    if (this.#busy) {
      throw new VethlabError('session.busy', `is ${this.#busy.what}`, {
        place: this.id,
        cure: 'Wait until that has finished.',
      })
    }
    this.touch()
    if (this.#notice) {
      this.#notice = undefined
      this.#changed()
    }
    return found
  }

  #open(): LiveRack {
    const { live } = this.#life
    if (live) return live
    throw notOpen(this.id)
  }

  /** Work during which nothing else is done, and no checks are made by themselves. */
  #occupy(busy: NonNullable<SessionView['busy']>, work: (live: LiveRack, signal: AbortSignal) => Promise<void>): void {
    const live = this.#open()
    this.#busy = busy
    this.#runner.pause()
    this.network.feed.setOwn(true)
    this.#changed()
    const whole = async () => {
      try {
        await work(live, live.signal)
      } catch (error) {
        if (!live.signal.aborted) this.#fail(error)
      } finally {
        if (this.#life.live === live) {
          this.#busy = undefined
          this.#runner.resume()
          this.network.feed.setOwn(false)
          this.touch()
          this.#changed()
        }
      }
    }
    this.#background(whole())
  }

  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#fail(error))
  }

  #guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    if (this.#stopped) return
    this.#notice = backgroundTrouble(error)
    this.#changed()
  }

  #changed(): void {
    this.#version++
    this.#feed.changed()
  }
}

function notOpen(session: string): VethlabError {
  return new VethlabError('session.not-open', 'has no rack that runs', { place: session, cure: 'Open the lab again.' })
}

function allPass(verdicts: readonly Verdict[]): boolean {
  return verdicts.length > 0 && verdicts.every(({ finding }) => finding.outcome === 'pass')
}

function hasEnter(input: Uint8Array | string): boolean {
  return typeof input === 'string' ? /[\r\n]/.test(input) : input.includes(13) || input.includes(10)
}
