import type { GradeBenchmark } from './grade.js'
import { distributionTable } from './tables.js'

/** What was measured, as docs/grade.md has it. */
export function gradeTables(measured: GradeBenchmark): string {
  const { jobs, perMinute, wholeRunPerMinute, gradeMs, scriptMs, overScript, cpuMs, phaseMs, alone } = measured
  return [
    ...distributionTable(
      `${jobs} at the same time`,
      { 'gradings a minute': perMinute, 'a grading over its commands': overScript },
      1,
    ),
    '',
    `Over the whole run, from nothing to the last rack closed: ${wholeRunPerMinute.toFixed(1)} a minute. One at a time a grading takes ${alone.overScript.p50.toFixed(1)} times as long as its commands (p50).`,
    `Of the processors of the whole machine a grading takes ${Math.round(cpuMs.grade)} ms, and its commands alone ${Math.round(cpuMs.script)} ms.`,
    '',
    ...distributionTable('ms', {
      'a grading': gradeMs,
      'its commands alone, in racks that wait': scriptMs,
      ...Object.fromEntries(Object.entries(phaseMs).map(([phase, took]) => [`of it: ${phase}`, took])),
      'a grading, one at a time': alone.gradeMs,
      'its commands alone, one at a time': alone.scriptMs,
    }),
    '',
  ].join('\n')
}
