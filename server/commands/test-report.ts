import type { LabReport, TrialReport } from '../trial/test-lab.js'

/** What `vethlab test --json` prints. */
export interface TestReport {
  passed: boolean
  labs: LabReport[]
  /** Labs that this kernel can't run, and why. */
  skipped: { lab: string; why: string }[]
  /** With `--repeat`: trials that passed at one time and failed at another, of all trials. */
  flaky: { lab: string; trial: string; passed: number; failed: number }[]
  flakeRate: number
  /** Of all trials, those that were not run since a receipt says that they passed. */
  provedBefore: number
  /** Trials without a receipt that were not begun, since the time for all was over: nothing is known of them. */
  due: { lab: string; trial: string }[]
  durationMs: number
}

export function testReport(
  labs: { lab: string; seed?: string; trials: TrialReport[] }[],
  skipped: TestReport['skipped'],
  due: TestReport['due'],
  durationMs: number,
): TestReport {
  const flaky = labs.flatMap(({ trials, ...one }) =>
    [...new Set(trials.map(({ name }) => name))].flatMap((trial) => {
      const runs = trials.filter(({ name }) => name === trial)
      const passed = runs.filter((run) => run.passed).length
      return passed > 0 && passed < runs.length
        ? [{ lab: labelOf(one), trial, passed, failed: runs.length - passed }]
        : []
    }),
  )
  const all = labs.flatMap(({ trials }) => trials)
  const passed = labs.map(({ trials, ...one }) => ({
    ...one,
    passed: trials.every((trial) => trial.passed),
    trials,
  }))
  return {
    passed: passed.every((lab) => lab.passed),
    labs: passed,
    skipped,
    flaky,
    flakeRate: flaky.reduce((sum, { failed }) => sum + failed, 0) / Math.max(1, all.length),
    provedBefore: all.filter(({ provedBefore }) => provedBefore).length,
    due,
    durationMs,
  }
}

function labelOf({ lab, seed }: { lab: string; seed?: string }): string {
  return seed === undefined ? lab : `${lab} with seed ${seed}`
}

/** One line for what became of a trial. */
export function trialLine(
  of: { lab: string; seed?: string },
  { name, passed, durationMs, provedBefore }: TrialReport,
): string {
  const lab = labelOf(of)
  if (provedBefore) {
    return `ok ${lab}, ${name} (proved before, on ${provedBefore.at.slice(0, 10)}, inputs ${provedBefore.inputs})`
  }
  return `${passed ? 'ok' : 'not ok'} ${lab}, ${name} (${(durationMs / 1000).toFixed(1)} s)`
}

export function summary(
  { labs, skipped, flaky, flakeRate, provedBefore, due, durationMs }: TestReport,
  repeat: number,
): string {
  const trials = labs.flatMap((lab) => lab.trials)
  const lines = labs.map((lab) => {
    const failed = lab.trials.filter((trial) => !trial.passed).length
    const before = lab.trials.filter((trial) => trial.provedBefore).length
    const known = before > 0 ? `, ${before} of them proved before` : ''
    const left = due.filter((one) => one.lab === lab.lab).length
    const more = left > 0 ? `; ${left} more are due` : ''
    return `${lab.passed ? 'ok    ' : 'not ok'} ${labelOf(lab)}: ${lab.trials.length - failed} of ${lab.trials.length} trials${known}${more}`
  })
  lines.push(...skipped.map(({ lab, why }) => `skipped ${lab}: this kernel lacks ${why}`))
  if (repeat > 1) {
    lines.push(`flake rate ${(100 * flakeRate).toFixed(2)} %`)
    for (const { lab, trial, passed, failed } of flaky)
      lines.push(`  ${lab}, ${trial}: ${failed} of ${passed + failed} failed`)
  }
  const passed = trials.filter((trial) => trial.passed).length
  const known = provedBefore > 0 ? ` (${provedBefore} proved before)` : ''
  const seconds = (durationMs / 1000).toFixed(0)
  if (due.length > 0)
    lines.push(
      `${due.length} trials are DUE and were not begun: \`vethlab test --write\` proves them and writes their receipts`,
    )
  lines.push(`${passed} passed, ${trials.length - passed} failed${known} in ${seconds} s`)
  return `${lines.join('\n')}\n`
}
