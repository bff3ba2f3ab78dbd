import type { Text } from '../wording/text.js'
import type { Check } from './family.js'
import { fail } from './finding.js'
import type { Finding } from './verdict.js'

/** The reason of a check that was true for a while, and not for as long as it has to be. */
export const notHeld = 'check.not-held'

/** The longest time that one of them has to stay true, in milliseconds. */
export function longestHoldMs(checks: readonly Check[]): number {
  return Math.max(0, ...checks.map(({ holds = 0 }) => holds * 1000))
}

/** How long checks have been true on end, over the rounds of one evaluation. Times are milliseconds since its beginning. */
export class Holding {
  readonly #checks: readonly Check[]
  /** Since when each has passed in every round. */
  readonly #since: (number | undefined)[]
  /** How long each had held when it ended to do so last, and when that was. */
  readonly #broke: ({ afterMs: number; at: number } | undefined)[]

  constructor(checks: readonly Check[]) {
    this.#checks = checks
    this.#since = checks.map(() => undefined)
    this.#broke = checks.map(() => undefined)
  }

  /** A round has ended. */
  saw(verdicts: readonly { finding: Finding }[], at: number): void {
    for (const [index, { finding }] of verdicts.entries()) {
      const since = this.#since[index]
      if (finding.outcome === 'pass') this.#since[index] ??= at
      else if (since !== undefined) {
        this.#broke[index] = { afterMs: at - since, at }
        this.#since[index] = undefined
      }
    }
  }

  /** Whether all that pass have done so for long enough. */
  isOver(at: number): boolean {
    return this.#checks.every(
      ({ holds = 0 }, index) => this.#since[index] === undefined || this.#lasted(index, at) >= holds * 1000,
    )
  }

  /** Puts into words what is not held yet; in the last round, what was not held at all. */
  tell(verdicts: { finding: Finding }[], at: number, isLast: boolean): void {
    for (const [index, verdict] of verdicts.entries()) {
      const holds = this.#checks[index]?.holds
      if (holds === undefined) continue
      const { finding } = verdict
      const broke = this.#broke[index]
      const lasted = this.#lasted(index, at)
      if (finding.outcome === 'pass' && lasted < holds * 1000) {
        verdict.finding = isLast && broke ? broken(holds, broke, finding) : going(holds, lasted, finding)
      } else if (finding.outcome === 'fail' && broke && isLast) verdict.finding = broken(holds, broke, finding)
    }
  }

  #lasted(index: number, at: number): number {
    const since = this.#since[index]
    return since === undefined ? 0 : at - since
  }
}

function going(holds: number, lasted: number, { observed }: Extract<Finding, { outcome: 'pass' }>): Finding {
  const so = seconds(Math.min(lasted, holds * 1000))
  return {
    outcome: 'pass',
    observed: {
      en: `${observed.en} (so for ${so} of ${holds} s)`,
      zh: `${observed.zh}（已保持 ${so}/${holds} 秒）`,
    },
  }
}

function broken(
  holds: number,
  { afterMs, at }: { afterMs: number; at: number },
  finding: Exclude<Finding, { outcome: 'error' }>,
): Finding {
  const [lasted, moment] = [seconds(afterMs), seconds(at)]
  const why: Text =
    finding.outcome === 'fail'
      ? finding.why
      : { en: 'it is true again now, and something keeps changing it', zh: '现在又成立了，有什么东西在不断改动它' }
  return fail(notHeld, {
    expected: { en: `that it stays so for ${holds} s`, zh: `保持 ${holds} 秒不变` },
    observed: {
      en: `it was so for ${lasted} s, and not any more ${moment} s after the check had begun`,
      zh: `保持了 ${lasted} 秒，检查开始 ${moment} 秒后就不成立了`,
    },
    why,
  })
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1)
}
