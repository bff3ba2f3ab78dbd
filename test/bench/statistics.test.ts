import { expect, it } from 'vitest'
import { distribution } from '../../server/bench/statistics.js'

it('gives percentiles that were measured', () => {
  const samples = Array.from({ length: 20 }, (_, n) => 20 - n)
  expect(distribution(samples)).toEqual({ p50: 10, p95: 19, p99: 20, n: 20 })
  expect(distribution([7])).toEqual({ p50: 7, p95: 7, p99: 7, n: 1 })
})
