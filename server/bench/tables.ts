import type { Distribution } from './statistics.js'

/** Distributions as the rows of a Markdown table, under names. @param digits behind the point */
export function distributionTable(head: string, rows: Readonly<Record<string, Distribution>>, digits = 0): string[] {
  const cells = ({ p50, p95, p99, n }: Distribution) =>
    [p50, p95, p99].map((value) => value.toFixed(digits)).concat(`${n}`)
  return [
    `| ${head} | p50 | p95 | p99 | measured |`,
    '|---|---|---|---|---|',
    ...Object.entries(rows).map(([name, measured]) => `| ${[name, ...cells(measured)].join(' | ')} |`),
  ]
}
