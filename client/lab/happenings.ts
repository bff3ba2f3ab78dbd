import type { SessionView, StepView, TerminalView } from '../../server/protocol/protocol.js'

type Words = { en: string; zh: string }

export type Happening =
  | { what: 'done'; step: string; how: 'passed' | 'helped' | 'skipped' }
  /**
   * A look that the learner asked for has an answer, and the step is open still; `why` is of the answer just given (to the question
   * `answered`), else of what fails.
   */
  | { what: 'looked'; step: string; passed: number; of: number; answered?: string; why?: Words }
  | { what: 'hint'; text: Words }
  /** Of all hosts; `closed` with why. */
  | { what: 'hosts'; now: 'starting' | 'ready' | 'idle' | 'left' | 'lost' }
  | { what: 'begun' | 'over'; busy: NonNullable<SessionView['busy']> }
  | { what: 'shell-ended'; terminal: TerminalView }

/** What is worth saying aloud about the way from one view to the next. Pure. */
export function happenings(before: SessionView | undefined, after: SessionView): Happening[] {
  if (before === undefined || before.id !== after.id) {
    return after.phase.name === 'opening' ? [{ what: 'hosts', now: 'starting' }] : []
  }
  return [...ofHosts(before, after), ...ofSteps(before, after), ...ofTerminals(before, after)]
}

function ofHosts(before: SessionView, after: SessionView): Happening[] {
  const found: Happening[] = []
  if (before.phase.name !== after.phase.name) {
    if (after.phase.name === 'opening') found.push({ what: 'hosts', now: 'starting' })
    if (after.phase.name === 'open') found.push({ what: 'hosts', now: 'ready' })
    if (after.phase.name === 'closed') found.push({ what: 'hosts', now: after.phase.reason })
  }
  const isSame = JSON.stringify(before.busy) === JSON.stringify(after.busy)
  if (!isSame && before.busy !== undefined && after.phase.name === 'open') {
    found.push({ what: 'over', busy: before.busy })
  }
  if (!isSame && after.busy !== undefined) found.push({ what: 'begun', busy: after.busy })
  return found
}

function ofSteps(before: SessionView, after: SessionView): Happening[] {
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
    found.push(...newHints(was, step))
  }
  return found
}

function told({ checks, answered }: StepView): { answered?: string; why?: Words } {
  const judged = answered === undefined ? undefined : checks.find(({ answer }) => answer === answered)
  const { finding } = judged ?? checks.find((check) => check.finding.outcome !== 'pass') ?? {}
  if (finding === undefined) return {}
  return {
    ...(judged === undefined || answered === undefined ? {} : { answered }),
    why: finding.outcome === 'pass' ? finding.observed : finding.why,
  }
}

/** Those of a check that had fewer; one that was not seen before shows what was asked for long ago, or what came with it by itself. */
function newHints(was: StepView, step: StepView): Happening[] {
  return step.checks.flatMap(({ index, hints, offered }) => {
    const known =
      was.checks.find((check) => check.index === index)?.hints.length ?? hints.length - (offered === true ? 1 : 0)
    return hints.slice(known).map((text) => ({ what: 'hint' as const, text }))
  })
}

function ofTerminals(before: SessionView, after: SessionView): Happening[] {
  return after.terminals.flatMap((terminal) => {
    const was = before.terminals.find(({ id }) => id === terminal.id)
    const hasEnded = was !== undefined && was.exited === undefined && terminal.exited !== undefined
    return hasEnded ? [{ what: 'shell-ended' as const, terminal }] : []
  })
}
