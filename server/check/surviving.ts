import type { Text } from '../wording/text.js'
import type { Check } from './family.js'
import { fail } from './finding.js'
import type { Finding } from './verdict.js'

/** The reason of a check that was true until Docker was restarted, and is not after that. */
export const notSurvived = 'check.not-survived'

/** The reason of a check that is true, and has to be so after a restart that nobody has asked for yet. */
export const notRestarted = 'check.not-restarted'

/** What became of one of the checks: `evaluate` has more of it. */
type Seen = { index: number; finding: Finding }

const wanted: Text = { en: 'that it is so after a restart of Docker', zh: '重启 Docker 之后依然如此' }

/** Of a look for which Docker may not be restarted: what has to survive that has not passed by being so now. */
export function beforeRestart<T extends Seen>(checks: readonly Check[], verdicts: readonly T[]): T[] {
  return verdicts.map((verdict) => {
    const { finding } = verdict
    if (checks[verdict.index]?.survives === undefined || finding.outcome !== 'pass') return verdict
    return {
      ...verdict,
      finding: fail(notRestarted, {
        expected: wanted,
        observed: finding.observed,
        why: {
          en: 'it is so now: when you press Check, Docker is restarted and it is looked at again',
          zh: '现在是这样；按“检查”后会重启 Docker 再看一次',
        },
      }),
    }
  })
}

/** While Docker is being restarted. */
export function duringRestart<T extends Seen>(checks: readonly Check[], verdicts: readonly T[]): T[] {
  return verdicts.map((verdict) => {
    const { finding } = verdict
    if (checks[verdict.index]?.survives === undefined || finding.outcome !== 'pass') return verdict
    const { en, zh } = finding.observed
    return {
      ...verdict,
      finding: {
        outcome: 'pass',
        observed: { en: `${en} (Docker is being restarted)`, zh: `${zh}（正在重启 Docker）` },
      },
    }
  })
}

/** What was found after the restart of a check that had passed before it. */
export function afterRestart(before: Finding, after: Finding): Finding {
  if (after.outcome !== 'fail' || before.outcome !== 'pass') return after
  return {
    ...fail(notSurvived, {
      expected: wanted,
      observed: {
        en: `it was so, and after Docker had been restarted: ${after.observed.en}`,
        zh: `重启之前是这样；重启 Docker 之后：${after.observed.zh}`,
      },
      why: after.why,
    }),
    because: [...(after.because ?? []), after.reason],
  } as Finding
}
