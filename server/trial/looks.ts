import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Verdict } from '../check/evaluate.js'
import type { Check } from '../check/family.js'
import { answerId, type Step } from '../lab/lab.js'
import type { LabRack } from '../labrack/lab-rack.js'
import type { Probe } from '../place/ground.js'
import type { Stopwatch } from './phase.js'
import { capturingOnce, sharingCaptures } from './shared-captures.js'
import { type Watched, type Witness, watched } from './witness.js'

export interface LooksOptions {
  watch: Stopwatch
  witness?: Witness | undefined
  signal: AbortSignal
  say(line: string): void
}

/**
 * What passed is looked at again so often in the end. A question that meets a wall is sent once more after a second (TCP), so a wall
 * that is down every other two seconds shows only in the first second of its time: the looks are closer than that, and together they
 * last longer.
 */
const holds = 4
/** On average; no script can know how long the next one is. */
const holdPauseMs = 500
/** What a later part of the work may undo is looked at once more in its own time, after so long. */
const pauseBetween = [100, 400] as const
/** However often something comes and goes, an end is found. */
const mostLooks = 3 * holds

/**
 * The looks that a grading takes at a rack. What is right for an instant does not pass: all that passed is looked at again in the
 * end, and has to stay so. Work that has a part of its own may have been undone by a later part: that is seen by its being gone at
 * every look, and then what was found in its own time counts.
 */
export class Looks {
  private readonly verdicts = new Map<Step, Verdict[]>()
  /** The one that nothing was run after. */
  private latest: Step | undefined

  constructor(
    private readonly rack: LabRack,
    private readonly options: LooksOptions,
  ) {}

  /** At a step whose part of the work has just been done. */
  async between(step: Step, { isLast }: { isLast: boolean }): Promise<void> {
    await this.options.watch.time('check', () => this.#check(step))
    this.latest = isLast ? step : undefined
    if (isLast || !this.#mayChange(step)) return
    await this.options.watch.time('hold', async () => {
      await this.#pause(randomInt(...pauseBetween))
      await this.#lookAgain([step], () => true)
    })
  }

  /** At all others, and again at all that have passed. */
  async atTheEnd(): Promise<ReadonlyMap<Step, Verdict[]>> {
    const others = this.rack.lab.steps.filter((step) => !this.verdicts.has(step))
    const undoable = [...this.verdicts.keys()].filter((step) => step !== this.latest)
    // While Docker is restarted for one, nobody else can look; and what has not to survive that may be gone then.
    const [restarting, together] = [others.filter(isRestarted), others.filter((step) => !isRestarted(step))]
    const probe = sharingCaptures(this.rack.ground)
    await this.options.watch.time('check', () => Promise.all(together.map((step) => this.#check(step, probe))))
    await this.options.watch.time('hold', () =>
      this.#hold(this.latest ? [this.latest, ...together] : together, undoable),
    )
    for (const step of restarting) {
      await this.options.watch.time('check', () => this.#check(step))
      await this.options.watch.time('hold', () => this.#hold([step]))
    }
    return this.verdicts
  }

  async #check(step: Step, ground: Probe = this.rack.ground): Promise<void> {
    const { signal, witness, say } = this.options
    say(`checking step ${step.id}`)
    const seen = witness && watched(ground)
    this.verdicts.set(step, await this.rack.check(step.checks, { signal, probe: seen?.probe ?? ground }))
    if (seen) this.#note([step], seen)
  }

  /** What the verdicts that now stand were found by. */
  #note(steps: Iterable<Step>, seen: Watched): void {
    for (const { id } of steps) this.options.witness?.found(id, seen, this.rack.answers)
  }

  async #hold(final: readonly Step[], undoable: readonly Step[] = []): Promise<void> {
    const open = undoable.filter((step) => this.#mayChange(step))
    // Of what may have been undone nobody knows how it is now: then the first look is at once, and stands for the check before it.
    const checked = open.length > 0 ? -1 : 0
    /** How often each was right on end since that was known; undefined until it was right. */
    const right = new Map<Step, number | undefined>([
      ...final.filter((step) => this.#mayChange(step)).map((step) => [step, checked] as const),
      ...open.map((step) => [step, undefined] as const),
    ])
    const pauses = holdPauses()
    for (let look = 0; look < mostLooks; look++) {
      const steps = [...right.keys()].filter((step) => look + checked < holds || (right.get(step) ?? holds) < holds)
      if (steps.length === 0) return
      if (look + checked >= 0) await this.#pause(pauses.next().value)
      const still = await this.#lookAgain(steps, (step) => right.get(step) !== undefined)
      for (const step of steps) {
        const times = right.get(step)
        if (still.has(step)) right.set(step, (times ?? -1) + 1)
        else if (times !== undefined && !this.#hasPassed(step)) right.delete(step)
        // A look that could not be made says nothing against the ones before.
        else if (times !== undefined) right.set(step, times + 1)
      }
    }
  }

  /**
   * Looks at several steps once, by one picture of the network.
   * @param counts whether a check that fails now has failed
   * @returns those all of whose checks are right
   */
  async #lookAgain(steps: readonly Step[], counts: (step: Step) => boolean): Promise<Set<Step>> {
    const all = steps.flatMap((step) => step.checks.map((check, index) => ({ step, check, index })).filter(isLooked))
    const checks = all.map(({ check }) => check)
    // Whether the network changed while it was asked does not matter here: such a look would say nothing.
    const ground = capturingOnce(this.rack.ground)
    const seen = this.options.witness && watched(ground)
    const probe = seen?.probe ?? ground
    const found = await this.rack.check(checks, { once: true, signal: this.options.signal, probe })
    const right = new Set(steps)
    const failed = new Set<Step>()
    for (const [n, { finding }] of found.entries()) {
      const { step, index } = all[n]!
      if (finding.outcome !== 'pass') right.delete(step)
      if (finding.outcome !== 'fail' || !counts(step)) continue
      this.verdicts.get(step)![index]!.finding = finding
      failed.add(step)
    }
    if (seen) this.#note(failed, seen)
    return right
  }

  #hasPassed(step: Step): boolean {
    return this.verdicts.get(step)!.every(({ finding }) => finding.outcome === 'pass')
  }

  /** An answer stays what it is. */
  #mayChange(step: Step): boolean {
    return this.#hasPassed(step) && step.checks.some((check) => isLooked({ check }))
  }

  async #pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.options.signal })
  }
}

function isLooked({ check }: { check: Check }): boolean {
  return answerId(check) === undefined
}

function isRestarted({ checks }: Step): boolean {
  return checks.some(({ survives }) => survives !== undefined)
}

/** Pauses that nobody can know before; two of them last as long as any other two. */
function* holdPauses(): Generator<number, never> {
  for (;;) {
    const first = randomInt(holdPauseMs / 2, (3 * holdPauseMs) / 2)
    yield first
    yield 2 * holdPauseMs - first
  }
}
