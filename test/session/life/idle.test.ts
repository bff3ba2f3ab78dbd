import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { IdleClock } from '../../../server/session/life/idle.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function clock() {
  const told: string[] = []
  const idle = new IdleClock({
    idleMs: 10_000,
    warningMs: 3_000,
    now: Date.now,
    onChange: () => told.push(idle.closesAt === undefined ? 'stays' : 'warned'),
    onIdle: () => told.push('closed'),
  })
  idle.start()
  return { idle, told }
}

it('announces the end, then comes to it', () => {
  const { idle, told } = clock()
  const end = Date.now() + 10_000
  expect(idle.endsAt).toBe(end)
  vi.advanceTimersByTime(6_999)
  expect(told).toEqual([])
  expect(idle.closesAt).toBeUndefined()
  vi.advanceTimersByTime(1)
  expect(told).toEqual(['warned'])
  expect(idle.closesAt).toBe(end)
  vi.advanceTimersByTime(3_000)
  expect(told).toEqual(['warned', 'closed'])
  expect(idle.closesAt).toBeUndefined()
  vi.advanceTimersByTime(60_000)
  expect(told).toHaveLength(2)
})

it('starts again with each sign of someone', () => {
  const { idle, told } = clock()
  for (let n = 0; n < 10; n++) {
    vi.advanceTimersByTime(5_000)
    idle.touch()
  }
  expect(told).toEqual([])
  vi.advanceTimersByTime(8_000)
  expect(told).toEqual(['warned'])
  idle.touch()
  expect(told).toEqual(['warned', 'stays'])
  vi.advanceTimersByTime(6_999)
  expect(told).toHaveLength(2)
  vi.advanceTimersByTime(3_001)
  expect(told).toEqual(['warned', 'stays', 'warned', 'closed'])
})

it('says nothing once it is stopped', () => {
  const { idle, told } = clock()
  vi.advanceTimersByTime(8_000)
  idle.stop()
  idle.touch()
  vi.advanceTimersByTime(60_000)
  expect(told).toEqual(['warned'])
  expect(idle.endsAt).toBeUndefined()
})

it('never closes without a warning, also when both are the same time', () => {
  const told: string[] = []
  const idle = new IdleClock({
    idleMs: 1_000,
    warningMs: 60_000,
    now: Date.now,
    onChange: () => told.push('warned'),
    onIdle: () => told.push('closed'),
  })
  idle.start()
  vi.advanceTimersByTime(1_001)
  expect(told).toEqual(['warned', 'closed'])
})
