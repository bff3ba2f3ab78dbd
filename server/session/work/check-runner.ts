import type { Verdict } from '../../check/evaluate.js'
import type { Step } from '../../lab/lab.js'

/** Events that come together are one reason to look. */
const debounceMs = 150
/** Looks by themselves begin at most this often, however many events an Engine makes. */
const gapMs = 500

export interface CheckRunnerOptions {
  /** `asked`: by the learner, not by an event. */
  evaluate(
    step: Step,
    options: {
      asked: boolean
      signal: AbortSignal
      onAnswer(verdict: Verdict): void
      onRound(verdicts: Verdict[]): void
    },
  ): Promise<Verdict[]>
  /** The step that looks by themselves are about; undefined where there is none now. */
  current(): Step | undefined
  /** There is no step to look at, but something has happened. */
  glance(signal: AbortSignal): Promise<void>
  /** What `look` says has changed. */
  onChange(): void
  /** A look has ended with these; not called for one that was broken off, and `signal` aborts for one that is since. */
  onFinished(step: Step, asked: boolean, verdicts: Verdict[], signal: AbortSignal): Promise<void>
  onError(error: unknown): void
}

/** What was seen of a step. */
export interface Look {
  checking?: 'asked' | 'by-itself'
  verdicts: readonly Verdict[]
  /** Of them, those of before: these checks are still being asked, and others have an answer already. By the index of the check. */
  asking?: ReadonlySet<number>
  /** When the last whole look ended, ISO 8601. */
  at?: string
}

interface Run {
  step: Step | undefined
  asked: boolean
  abort: AbortController
  /** Rounds shown so far. */
  rounds: number
  /** Answers of its first round that came before the others, by the index of the check. */
  early: Map<number, Verdict>
}

interface Ask {
  step: Step
  settle(verdicts: Verdict[] | undefined): void
}

/**
 * Makes a session's checks, one run at a time: those that are asked for, and those that events call for. An event during
 * a run by itself begins it anew, so that no deadline of before counts, but not before one round of it was shown.
 */
export class CheckRunner {
  readonly #options: CheckRunnerOptions
  readonly #looks = new Map<string, { verdicts: readonly Verdict[]; at?: string }>()
  readonly #asks: Ask[] = []
  #run: Run | undefined
  #wanted = false
  #paused = true
  #timer: NodeJS.Timeout | undefined
  #lastByItself = Number.NEGATIVE_INFINITY

  constructor(options: CheckRunnerOptions) {
    this.#options = options
  }

  look(step: string): Look {
    const checking = this.#checking(step)
    const look = { verdicts: [], ...this.#looks.get(step), ...(checking === undefined ? {} : { checking }) }
    const early = checking === 'asked' ? this.#run?.early : undefined
    return early && early.size > 0 ? withEarly(look, early) : look
  }

  /** Also a look that is about to begin is shown, so that one which begins anew does not flicker. */
  #checking(step: string): Look['checking'] {
    // Who has asked has an answer after one round; what it goes on for may become true by itself.
    if (this.#run?.step?.id === step) return this.#run.asked && this.#run.rounds === 0 ? 'asked' : 'by-itself'
    return this.#wanted && this.#options.current()?.id === step ? 'by-itself' : undefined
  }

  /** The step that somebody has asked to be looked at, and has no answer for yet. */
  get asked(): string | undefined {
    const run = this.#run
    return run?.asked && run.rounds === 0 && !run.abort.signal.aborted ? run.step?.id : this.#asks[0]?.step.id
  }

  /** Something has happened: the current step is looked at soon. */
  trigger(): void {
    if (this.#paused) return
    if (!this.#wanted) {
      this.#wanted = true
      this.#options.onChange()
    }
    if (this.#run && !this.#run.asked && this.#run.rounds > 0) this.#run.abort.abort()
    this.#schedule()
  }

  /**
   * Looks at a step until it passes or its time is over, before all else; an earlier look at it is broken off.
   * @returns undefined where it was broken off
   */
  ask(step: Step): Promise<Verdict[] | undefined> {
    if (this.#paused) return Promise.resolve(undefined)
    for (const [at, earlier] of [...this.#asks.entries()].toReversed()) {
      if (earlier.step === step) this.#asks.splice(at, 1)[0]!.settle(undefined)
    }
    return new Promise((settle) => {
      this.#asks.push({ step, settle })
      if (this.#run && (!this.#run.asked || this.#run.step === step)) this.#run.abort.abort()
      // What is broken off may take a moment to end.
      if (this.#run) this.#options.onChange()
      this.#next()
    })
  }

  /** Breaks off a look by itself, and what called for it. */
  drop(): void {
    this.#wanted = false
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#run && !this.#run.asked) this.#run.abort.abort()
  }

  /** Breaks everything off, and makes nothing until `resume`. */
  pause(): void {
    this.#paused = true
    this.drop()
    this.#run?.abort.abort()
    for (const { settle } of this.#asks.splice(0)) settle(undefined)
  }

  resume(): void {
    this.#paused = false
  }

  /** Forgets what was seen, of all steps. */
  forget(): void {
    this.#looks.clear()
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#run?.asked) return
    const dueMs = Math.max(debounceMs, this.#lastByItself + gapMs - performance.now())
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#next()
    }, dueMs)
  }

  #next(): void {
    if (this.#run || this.#paused) return
    const ask = this.#asks.shift()
    if (ask) {
      void this.#look(ask.step, true).then(ask.settle)
      return
    }
    if (!this.#wanted || this.#timer !== undefined) return
    this.#wanted = false
    this.#lastByItself = performance.now()
    void this.#look(this.#options.current(), false)
  }

  async #look(step: Step | undefined, asked: boolean): Promise<Verdict[] | undefined> {
    const { evaluate, glance, onChange, onFinished, onError } = this.#options
    const run: Run = { step, asked, abort: new AbortController(), rounds: 0, early: new Map() }
    const { signal } = run.abort
    this.#run = run
    try {
      if (step === undefined) {
        await glance(signal)
        return undefined
      }
      onChange()
      const onRound = (verdicts: Verdict[]) => {
        if (signal.aborted) return
        run.rounds++
        this.#looks.set(step.id, { ...this.#looks.get(step.id), verdicts })
        onChange()
        if (this.#wanted && !asked && verdicts.some(({ finding }) => finding.outcome !== 'pass')) run.abort.abort()
      }
      // Who has asked sees what is known as it comes. Looks by themselves are nobody's wait, and change once a round.
      const onAnswer = (verdict: Verdict) => {
        if (signal.aborted || !asked || run.rounds > 0) return
        run.early.set(verdict.index, verdict)
        onChange()
      }
      const verdicts = await evaluate(step, { asked, signal, onAnswer, onRound })
      if (signal.aborted) return undefined
      this.#looks.set(step.id, { verdicts, at: new Date().toISOString() })
      await onFinished(step, asked, verdicts, signal)
      return verdicts
    } catch (error) {
      if (!signal.aborted) onError(error)
      return undefined
    } finally {
      this.#run = undefined
      onChange()
      if (this.#asks.length > 0) this.#next()
      else if (this.#wanted) this.#schedule()
    }
  }
}

/** What was seen before, with the answers that have come since. Pure. */
function withEarly(look: Look, early: ReadonlyMap<number, Verdict>): Look {
  const old = look.verdicts.filter(({ index }) => !early.has(index))
  const verdicts = [...old, ...early.values()].toSorted((a, b) => a.index - b.index)
  return { ...look, verdicts, asking: new Set(old.map(({ index }) => index)) }
}
