import type { Verdict } from '../../check/evaluate.js'
import { VethlabError } from '../../error/vethlab-error.js'
import { answerId, type Lab, type Step, type Variant } from '../../lab/lab.js'
import type { RunBlock } from '../../lab/page.js'
import { lookOnce } from '../../labrack/look-once.js'
import { type RanBlock, runBlocks, runStep } from '../../labrack/work-through.js'
import type { AuthorLook, AuthorOutcome, AuthorVerdict, AuthorView, AuthorWay } from '../../protocol/author.js'
import type { LiveRack } from '../life/live-rack.js'
import type { RackUse } from '../life/rack-use.js'

/** Of a state's JSON, in characters: more than that nobody reads in a page. */
const longestState = 200_000
const longestAnswer = 4_000

export interface AuthorDeskOptions {
  lab: Lab
  use: RackUse
  answers(): Readonly<Record<string, string>>
  /** Keeps an answer as if it had been typed. */
  answer(id: string, text: string): Promise<void>
  /** The rack shows what was done. */
  onCaughtUp(): void
  /** The current step is to be looked at. */
  trigger(): void
  onChange(): void
}

/** What the author of a lab can do in its preview beside all that learners can: try ways through a step, and look into checks. */
export class AuthorDesk {
  readonly #options: AuthorDeskOptions
  #outcome: AuthorOutcome | undefined

  constructor(options: AuthorDeskOptions) {
    this.#options = options
  }

  get view(): AuthorView {
    const { use } = this.#options
    return {
      outdated: use.live?.rack.isOutdated ?? false,
      ...(this.#outcome === undefined ? {} : { outcome: this.#outcome }),
    }
  }

  /** Works at a step in the rack as it is, then makes its checks. The view shows what became of it. @throws VethlabError argument.invalid */
  run(id: string, way: AuthorWay): void {
    const { lab, use, onCaughtUp, answers, answer, trigger, onChange } = this.#options
    const step = this.#step(id)
    const variant = way.way === 'solution' ? undefined : this.#variant(step, way)
    use.begin()
    this.#outcome = undefined
    use.occupy({ what: 'doing', step: id }, async (live, signal) => {
      const { rack } = live
      onCaughtUp()
      for (const asked of step.checks.map(answerId)) if (asked !== undefined) delete rack.answers[asked]
      const ran = variant ? await runBlocks(rack, variant.blocks, signal) : await runStep(rack, step, signal)
      Object.assign(rack.answers, variant?.answers)
      for (const asked of step.checks.map(answerId)) {
        if (asked !== undefined && rack.answers[asked] !== undefined) await answer(asked, rack.answers[asked])
      }
      const mistake = way.way === 'mistake' ? lab.mistakes.find(({ name }) => name === way.name) : undefined
      const made = mistake ? [mistake.fails[0].check] : step.checks.map((_, index) => index)
      const verdicts = await rack.check(
        made.map((index) => step.checks[index]!),
        { answers: answers(), signal },
      )
      this.#outcome = outcomeOf(step, way, ran, verdicts, made, mistake?.fails[0].reason)
      trigger()
      onChange()
    })
  }

  /** Makes a check once, and tells all that it was made by. @throws VethlabError argument.invalid, session.* */
  async look(id: string, index: number): Promise<AuthorLook> {
    const { use, answers } = this.#options
    const check = this.#step(id).checks[index]
    if (!check) throw invalid('check', 'the step has no such check')
    const live: LiveRack = use.begin()
    const { verdict, questions, state } = await lookOnce(live.rack, check, answers(), live.signal)
    const json = JSON.stringify(state ?? null, null, 2)
    return {
      verdict: { ...verdictOf(verdict), index },
      questions: questions.map(({ host, question, answer }) => ({
        host,
        question: JSON.stringify(question),
        answer: JSON.stringify(answer).slice(0, longestAnswer),
      })),
      state: json.slice(0, longestState),
      cut: json.length > longestState,
    }
  }

  #step(id: string): Step {
    const step = this.#options.lab.steps.find((one) => one.id === id)
    if (!step) throw invalid('step', 'the lab has no such step')
    return step
  }

  #variant(step: Step, { way, name }: Exclude<AuthorWay, { way: 'solution' }>): Variant & { blocks: RunBlock[] } {
    const { lab } = this.#options
    const all: readonly Variant[] = way === 'mistake' ? lab.mistakes : lab.alternatives
    const variant = all.find((one) => one.step === step.id && one.name === name)
    if (!variant) throw invalid('name', `the step has no such ${way}`)
    return variant
  }
}

function outcomeOf(
  step: Step,
  way: AuthorWay,
  ran: RanBlock[],
  verdicts: readonly Verdict[],
  made: readonly number[],
  reason: string | undefined,
): AuthorOutcome {
  const right = (finding: Verdict['finding']) =>
    reason === undefined ? finding.outcome === 'pass' : finding.outcome === 'fail' && finding.reason === reason
  return {
    step: step.id,
    way,
    ran,
    verdicts: verdicts.map((verdict, at) => ({ ...verdictOf(verdict), index: made[at]! })),
    asSaid: ran.every(({ problem }) => problem === undefined) && verdicts.every(({ finding }) => right(finding)),
    ...(reason === undefined ? {} : { reason }),
  }
}

function verdictOf({ index, family, finding }: Verdict): AuthorVerdict {
  if (finding.outcome === 'pass') return { index, family, outcome: 'pass', why: finding.observed }
  return { index, family, outcome: finding.outcome, reason: finding.reason, why: finding.why }
}

function invalid(place: string, what: string): VethlabError {
  return new VethlabError('argument.invalid', what, { place, cure: 'Name one of the lab as it is now.' })
}
