import { type Distribution, distribution } from './statistics.js'

/** What somebody in a class waits for. */
export type Waited = 'echo' | 'open' | 'check' | 'map' | 'lag'

interface Sample {
  what: Waited
  /** Who waited; of what teachers wait for, the learner that it is about. */
  who: string
  ms: number
  part: string
}

/** What all of a class waited for, by the part of the run in which the wait was over. */
export class ClassSamples {
  /** The part that it is now; while there is none, nothing is counted. */
  part: string | undefined
  readonly #samples: Sample[] = []

  constructor(part: string) {
    this.part = part
  }

  add(what: Waited, who: string, ms: number): void {
    if (this.part !== undefined) this.#samples.push({ what, who, ms, part: this.part })
  }

  of(what: Waited, part: string): Distribution {
    return distribution(this.#some(what, part).map(({ ms }) => ms))
  }

  /** Of each who waited for it. */
  byLearner(what: Waited, part: string): Map<string, Distribution> {
    const own = new Map<string, number[]>()
    for (const { who, ms } of this.#some(what, part)) own.set(who, [...(own.get(who) ?? []), ms])
    return new Map([...own].map(([who, samples]) => [who, distribution(samples)]))
  }

  #some(what: Waited, part: string): Sample[] {
    return this.#samples.filter((sample) => sample.what === what && sample.part === part)
  }
}

/** What a class feels while one of it does something. */
export interface NoiseFigures {
  echoMs: Distribution
  checkMs: Distribution
  mapMs: Distribution
  matrixLagMs: Distribution
  /** p95 with the noise, divided by p95 without. */
  echoRatio: number
  checkRatio: number
  mapRatio: number
  matrixLagRatio: number
  /** The largest such ratio of one learner's echoes, of those with enough of them in both parts. */
  worstEchoRatio: number
}

/** Fewer of them have no p95 that says anything. */
const leastOfOne = 40

/** Compares a part of a run with the quiet one. Ratios are of p95, and NaN where one of the two has no samples. Pure. */
export function noiseFigures(samples: ClassSamples, quiet: string, noise: string): NoiseFigures {
  const [echoMs, checkMs, mapMs, matrixLagMs] = (['echo', 'check', 'map', 'lag'] as const).map((what) =>
    samples.of(what, noise),
  ) as [Distribution, Distribution, Distribution, Distribution]
  const ratio = (now: Distribution, before: Distribution) => Math.round((now.p95 / before.p95) * 100) / 100
  const before = samples.byLearner('echo', quiet)
  const worst = [...samples.byLearner('echo', noise)].flatMap(([who, now]) => {
    const own = before.get(who)
    return own && own.n >= leastOfOne && now.n >= leastOfOne ? [ratio(now, own)] : []
  })
  return {
    echoMs,
    checkMs,
    mapMs,
    matrixLagMs,
    echoRatio: ratio(echoMs, samples.of('echo', quiet)),
    checkRatio: ratio(checkMs, samples.of('check', quiet)),
    mapRatio: ratio(mapMs, samples.of('map', quiet)),
    matrixLagRatio: ratio(matrixLagMs, samples.of('lag', quiet)),
    worstEchoRatio: worst.length === 0 ? Number.NaN : Math.max(...worst),
  }
}
