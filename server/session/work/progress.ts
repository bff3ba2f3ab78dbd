import type { Lab, Step } from '../../lab/lab.js'
import type { StepState } from '../../protocol/protocol.js'
import type { Records, SessionRecord, StepHelp } from '../../store/records.js'

type Known = Pick<SessionRecord, 'steps' | 'answers' | 'hints' | 'help'>

/**
 * How far a learner has come in a session. What changes is recorded first and known then, so that nothing is shown that could be
 * lost; and one after the other, so that each decides by what the one before it did.
 */
export class Progress {
  #known: Known
  #last: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly records: Records,
    private readonly lab: Lab,
    private readonly record: Known & { id: string },
  ) {
    this.#known = record
  }

  state(step: string): StepState {
    return this.#known.steps[step]?.state ?? 'open'
  }

  /** The first step that is open; an optional one is left behind as soon as something after it is done. */
  get current(): Step | undefined {
    const { steps } = this.lab
    const last = steps.findLastIndex(({ id }) => this.state(id) !== 'open')
    return steps.find(({ id, optional }, at) => this.state(id) === 'open' && !(optional && at < last))
  }

  /** All its checks passed; with help where some was taken. */
  pass(step: string): Promise<void> {
    return this.#inTurn(async () => {
      const state = this.state(step)
      if (state !== 'open' && state !== 'skipped') return
      const { shown, done, told } = this.help(step)
      await this.#set(step, shown || done || told ? 'helped' : 'passed')
    })
  }

  skip(step: string): Promise<void> {
    return this.#inTurn(async () => {
      if (this.state(step) === 'open') await this.#set(step, 'skipped')
    })
  }

  async #set(step: string, state: Exclude<StepState, 'open'>): Promise<void> {
    await this.records.setStep(this.record.id, step, state)
    this.#known.steps[step] = { state, at: new Date().toISOString() }
  }

  get answers(): Readonly<Record<string, string>> {
    return this.#known.answers
  }

  answer(id: string, text: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.records.setAnswer(this.record.id, id, text)
      this.#known.answers[id] = text
    })
  }

  hints(step: string, check: number): number {
    return this.#known.hints[step]?.[check] ?? 0
  }

  /** One more of the hints of a check, which has `most` of them. @returns which one, from 1; undefined where all are used */
  hint(step: string, check: number, most: number): Promise<number | undefined> {
    return this.#inTurn(async () => {
      const count = this.hints(step, check) + 1
      if (count > most) return undefined
      await this.records.setHints(this.record.id, step, check, count)
      this.#known.hints[step] ??= {}
      this.#known.hints[step]![check] = count
      return count
    })
  }

  help(step: string): StepHelp {
    return this.#known.help[step] ?? { shown: false, done: false, told: false }
  }

  /** Whether the causes behind a step are the learner's to find, and no hint and no help has told of them. */
  hidesCause({ id, checks }: Step): boolean {
    if (this.lab.explain !== 'after-hint' || this.state(id) !== 'open') return false
    const { shown, done, told } = this.help(id)
    return !shown && !done && !told && checks.every((_, index) => this.hints(id, index) === 0)
  }

  setHelp(step: string, help: { [K in keyof StepHelp]?: true }): Promise<void> {
    return this.#inTurn(async () => {
      await this.records.setHelp(this.record.id, step, help)
      this.#known.help[step] = { ...this.help(step), ...help }
    })
  }

  /** As if the lab had never been worked at. Verdicts stay on record. */
  forget(): Promise<void> {
    return this.#inTurn(async () => {
      await this.records.forgetProgress(this.record.id)
      this.#known = { steps: {}, answers: {}, hints: {}, help: {} }
    })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }
}

/**
 * A new session begins where the last one of its lab ended.
 * @param own what it has itself, where it is not new: of hints the greater number counts
 */
export async function carryOver(
  records: Records,
  from: SessionRecord,
  to: string,
  own: Pick<SessionRecord, 'hints'> = { hints: {} },
): Promise<void> {
  for (const [step, { state }] of Object.entries(from.steps)) await records.setStep(to, step, state)
  for (const [step, { shown, done, told }] of Object.entries(from.help)) {
    await records.setHelp(to, step, {
      ...(shown ? { shown } : {}),
      ...(done ? { done } : {}),
      ...(told ? { told } : {}),
    })
  }
  for (const [step, checks] of Object.entries(from.hints)) {
    for (const [check, count] of Object.entries(checks)) {
      const had = (Object.hasOwn(own.hints, step) ? own.hints[step]![Number(check)] : undefined) ?? 0
      if (count > had) await records.setHints(to, step, Number(check), count)
    }
  }
}
