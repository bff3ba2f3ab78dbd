import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { UsedTime } from '../../../server/session/life/used-time.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function used() {
  const seen = { attended: false, recorded: 0, changes: 0 }
  const time = new UsedTime({
    usedMs: 1_000,
    now: Date.now,
    attended: () => seen.attended,
    record: (ms) => {
      seen.recorded += ms
    },
    onChange: () => {
      seen.changes++
    },
  })
  return { time, seen }
}

it('counts while someone looks on, and is recorded within ten seconds', () => {
  const { time, seen } = used()
  vi.advanceTimersByTime(20_000)
  expect(time.usedMs).toBe(1_000)
  seen.attended = true
  time.update()
  expect(time.counting).toBe(true)
  vi.advanceTimersByTime(10_000)
  expect(seen.recorded).toBeGreaterThan(0)
  expect(time.usedMs).toBe(11_000)
  seen.attended = false
  time.update()
  vi.advanceTimersByTime(60_000)
  expect(time.usedMs).toBe(11_000)
  expect(seen).toMatchObject({ recorded: 10_000, changes: 2 })
  time.stop()
})

it('ceases five minutes after the last thing that was done, and goes on with the next', () => {
  const { time, seen } = used()
  seen.attended = true
  time.touch()
  vi.advanceTimersByTime(3_600_000)
  expect(time.counting).toBe(false)
  expect(time.usedMs).toBe(1_000 + 300_000)
  time.touch()
  expect(time.counting).toBe(true)
  vi.advanceTimersByTime(60_000)
  expect(time.usedMs).toBe(1_000 + 360_000)
  time.stop()
  expect(seen.recorded).toBe(360_000)
})

it('begins from nothing when the lab is started over', () => {
  const { time, seen } = used()
  seen.attended = true
  time.touch()
  vi.advanceTimersByTime(7_000)
  const { recorded } = seen
  time.forget()
  expect(time.usedMs).toBe(0)
  vi.advanceTimersByTime(2_000)
  expect(time.usedMs).toBe(2_000)
  time.stop()
  expect(seen.recorded).toBe(recorded + 2_000)
})
