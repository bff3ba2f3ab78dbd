import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { familyOf } from '../check/checks.js'
import { unsteady, type Verdict } from '../check/evaluate.js'
import type { Check } from '../check/family.js'
import { fail } from '../check/finding.js'
import type { Finding } from '../check/verdict.js'
import { answerId, runsFiles, type Step } from '../lab/lab.js'
import type { CheckOptions, LabRack } from '../labrack/lab-rack.js'
import type { NetworkState } from '../network/state.js'
import type { Probe } from '../place/ground.js'
import { text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import type { Stopwatch } from './phase.js'
import { keepingLatest, lookingOnce, sharingCaptures } from './shared-captures.js'
import { type Watched, type Witness, watched } from './witness.js'

export interface LooksOptions {
  watch: Stopwatch
  witness?: Witness | undefined
  signal: AbortSignal
  say(line: Text): void
}

/**
 * What passed is looked at again so often in the end. A question that meets a wall is sent once more after a second (TCP), so a wall
 * that is down every other two seconds shows only in the first second of its time: the looks are closer than that, and together they
 * last longer.
 */
const holds = 4
/** From the beginning of one to that of the next, on average; no script can know how long the next time is. */
const holdPauseMs = 500
/** On a busy machine a look takes its time: what is further from the look before counts as none. */
const longestGapMs = 950
/** What a later part of the work may undo is looked at once more in its own time, after so long. */
const pauseBetween = [100, 400] as const
/** So often a network that changed each time while it was looked at gets some time, and is looked at again. */
const mostUnsteady = 2
const unsteadyPauseMs = 1000
/** However often something comes and goes, an end is found. */
const mostLooks = 3 * holds

/** How often work that a later part may undo can change in the end: once, when that takes its time. What changes twice comes and goes. */
const mostChanges = 1

/** In a rack where nothing runs but the work: that it can't be told is of its own making. */
const neverAtRest = fail('check.unsteady', {
  expected: { en: 'a network that comes to rest', zh: '网络能够稳定下来' },
  observed: {
    en: 'it changed each time while it was looked at, over several seconds',
    zh: '在几秒钟里，每次查看时它都在变化',
  },
  why: {
    en: 'something that the work has started keeps changing the network, so that nothing can be said of it: end it, and let the network come to rest',
    zh: '作业启动的某个程序一直在改动网络，所以无法判断：请结束它，让网络稳定下来',
  },
})

/** What was seen of a step at one look. */
interface Sight {
  /** Undefined where it could not be told, which says nothing against the looks before. */
  isRight: boolean | undefined
  /** What has failed, by the places of the checks. */
  failed: Map<number, Finding>
  seen: Watched | undefined
}

/** How a step stands while all that passed is looked at again. */
interface Standing {
  isRight: boolean | undefined
  /** Looks at which it has stayed so. */
  looks: number
  changes: number
  most: number
  /** The last look at which it was wrong. */
  wrong?: Sight
}

/**
 * The looks that a grading takes at a rack. What is right for an instant does not pass: all that passed is looked at again in the
 * end, and has to stay so. Work that has a part of its own may have been undone by a later part: where it is gone for good, what was found
 * in its own time counts.
 */
export class Looks {
  private readonly verdicts = new Map<Step, Verdict[]>()
  /** Ids of the steps that were right and then wrong again while they were looked at. */
  readonly cameAndWent = new Set<string>()
  /** The one that nothing was run after. */
  private latest: Step | undefined
  /** The network when that one had passed. */
  #picture: NetworkState | undefined

  constructor(
    private readonly rack: LabRack,
    private readonly options: LooksOptions,
  ) {}

  /** At a step whose part of the work has just been done. */
  async between(step: Step, { isLast }: { isLast: boolean }): Promise<void> {
    const { watch } = this.options
    const { probe, latest } = keepingLatest(this.rack.ground)
    let hasPaused = false
    const pause = () => this.#pause(randomInt(...pauseBetween))
    // The picture that shows whether anything has changed since it was asked is taken behind the pause, and is that of the second look.
    const settle = async () => {
      await watch.time('hold', pause)
      hasPaused = true
    }
    await watch.time('check', () => this.#check(step, probe, isLast ? {} : { settle }))
    this.latest = isLast ? step : undefined
    this.#picture = isLast && this.#hasPassed(step) ? latest() : undefined
    if (isLast || !this.#mayChange(step)) return
    await watch.time('hold', async () => {
      if (!hasPaused) await pause()
      const sight = (await this.#lookAgain([step], hasPaused ? latest() : undefined)).get(step)!
      if (sight.isRight === false) this.#fail(step, sight)
    })
  }

  /** At all others, and again at all that have passed. */
  async atTheEnd(): Promise<ReadonlyMap<Step, Verdict[]>> {
    const others = this.rack.lab.steps.filter((step) => !this.verdicts.has(step))
    const undoable = [...this.verdicts.keys()].filter((step) => step !== this.latest)
    // While Docker is restarted for one, nobody else can look; and what has not to survive that may be gone then.
    const [restarting, together] = [others.filter(isRestarted), others.filter((step) => !isRestarted(step))]
    if (together.length > 0) this.#picture = undefined
    const probe = sharingCaptures(this.rack.ground)
    await this.options.watch.time('check', () => this.#checkAll(together, probe))
    await this.options.watch.time('hold', () =>
      this.#hold(this.latest ? [this.latest, ...together] : together, undoable),
    )
    for (const step of restarting) {
      await this.options.watch.time('check', () => this.#check(step))
      await this.options.watch.time('hold', () => this.#hold([step]))
    }
    return this.verdicts
  }

  /** Those that can be looked at side by side: of scripts of a lab only a few may run in a rack at once. */
  #groups(steps: readonly Step[]): (readonly Step[])[] {
    const runs = (step: Step) => runsFiles({ ...this.rack.lab, steps: [step] })
    const quiet = steps.filter((step) => !runs(step))
    return [...(quiet.length > 0 ? [quiet] : []), ...steps.filter(runs).map((step) => [step])]
  }

  async #checkAll(steps: readonly Step[], probe: Probe): Promise<void> {
    for (const group of this.#groups(steps)) await Promise.all(group.map((step) => this.#check(step, probe)))
  }

  async #check(
    step: Step,
    ground: Probe = this.rack.ground,
    options: Pick<CheckOptions, 'settle'> = {},
  ): Promise<void> {
    const { signal, witness, say } = this.options
    say(text(`checking step ${step.id}`, `正在检查步骤 ${step.id}`))
    const seen = witness && watched(ground)
    const probe = seen?.probe ?? ground
    const check = () => this.rack.check(step.checks, { signal, probe, ...options })
    let verdicts = await check()
    for (let more = mostUnsteady; verdicts.some(({ finding }) => finding === unsteady); more--) {
      if (more === 0) {
        verdicts = verdicts.map((one) => (one.finding === unsteady ? { ...one, finding: neverAtRest } : one))
        break
      }
      await this.#pause(unsteadyPauseMs)
      verdicts = await check()
    }
    this.verdicts.set(step, verdicts)
    if (seen) this.#note([step], seen)
  }

  /** What the verdicts that now stand were found by. */
  #note(steps: Iterable<Step>, seen: Watched): void {
    for (const { id } of steps) this.options.witness?.found(id, seen, this.rack.answers)
  }

  async #hold(final: readonly Step[], undoable: readonly Step[] = []): Promise<void> {
    const open = undoable.filter((step) => this.#mayChange(step))
    // Of what may have been undone nobody knows how it is now: then the first look is at once, and stands for the check before it.
    const before = open.length > 0 ? -1 : 0
    const standings = new Map<Step, Standing>([
      ...final
        .filter((step) => this.#mayChange(step))
        .map((step) => [step, { isRight: true, looks: before, changes: 0, most: 0 }] as const),
      ...open.map((step) => [step, { isRight: undefined, looks: -1, changes: 0, most: mostChanges }] as const),
    ])
    const pauses = holdPauses()
    let began = performance.now()
    for (let look = before; look < mostLooks; look++) {
      const steps = [...standings].filter(([, { looks }]) => looks < holds).map(([step]) => step)
      if (steps.length === 0) return
      if (look >= 0) await this.#pause(Math.max(0, began + pauses.next().value - performance.now()))
      const isClose = performance.now() - began < longestGapMs
      began = performance.now()
      for (const [step, sight] of await this.#lookAgain(steps, look < 0 ? this.#picture : undefined)) {
        const standing = standings.get(step)!
        saw(standing, sight, isClose)
        if (standing.changes <= standing.most) continue
        this.#fail(step, standing.wrong!)
        standings.delete(step)
      }
    }
  }

  /** Looks at several steps once, by one picture of the network: the one that was taken just now, or a new one. */
  async #lookAgain(steps: readonly Step[], picture?: NetworkState): Promise<Map<Step, Sight>> {
    // Whether the network changed while it was asked does not matter here: such a look would say nothing.
    const ground = lookingOnce(this.rack.ground, picture)
    const sights = new Map<Step, Sight>()
    for (const group of this.#groups(steps)) {
      const all = group.flatMap((step) => step.checks.map((check, index) => ({ step, check, index })).filter(isLooked))
      const checks = all.map(({ check }) => check)
      const seen = this.options.witness && watched(ground)
      const probe = seen?.probe ?? ground
      const found = await this.rack.check(checks, { once: true, signal: this.options.signal, probe })
      for (const step of group) {
        const own = found.map(({ finding }, n) => ({ ...all[n]!, finding })).filter((one) => one.step === step)
        const failed = new Map(
          own.filter(({ finding }) => finding.outcome === 'fail').map((one) => [one.index, one.finding]),
        )
        const isTold = own.every(({ finding }) => finding.outcome === 'pass')
        sights.set(step, { isRight: failed.size > 0 ? false : isTold || undefined, failed, seen })
      }
    }
    return sights
  }

  #fail(step: Step, { failed, seen }: Sight): void {
    this.cameAndWent.add(step.id)
    const verdicts = this.verdicts.get(step)!
    for (const [index, finding] of failed) verdicts[index]!.finding = finding
    if (seen) this.#note([step], seen)
  }

  #hasPassed(step: Step): boolean {
    return this.verdicts.get(step)!.every(({ finding }) => finding.outcome === 'pass')
  }

  /** An answer stays what it is, unless it is compared with what is measured. */
  #mayChange(step: Step): boolean {
    return this.#hasPassed(step) && step.checks.some((check) => isLooked({ check }))
  }

  async #pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.options.signal })
  }
}

function saw(standing: Standing, sight: Sight, isClose: boolean): void {
  const { isRight } = sight
  if (isRight === false) standing.wrong = sight
  if (isRight === undefined || isRight === standing.isRight) standing.looks += isClose ? 1 : 0
  else {
    if (standing.isRight !== undefined) standing.changes++
    standing.isRight = isRight
    standing.looks = 0
  }
}

function isLooked({ check }: { check: Check }): boolean {
  return answerId(check) === undefined || familyOf(check).measures === true
}

function isRestarted({ checks }: Step): boolean {
  return checks.some(({ survives }) => survives !== undefined)
}

/** Times that nobody can know before; two of them are as long as any other two. */
function* holdPauses(): Generator<number, never> {
  for (;;) {
    const first = randomInt(holdPauseMs / 2, (3 * holdPauseMs) / 2)
    yield first
    yield 2 * holdPauseMs - first
  }
}
