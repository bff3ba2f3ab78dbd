import type { SessionView } from '../../server/protocol/protocol.js'

export type Happening =
  | { what: 'done'; step: string; how: 'passed' | 'helped' | 'skipped' }
  /** A look that the learner asked for has ended, and the step is open still. */
  | { what: 'looked'; step: string; passed: number; of: number; why?: { en: string; zh: string } }

/** What is worth saying aloud about the way from one view to the next. Pure. */
export function happenings(before: SessionView | undefined, after: SessionView): Happening[] {
  if (before === undefined || before.id !== after.id) return []
  const found: Happening[] = []
  for (const step of after.steps) {
    const was = before.steps.find((one) => one.id === step.id)
    if (was === undefined) continue
    if (was.state !== step.state && step.state !== 'open') {
      found.push({ what: 'done', step: step.id, how: step.state })
    } else if (was.checking === 'asked' && step.checking === undefined && step.state === 'open') {
      const failing = step.checks.flatMap(({ finding }) => (finding.outcome === 'pass' ? [] : [finding]))[0]
      found.push({
        what: 'looked',
        step: step.id,
        passed: step.checks.filter((check) => check.finding.outcome === 'pass').length,
        of: step.checks.length,
        ...(failing === undefined ? {} : { why: failing.why }),
      })
    }
  }
  return found
}
