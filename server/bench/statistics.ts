/** A distribution in the unit of its samples. Percentiles by nearest rank, so each is a value that was measured. */
export interface Distribution {
  p50: number
  p95: number
  p99: number
  n: number
}

export function distribution(samples: number[]): Distribution {
  const sorted = samples.toSorted((a, b) => a - b)
  const rank = (share: number) => round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN)
  return { p50: rank(0.5), p95: rank(0.95), p99: rank(0.99), n: sorted.length }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
