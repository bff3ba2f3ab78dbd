import type { Verdict } from '../../check/evaluate.js'
import { notSurvived } from '../../check/surviving.js'
import type { Finding } from '../../check/verdict.js'
import type { Trouble } from '../../error/trouble.js'
import { VethlabError } from '../../error/vethlab-error.js'
import { answerId, type Lab, type Step, stepTitle } from '../../lab/lab.js'
import type { LabRack } from '../../labrack/lab-rack.js'
import { type RanBlock, runStep } from '../../labrack/work-through.js'
import type { StepView } from '../../protocol/protocol.js'
import { isBehind } from '../../store/behind.js'
import type { Records, SessionRecord } from '../../store/records.js'
import type { Text } from '../../wording/text.js'
import type { RackUse } from '../life/rack-use.js'
import { stepNamed } from './blocks.js'
import { CheckRunner, type CheckRunnerOptions, type Look } from './check-runner.js'
import { Progress } from './progress.js'
import { stepView } from './step-view.js'

/** What a look by itself costs the machine, it rests so many times as long before the next one. */
const restTimes = 3
/** As much of an answer as a check reads. */
const longestAnswer = 500

export interface StepsOptions {
  lab: Lab
  record: SessionRecord
  records: Records
  use: RackUse
  /** Ids of steps that are not given to the learner now. @throws VethlabError records.behind */
  locked(): Promise<readonly string[]>
  /** These commands were run on a host for the learner. */
  note(host: string, commands: string): Promise<void>
  /** The rack shows what the learner has done. */
  onCaughtUp(): void
  /** Something did not come out as it should. */
  tell(trouble: Trouble): void
  onError(error: unknown): void
  onChange(): void
}

/** The steps of a session: checked when asked and by themselves, answered, hinted at, shown, done for the learner, skipped. */
export class Steps {
  readonly progress: Progress
  readonly #options: StepsOptions
  readonly #runner: CheckRunner
  /** What ran when a step was done for the learner. */
  readonly #ran = new Map<string, RanBlock[]>()
  /** The answer that was handed in last, by step, until a look is asked for otherwise. */
  readonly #answered = new Map<string, string>()
  /** How often a check failed that was asked for, by step and index. */
  readonly #failed = new Map<string, number>()
  /** Checks, by step, that the last look asked for has given a hint by itself. */
  readonly #offered = new Map<string, Set<number>>()

  /** What was true until Docker was restarted for the last look that was asked for, by step and index. */
  readonly #notSurvived = new Map<string, Finding>()
  /** As they were last known, for while the database is away. */
  #locked: readonly string[] | undefined

  constructor(options: StepsOptions) {
    const { lab, record, records, onError, onChange } = options
    this.#options = options
    this.progress = new Progress(records, lab, record)
    this.#runner = new CheckRunner({
      evaluate: (step, how) => this.#evaluate(step, how),
      current: () => (this.progress.current?.whenAsked ? undefined : this.progress.current),
      glance: () => this.#glance(),
      onChange,
      onFinished: (...looked) => this.#onFinished(...looked),
      onError,
    })
  }

  async #glance(): Promise<void> {
    await this.#options.use.live?.rack.ground.capture()
  }

  /** Learns what is locked while the database is there: looks go on when it goes away before the first of them. */
  learnLocks(): void {
    this.#locks().catch((error) => {
      if (!isBehind(error)) this.#options.onError(error)
    })
  }

  /** As they are, or as they were last known while the database is away. @throws VethlabError records.behind where they never were */
  async #locks(): Promise<readonly string[]> {
    try {
      this.#locked = await this.#options.locked()
    } catch (error) {
      if (this.#locked === undefined || !isBehind(error)) throw error
    }
    return this.#locked
  }

  /** What nobody may see is not looked at, and does not pass. */
  async #isLocked(step: string): Promise<boolean> {
    return (await this.#locks()).includes(step)
  }

  /** Docker is restarted for none but who has asked; what a restart has shown then stays to be read until the next one. */
  async #evaluate(
    step: Step,
    { asked, onRound, ...how }: Parameters<CheckRunnerOptions['evaluate']>[1],
  ): Promise<Verdict[]> {
    if (await this.#isLocked(step.id)) {
      await this.#glance()
      return []
    }
    const key = ({ index }: Verdict) => `${step.id} ${index}`
    const kept = (verdicts: Verdict[]) =>
      verdicts.map((verdict) => {
        const finding = verdict.finding.outcome === 'fail' ? this.#notSurvived.get(key(verdict)) : undefined
        return finding ? { ...verdict, finding } : verdict
      })
    const { rack } = this.#options.use.open()
    const verdicts = await rack.check(step.checks, {
      answers: this.progress.answers,
      restarts: asked,
      restTimes: asked ? 0 : restTimes,
      onRound: (round) => onRound(asked ? round : kept(round)),
      ...how,
    })
    if (!asked) return kept(verdicts)
    for (const verdict of verdicts) {
      const { finding } = verdict
      if (finding.outcome === 'fail' && finding.reason === notSurvived) this.#notSurvived.set(key(verdict), finding)
      else this.#notSurvived.delete(key(verdict))
    }
    return verdicts
  }

  get views(): StepView[] {
    const { lab } = this.#options
    return lab.steps.map((step) => {
      const [done, answered] = [this.#ran.get(step.id), this.#answered.get(step.id)]
      return stepView(lab, step, this.progress, this.look(step.id), {
        ...(done === undefined ? {} : { done }),
        ...(answered === undefined ? {} : { answered }),
        offered: this.#offered.get(step.id) ?? new Set(),
      })
    })
  }

  look(step: string): Look {
    return this.#runner.look(step)
  }

  /** The step of which the learner waits for an answer. */
  get asked(): string | undefined {
    return this.#runner.asked
  }

  /** Runs the checks of a step; one without any is done with that. */
  async check(step: string): Promise<void> {
    const found = this.#begin(step)
    this.#answered.delete(step)
    if (found.checks.length > 0) this.#ask(found)
    else {
      // One to read: whoever says so has read it.
      await this.progress.pass(step)
      this.#options.onCaughtUp()
      this.#options.onChange()
    }
  }

  /** Keeps what was typed, and runs the checks. @throws VethlabError argument.invalid */
  async answer(step: string, id: string, text: string): Promise<void> {
    const found = this.#begin(step)
    if (!found.checks.some((check) => answerId(check) === id)) {
      throw new VethlabError('argument.invalid', 'the step asks no such question', {
        place: 'id',
        cure: 'Name one of its answers.',
      })
    }
    await this.progress.answer(id, text.slice(0, longestAnswer))
    this.#answered.set(step, id)
    this.#options.onChange()
    this.#ask(found)
  }

  /** One more of the hints of a check. @throws VethlabError argument.invalid */
  async hint(step: string, check: number): Promise<void> {
    const found = this.#begin(step)
    await this.progress.hint(step, check, hintsOf(found, check).length)
    this.#options.onChange()
    // Hints stand at findings.
    if (this.look(step).verdicts.length === 0) this.#ask(found)
  }

  /**
   * The next hint of a check, which one of the staff gives: whether or not there is a rack now.
   * @returns which one, from 1; undefined where all are used, or the step is done
   * @throws VethlabError argument.invalid
   */
  async giveHint(step: string, check: number): Promise<number | undefined> {
    const found = stepNamed(this.#options.lab, step)
    const hints = hintsOf(found, check)
    if (['passed', 'helped'].includes(this.progress.state(step))) return undefined
    const given = await this.progress.hint(step, check, hints.length)
    this.#options.onChange()
    // Hints stand at findings.
    if (given !== undefined && this.#options.use.live && this.look(step).verdicts.length === 0) this.trigger()
    return given
  }

  /** Shows how a step is done: whoever passes it afterwards was helped. */
  async show(step: string): Promise<void> {
    this.#begin(step)
    await this.progress.setHelp(step, { shown: true })
    this.#options.onChange()
  }

  /** The cause was told that the step asks to find: whoever passes it afterwards was helped. */
  async told(step: string): Promise<void> {
    await this.progress.setHelp(step, { told: true })
    this.#options.onChange()
  }

  /** Does a step for the learner, then runs its checks. */
  do(step: string): void {
    const { lab, use, onCaughtUp, tell, onChange } = this.#options
    const found = this.#begin(step)
    use.occupy({ what: 'doing', step }, async ({ rack }, signal) => {
      await this.progress.setHelp(step, { done: true })
      onCaughtUp()
      const ids = found.checks.map(answerId).filter((id) => id !== undefined)
      for (const id of ids) delete rack.answers[id]
      const done = await runStep(rack, found, signal, (ran) => {
        this.#ran.set(step, ran)
        onChange()
      })
      await this.#note(rack, done)
      for (const id of ids) if (rack.answers[id] !== undefined) await this.progress.answer(id, rack.answers[id])
      this.#runner.resume()
      const verdicts = await this.#runner.ask(found)
      if (verdicts && !allPass(verdicts)) tell(notDone(lab, found))
    })
  }

  async #note(rack: LabRack, done: readonly RanBlock[]): Promise<void> {
    const { note, onError } = this.#options
    const texts = new Map<string, string[]>()
    for (const { host, text } of done) {
      const filled = await rack.fill(text)
      texts.set(host, [...(texts.get(host) ?? []), (typeof filled === 'string' ? filled : text).trimEnd()])
    }
    // The step is done, whether or not a terminal could be told.
    for (const [host, commands] of texts) await note(host, commands.join('\n')).catch(onError)
  }

  /** Leaves a step out. Its checks can still make it pass. */
  async skip(step: string): Promise<void> {
    this.#begin(step)
    await this.progress.skip(step)
    this.#runner.drop()
    this.#options.onChange()
  }

  /** Something has happened: the current step is looked at soon. */
  trigger(): void {
    this.#runner.trigger()
  }

  /** The same while the server itself still works at the rack. */
  lookSoon(): void {
    this.#runner.resume()
    this.#runner.trigger()
  }

  /** Makes no checks until `resume`. */
  pause(): void {
    this.#runner.pause()
  }

  resume(): void {
    this.#runner.resume()
  }

  /** What was seen is not so any more. */
  forgetLooks(): void {
    this.#offered.clear()
    this.#runner.forget()
  }

  /** As if the lab had never been worked at. */
  async forget(): Promise<void> {
    await this.progress.forget()
    this.#ran.clear()
    this.#answered.clear()
    this.#failed.clear()
    this.#notSurvived.clear()
    this.forgetLooks()
  }

  /** @throws VethlabError session.not-open, session.busy, argument.invalid */
  #begin(step: string): Step {
    const { lab, use } = this.#options
    use.open()
    const found = stepNamed(lab, step)
    use.begin()
    return found
  }

  #ask(step: Step): void {
    this.#options.use.background(this.#runner.ask(step))
  }

  async #onFinished(step: Step, asked: boolean, verdicts: Verdict[], signal: AbortSignal): Promise<void> {
    const { lab, record, records, onCaughtUp } = this.#options
    // It was not looked at.
    if (verdicts.length === 0) return
    await records.addVerdicts(
      record.id,
      { step: step.id, asked, labHash: lab.contentHash },
      verdicts.map(({ index, family, finding: { outcome, ...evidence } }) => ({
        index,
        family,
        outcome,
        ...('reason' in evidence ? { reason: evidence.reason } : {}),
        evidence,
      })),
    )
    // Meanwhile the lab may have been begun anew: then nothing of before counts.
    if (signal.aborted) return
    if (asked) await this.#offerHints(step, verdicts)
    if (!allPass(verdicts) || signal.aborted) return
    // It may have been locked while it was looked at.
    if (await this.#isLocked(step.id)) return
    await this.progress.pass(step.id)
    onCaughtUp()
  }

  /** Whoever has had a check made so often in vain, where the author says so, need not ask for its hints. */
  async #offerHints(step: Step, verdicts: readonly Verdict[]): Promise<void> {
    const offered = new Set<number>()
    this.#offered.set(step.id, offered)
    for (const { index, finding, hints } of verdicts) {
      const after = step.checks[index]?.hintAfter
      // An answer that was not given yet was not wrong.
      if (after === undefined || finding.outcome !== 'fail' || finding.reason.endsWith('.none')) continue
      const key = `${step.id} ${index}`
      const failed = (this.#failed.get(key) ?? 0) + 1
      this.#failed.set(key, failed)
      if (failed % after !== 0 || this.progress.hints(step.id, index) >= hints.length) continue
      await this.progress.hint(step.id, index, hints.length)
      offered.add(index)
    }
  }
}

/** @throws VethlabError argument.invalid */
function hintsOf({ checks }: Step, check: number): readonly Text[] {
  const hints = checks[check]?.hints
  if (hints) return hints
  throw new VethlabError('argument.invalid', 'the step has no such check', {
    place: 'check',
    cure: 'Name one of it.',
  })
}

function allPass(verdicts: readonly Verdict[]): boolean {
  return verdicts.length > 0 && verdicts.every(({ finding }) => finding.outcome === 'pass')
}

function notDone(lab: Lab, step: Step): Trouble {
  const { en, zh } = stepTitle(lab, step)
  return {
    code: 'step.not-done',
    what: {
      en: `All commands of "${en}" were run, but its checks do not pass: something done before is in the way.`,
      zh: `“${zh}”的命令都执行了，但检查没有通过：可能是之前的操作造成了影响。`,
    },
    cure: {
      en: 'Bring the lab to the beginning of this step, then let it be done once more.',
      zh: '请先把实验恢复到这一步的开头，再重新代做一次。',
    },
  }
}
