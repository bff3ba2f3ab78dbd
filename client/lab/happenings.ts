import type { SessionView, StepView } from '../../server/protocol/protocol.js'

export type Happening =
  | { what: 'done'; step: string; how: 'passed' | 'helped' | 'skipped' }
  /** A look that the learner asked for has an answer, and the step is open still; `why` is of the answer just given, else of what fails. */
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
    } else if (was.checking === 'asked' && step.checking !== 'asked' && step.state === 'open') {
      found.push({
        what: 'looked',
        step: step.id,
        passed: step.checks.filter((check) => check.finding.outcome === 'pass').length,
        of: step.checks.length,
        ...told(step),
      })
    }
  }
  return found
}

function told({ checks, answered }: StepView): { why?: { en: string; zh: string } } {
  const judged = answered === undefined ? undefined : checks.find(({ answer }) => answer === answered)
  const { finding } = judged ?? checks.find((check) => check.finding.outcome !== 'pass') ?? {}
  if (finding === undefined) return {}
  return { why: finding.outcome === 'pass' ? finding.observed : finding.why }
}
