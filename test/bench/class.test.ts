import { expect, it } from 'vitest'
import type { ClassBenchmark } from '../../server/bench/class.js'
import { ClassSamples, noiseFigures } from '../../server/bench/class-samples.js'
import { broken, largest, roomFor } from '../../server/bench/find-class.js'

const times = (p95: number, p99 = p95) => ({ p50: 1, p95, p99, n: 100 })
const run = (more: Partial<ClassBenchmark> = {}): ClassBenchmark => ({
  learners: 30,
  failed: 0,
  reasons: {},
  echoMs: times(60),
  openMs: times(9_000),
  checkMs: times(1_500),
  mapMs: times(5_000),
  matrixLagMs: times(10, 1_000),
  memoryMiBPerLearner: 80,
  cpuPercentPerLearner: 2,
  processorsPercent: 60,
  simulationPercent: 8,
  memoryFreeMiB: 9_024,
  ...more,
})

it('a run holds the bounds, or says which it does not', () => {
  expect(broken(run())).toEqual([])
  expect(broken(run({ echoMs: times(60.6), checkMs: times(1_501), matrixLagMs: times(10, 1_001) }))).toEqual([
    'echoMs p95 61 > 60',
    'checkMs p95 1501 > 1500',
    'matrixLagMs p99 1001 > 1000',
  ])
  expect(broken(run({ failed: 2, reasons: { 'no prompt came': 2 } }))).toEqual(['2 of 30 learners: no prompt came'])
})

it('memory is enough for those that it was taken by, and for as many as fit in what is left', () => {
  expect(roomFor(run())).toBe(130)
  expect(roomFor(run({ memoryFreeMiB: 500 }))).toBe(30)
  expect(roomFor(run({ memoryMiBPerLearner: -1 }))).toBe(Number.POSITIVE_INFINITY)
})

it.each([
  [57, 500, [8, 16, 32, 64, 48, 56, 60, 58], { most: 56, tooMany: 58 }],
  [500, 20, [8, 16, 20], { most: 20 }],
  [3, 500, [8, 4, 2, 3], { most: 3, tooMany: 4 }],
  [0, 500, [8, 4, 2, 1], { most: 0, tooMany: 1 }],
  [500, 8, [8], { most: 8 }],
])('the largest class is found: %i hold, %i at most', async (holding, most, tried, found) => {
  const counts: number[] = []
  const holds = async (count: number) => counts.push(count) > 0 && count <= holding
  expect(await largest(holds, () => most)).toEqual(found)
  expect(counts).toEqual(tried)
})

it('what memory is not enough for is not tried', async () => {
  const counts: number[] = []
  const result = await largest(
    async (count) => counts.push(count) > 0,
    () => (counts.length > 1 ? 21 : 500),
  )
  expect([counts, result]).toEqual([[8, 16, 21], { most: 21 }])
})

it('noise is compared with the quiet part of the same run, also for the one who feels it most', () => {
  const samples = new ClassSamples('quiet')
  const echoes = (who: string, ms: number, count = 50) => {
    for (let n = 0; n < count; n++) samples.add('echo', who, ms)
  }
  echoes('Ada', 10)
  echoes('Bob', 10)
  samples.add('check', 'Ada', 400)
  samples.part = undefined
  echoes('Ada', 999)
  samples.part = 'flood'
  echoes('Ada', 11)
  echoes('Bob', 15)
  // Who came late has nothing to be compared with.
  echoes('Eve', 500, 1)
  samples.add('check', 'Ada', 900)
  const felt = noiseFigures(samples, 'quiet', 'flood')
  expect(felt).toMatchObject({ echoRatio: 1.5, checkRatio: 2.25, worstEchoRatio: 1.5, echoMs: { n: 101, p95: 15 } })
  expect(felt.mapRatio).toBeNaN()
})
