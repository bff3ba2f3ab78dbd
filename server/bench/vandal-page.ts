import type { Distribution } from './statistics.js'
import type { VandalBenchmark } from './vandal.js'

/** What was measured, as docs/vandal.md has it. */
export function vandalTable({ machine, vandals }: VandalBenchmark): string {
  const ratio = (felt: { before: Distribution; during: Distribution } | undefined, of: 'p50' | 'p95' | 'p99') =>
    felt ? (felt.during[of] / felt.before[of]).toFixed(1) : ''
  const rows = vandals.map(({ name, dockerRun, echo, list, capture, load }) => {
    const busiest = load.threads.map(({ name, percent }) => `${name} ${percent}`).join(', ')
    const cells = [
      name,
      ...[ratio(dockerRun, 'p50'), ratio(dockerRun, 'p95'), ratio(echo, 'p50'), ratio(echo, 'p95')],
      ...[ratio(list, 'p99'), ratio(capture, 'p99')],
      `${Math.round(dockerRun.before.p50)} / ${Math.round(dockerRun.during.p50)}`,
      `${echo.before.p95.toFixed(1)} / ${echo.during.p95.toFixed(1)}`,
      `${load.user} / ${load.system} / ${load.softirq}`,
      busiest,
    ]
    return `| ${cells.join(' | ')} |`
  })
  return [
    `${machine}.`,
    '',
    '| what the other rack does | docker run p50 | p95 | echo p50 | p95 | list p99 | capture p99 | docker run p50, ms | echo p95, ms | user / system / softirq, % | kernel threads, % |',
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}
