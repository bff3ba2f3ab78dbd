import { z } from 'zod'
import type { Check, CheckContext, Family } from '../family.js'
import { fail, failedToCheck, pass } from '../finding.js'
import type { Finding } from '../verdict.js'

/** What `all`, `any` and `not` need to know of the checks within them; `checks.ts` does, and ends the circle. */
export interface Inner {
  schema: z.ZodType<Check>
  run(check: Check, context: CheckContext): Promise<Finding>
  hosts(check: Check): string[]
}

type Failed = Extract<Finding, { outcome: 'fail' }>
const isFailed = (finding: Finding): finding is Failed => finding.outcome === 'fail'

/** Each once, those of what is further inside as well. */
function reasonsOf(findings: readonly Failed[]): string[] {
  return [...new Set(findings.flatMap(({ reason, because = [] }) => [reason, ...because]))]
}

/** Every one of them passes. An error among them makes an error, and the first that fails tells why. */
export function allOf(inner: Inner): Family<Check[]> {
  return {
    key: 'all',
    inner: { written: 'list', of: (checks) => checks },
    schema: z.array(inner.schema).min(1).max(20),
    reasons: ['all.failed'],
    nothing: ['all.failed'],
    hosts: (checks) => checks.flatMap((check) => inner.hosts(check)),
    async check(checks, context) {
      const findings = await Promise.all(checks.map((check) => inner.run(check, context)))
      const error = findings.find(({ outcome }) => outcome === 'error')
      if (error) return error
      const failed = findings.find(isFailed)
      if (failed) return { ...failed, reason: 'all.failed', because: reasonsOf(findings.filter(isFailed)) }
      return pass('every condition holds', '所有条件都满足')
    },
  }
}

/** One of them passes is enough. Where none does, an error hides what could have passed, so it comes first. */
export function anyOf(inner: Inner): Family<Check[]> {
  return {
    key: 'any',
    inner: { written: 'list', of: (checks) => checks },
    schema: z.array(inner.schema).min(1).max(20),
    reasons: ['any.failed'],
    nothing: ['any.failed'],
    hosts: (checks) => checks.flatMap((check) => inner.hosts(check)),
    async check(checks, context) {
      const findings = await Promise.all(checks.map((check) => inner.run(check, context)))
      const passed = findings.find(({ outcome }) => outcome === 'pass')
      if (passed) return passed
      const error = findings.find(({ outcome }) => outcome === 'error')
      if (error) return error
      const failed = findings.filter(isFailed)
      const join = (key: 'expected' | 'observed') => ({
        en: [...new Set(failed.map((finding) => finding[key].en))].join('; or '),
        zh: [...new Set(failed.map((finding) => finding[key].zh))].join('；或者'),
      })
      const all = fail('any.failed', { expected: join('expected'), observed: join('observed'), why: failed[0]!.why })
      return { ...all, because: reasonsOf(failed) }
    },
  }
}

/** Fails that say nothing of what was asked for: there was no place to look at. */
const nothingToSee = /\.(?:no-such|no-from|no-target|no-network|control)$/

/** It fails, and not for want of something to look at. An error stays an error. */
export function notOf(inner: Inner): Family<Check> {
  return {
    key: 'not',
    inner: { written: 'one', of: (check) => [check] },
    negates: true,
    schema: inner.schema,
    reasons: ['not.passed'],
    nothing: [],
    hosts: (check) => inner.hosts(check),
    async check(check, context) {
      const finding = await inner.run(check, context)
      if (finding.outcome === 'error') return failedToCheck(finding.reason, finding.why)
      if (finding.outcome === 'fail' && nothingToSee.test(finding.reason)) return { ...finding, reason: 'not.passed' }
      if (finding.outcome === 'fail') return pass(finding.observed.en, finding.observed.zh)
      return fail('not.passed', {
        expected: { en: `not this: ${finding.observed.en}`, zh: `不应如此：${finding.observed.zh}` },
        observed: finding.observed,
        why: {
          en: `this must not be so at the end of the step: ${finding.observed.en}`,
          zh: `这一步完成后不应出现这种情况：${finding.observed.zh}`,
        },
      })
    },
  }
}
