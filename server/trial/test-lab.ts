import type { Verdict } from '../check/evaluate.js'
import type { Check } from '../check/family.js'
import { hollowChecks } from '../lab/hollow.js'
import { answerId, blocksOf, type Lab, type Mistake, type Step, sameCommand, type Variant } from '../lab/lab.js'
import type { RunBlock } from '../lab/page.js'
import { LabRack } from '../labrack/lab-rack.js'
import type { RackInfo, Racks } from '../racks/racks.js'
import type { Language } from '../wording/text.js'
import type { Turn } from './turns.js'

/** One thing that a lab promises, tried in a fresh rack. */
export interface TrialReport {
  /** `page en, zh` (each apart where their commands differ), `page without optional steps`, `alternative NAME`, `mistake NAME`, or `checks can fail`. */
  name: string
  passed: boolean
  /** What broke the promise, a line each. */
  problems: string[]
  /** Checks that failed on the way, expected or not: `STEP/INDEX`. */
  failedChecks: string[]
  durationMs: number
  /** Set where nothing was run: the hash of its inputs, and when it passed with them. */
  provedBefore?: { inputs: string; at: string }
}

export interface LabReport {
  lab: string
  /** What its numbers were drawn from, where they are not those of practice. */
  seed?: string
  passed: boolean
  trials: TrialReport[]
}

/** A trial that has not begun. */
export interface Trial {
  name: string
  run(racks: Racks, signal: AbortSignal, turn: Turn): Promise<TrialReport>
}

export interface TrialsOptions {
  /** Told of the rack of a failed trial before it is closed. With `true` it stays, and is its owner's from then on. */
  keep?(failed: { lab: string; trial: string; rack: RackInfo }): Promise<boolean>
}

/** All trials of a lab, each in a rack of its own, so that they can be run in any order and side by side. */
export function trialsOf(lab: Lab, { keep }: TrialsOptions = {}): Trial[] {
  const trial = (name: string, work: (attempt: Attempt) => Promise<void>): Trial => ({
    name,
    async run(racks, signal, turn) {
      const started = performance.now()
      const attempt = new Attempt(lab, racks, signal, turn)
      try {
        await attempt.open()
        await work(attempt)
      } catch (error) {
        attempt.problems.push((error as Error).message)
      } finally {
        const rack = attempt.problems.length > 0 && !signal.aborted ? attempt.rackInfo : undefined
        const kept = rack && (await keep?.({ lab: lab.id, trial: name, rack }))
        if (!kept) await attempt.close()
      }
      return {
        name,
        passed: attempt.problems.length === 0,
        problems: attempt.problems,
        failedChecks: [...attempt.failedChecks].toSorted(),
        durationMs: Math.round(performance.now() - started),
      }
    },
  })
  return [
    ...waysThrough(lab).map((ways) => trial(`page ${ways.join(', ')}`, (attempt) => attempt.followPage(ways[0]!))),
    ...(lab.steps.some(({ optional }) => optional)
      ? [trial('page without optional steps', (attempt) => attempt.followNeeded())]
      : []),
    ...lab.alternatives.map((variant) =>
      trial(`alternative ${variant.name}`, (attempt) => attempt.alternative(variant)),
    ),
    ...lab.mistakes.map((mistake) => trial(`mistake ${mistake.name}`, (attempt) => attempt.mistake(mistake))),
  ]
}

/** Whether every check of a lab has failed at least once in all its trials, and not only because nothing was there. */
export function checksCanFail(lab: Lab, reports: readonly TrialReport[]): TrialReport {
  const failed = new Set(reports.flatMap(({ failedChecks }) => failedChecks))
  const passed = new Set(reports.filter((report) => report.passed).map(({ name }) => name))
  const shown = lab.mistakes.filter(({ name }) => passed.has(`mistake ${name}`))
  const hollow = hollowChecks({ ...lab, mistakes: shown })
  const problems = lab.steps.flatMap((step) =>
    step.checks.flatMap((check, index) => {
      const name = `check ${index + 1} (${check.family}) of step "${step.id}"`
      if (!failed.has(`${step.id}/${index}`)) return [`${name} has never failed: add a mistake that it sees`]
      const found = hollow.find((one) => one.step === step && one.index === index)
      return found ? [`${name} ${found.what}: ${found.cure}`] : []
    }),
  )
  return { name: 'checks can fail', passed: problems.length === 0, problems, failedChecks: [], durationMs: 0 }
}

/** Languages whose pages tell learners to do the same are one way through the lab. */
function waysThrough(lab: Lab): Language[][] {
  const same = (one: Language, other: Language) =>
    lab.steps.every((step) => {
      const [a, b] = [blocksOf(lab.pages[one], step.id), blocksOf(lab.pages[other], step.id)]
      return a.length === b.length && a.every((block, n) => sameCommand(block, b[n]!))
    })
  const ways: Language[][] = []
  for (const language of lab.languages) {
    const way = ways.find(([first]) => same(first!, language))
    if (way) way.push(language)
    else ways.push([language])
  }
  return ways
}

/** So long a mistake has to fail: what then still becomes true, in a network on one machine, was no mistake but slow. */
const holdSeconds = 3
/** Between looks meanwhile: each costs as much as the work beside it. */
const holdPauseMs = 1000

/** One way through a lab. Stops at the first thing that goes wrong: what follows from it teaches nothing. */
class Attempt {
  readonly problems: string[] = []
  readonly failedChecks = new Set<string>()
  private rack: LabRack | undefined

  constructor(
    private readonly lab: Lab,
    private readonly racks: Racks,
    private readonly signal: AbortSignal,
    private readonly turn: Turn,
  ) {}

  private note(step: Step, verdicts: Verdict[]): void {
    for (const { index, finding } of verdicts) {
      if (finding.outcome === 'fail') this.failedChecks.add(`${step.id}/${index}`)
    }
  }

  async open(): Promise<void> {
    this.rack = await LabRack.open(this.racks, this.lab, { signal: this.signal })
  }

  /** Undefined while none is open. */
  get rackInfo(): RackInfo | undefined {
    return this.rack?.info
  }

  async close(): Promise<void> {
    await this.rack?.close()
  }

  async followPage(language: Language): Promise<void> {
    await this.nonePasses(this.lab.steps, 'before any work')
    for (const [n, step] of this.lab.steps.entries()) {
      if (this.problems.length > 0) return
      await this.doStep(step, language)
      if (this.problems.length === 0) await this.nonePasses(this.lab.steps.slice(n + 1), `after step "${step.id}"`)
    }
  }

  /** Whoever leaves out what may be left out comes to the end as well. */
  async followNeeded(): Promise<void> {
    for (const step of this.lab.steps.filter(({ optional }) => !optional)) {
      if (this.problems.length > 0) return
      await this.doStep(step, this.lab.languages[0]!)
    }
  }

  async alternative(variant: Variant): Promise<void> {
    const step = await this.upTo(variant.step)
    if (!step) return
    await this.blocks(variant.blocks, variant.file)
    Object.assign(this.rack!.answers, variant.answers)
    if (this.problems.length === 0) await this.passes(step)
  }

  async mistake(mistake: Mistake): Promise<void> {
    const step = await this.upTo(mistake.step)
    if (!step) return
    await this.blocks(mistake.blocks, mistake.file)
    Object.assign(this.rack!.answers, mistake.answers)
    if (this.problems.length > 0) return
    const asNamed = ({ index, finding }: Verdict) => {
      const { reason } = mistake.fails[index]!
      return finding.outcome === 'fail' && (finding.reason === reason || finding.because?.includes(reason) === true)
    }
    // The others need not be waited for: it is these that must not become true.
    const checks = mistake.fails.map(({ check }) => step.checks[check]!)
    const verdicts = await this.look(checks, holdSeconds)
    // Right after the mistake one may fail for another reason, such as a container that has yet to start.
    const late = verdicts.filter((one) => !asNamed(one) && checks[one.index]!.within > holdSeconds)
    if (late.length > 0) {
      const again = await this.look(late.map(({ index }) => checks[index]!))
      for (const [n, { index }] of late.entries()) verdicts[index] = { ...again[n]!, index }
    }
    for (const verdict of verdicts) {
      const { check, reason } = mistake.fails[verdict.index]!
      if (verdict.finding.outcome === 'fail') this.note(step, [{ ...verdict, index: check }])
      if (asNamed(verdict)) continue
      const got = verdict.finding.outcome === 'pass' ? 'it passes' : describe(verdict)
      this.problems.push(`check ${check + 1} of step "${step.id}" should fail with ${reason}: ${got}`)
    }
  }

  /** Next to all of it is waiting: others can work meanwhile. */
  private look(checks: Check[], most = Number.POSITIVE_INFINITY): Promise<Verdict[]> {
    const limited = checks.map((check) => ({ ...check, within: Math.min(check.within, most) }))
    return this.turn.waitOut(() => this.rack!.check(limited, { signal: this.signal, pauseMs: holdPauseMs }))
  }

  /**
   * Works through the steps that one builds on, without a look at their checks: that those pass is what the page's trial shows.
   * @returns undefined where one of them went wrong
   */
  private async upTo(id: string): Promise<Step | undefined> {
    const target = this.lab.steps.find((step) => step.id === id)!
    for (const step of this.lab.steps) {
      if (!target.needs.includes(step.id)) continue
      await this.work(step, this.lab.languages[0]!)
      if (this.problems.length > 0) return undefined
    }
    return target
  }

  private async doStep(step: Step, language: Language): Promise<void> {
    await this.work(step, language)
    if (this.problems.length === 0) await this.passes(step)
  }

  private async work(step: Step, language: Language): Promise<void> {
    await this.blocks(blocksOf(this.lab.pages[language], step.id), `${language}.md`)
    if (this.problems.length === 0) await this.blocks(step.solution, `solution/${step.id}.md`)
  }

  private async blocks(blocks: RunBlock[], file: string): Promise<void> {
    for (const block of blocks) {
      const problem = await this.rack!.run(block, this.signal)
      if (problem === undefined) continue
      this.problems.push(`${file}, ${problem}`)
      return
    }
  }

  private async passes(step: Step): Promise<void> {
    const verdicts = await this.rack!.check(step.checks, { signal: this.signal })
    this.note(step, verdicts)
    for (const verdict of verdicts) {
      if (verdict.finding.outcome !== 'pass') {
        this.problems.push(`check ${verdict.index + 1} of step "${step.id}" does not pass: ${describe(verdict)}`)
      }
    }
  }

  /** On one picture of the network for all of them. */
  private async nonePasses(steps: Step[], when: string): Promise<void> {
    const checks = steps.flatMap((step) => step.checks)
    if (checks.length === 0) return
    const all = await this.rack!.check(checks, { once: true, signal: this.signal })
    let first = 0
    for (const step of steps) {
      const verdicts = all.slice(first, first + step.checks.length).map((verdict, index) => ({ ...verdict, index }))
      first += step.checks.length
      this.note(step, verdicts)
      // Of a step that can't be begun yet it says nothing that its answers alone are missing.
      const canBegin = step.needs.every((id) => !steps.some((other) => other.id === id))
      const passes = ({ index, finding }: Verdict) =>
        finding.outcome === 'pass' ||
        (canBegin && answerId(step.checks[index]!) !== undefined && finding.outcome === 'fail')
      // One to read says nothing about work.
      if (verdicts.length === 0) continue
      if (step.reads !== undefined && verdicts.some(({ finding }) => finding.outcome !== 'pass')) continue
      if (verdicts.every(passes)) {
        const but = verdicts.some(({ finding }) => finding.outcome !== 'pass') ? ' but for its answers' : ''
        this.problems.push(
          `${when}, step "${step.id}" passes${but}: its checks say nothing about its work; check what it changes, or say why not with \`reads\``,
        )
      }
    }
  }
}

function describe({ family, finding }: Verdict): string {
  if (finding.outcome === 'pass') return `${family} passes: ${finding.observed.en}`
  if (finding.outcome === 'error') return `${family} errs with ${finding.reason}: ${finding.why.en}`
  return `${family} fails with ${finding.reason}: expected ${finding.expected.en}; observed ${finding.observed.en}; ${finding.why.en}`
}
