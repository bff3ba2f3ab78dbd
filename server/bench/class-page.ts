import type { ClassBenchmark } from './class.js'
import type { FoundClass } from './find-class.js'
import { distributionTable } from './tables.js'

/** What a class of that size was measured to wait, and the largest that was found to hold, as docs/operate.md has it. */
export function classTables(run: ClassBenchmark, found?: FoundClass): string {
  const { learners, failed, reasons, echoMs, openMs, checkMs, mapMs, matrixLagMs } = run
  const why = Object.entries(reasons).map(([reason, count]) => `${count} times ${reason}`)
  return [
    ...distributionTable(`${learners} learners, ms`, {
      'a key and its echo': echoMs,
      'from the wish to open a lab to its first prompt': openMs,
      'from the wish for a check to its verdicts': checkMs,
      'from a command to the map of what it changed': mapMs,
      "from a verdict to the teachers' matrix": matrixLagMs,
    }),
    '',
    `Failed: ${failed}${why.length > 0 ? ` (${why.join('; ')})` : ''}. For each learner ${run.memoryMiBPerLearner.toFixed(0)} MiB of memory, and ${run.cpuPercentPerLearner.toFixed(2)} % of all processors;`,
    `of all processors ${run.processorsPercent.toFixed(0)} % were used, ${run.simulationPercent.toFixed(0)} % by the simulated learners themselves.`,
    ...(found
      ? [
          '',
          `The largest class that was found to hold all bounds: ${found.most} learners. ${found.limitedBy.join('; ')}`,
        ]
      : []),
    '',
  ].join('\n')
}
