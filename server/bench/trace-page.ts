import { distributionTable } from './tables.js'
import type { TraceBenchmark } from './trace.js'

/** What was measured, as docs/incidents.md has it. */
export function traceTables(measured: TraceBenchmark): string {
  const { right, partly, wrong, unknown, unsteady, diagnose, netdiag, traceMs, traceOverTwoHostsMs } = measured
  const views = [
    { name: '`vethlab diagnose`', counts: diagnose },
    { name: '`netdiag`', counts: netdiag },
  ]
  return [
    '| trace: incidents | right | partly | unknown | wrong | not the same each time |',
    '|---|---|---|---|---|---|',
    `| ${right + partly + unknown + wrong} | ${right} | ${partly} | ${unknown} | ${wrong} | ${unsteady} |`,
    '',
    ...distributionTable('from the question to the story, ms', {
      'on one host': traceMs,
      'over two hosts': traceOverTwoHostsMs,
    }),
    '',
    '| | found | beyond | missed | false |',
    '|---|---|---|---|---|',
    ...views.map(({ name, counts: { found, beyond, missed, false: wrongly } }) => {
      return `| ${name} | ${found} | ${beyond} | ${missed} | ${wrongly} |`
    }),
    '',
  ].join('\n')
}
