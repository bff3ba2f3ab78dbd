import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { keepUp } from '../../server/racks/keep-up.js'

it('connects again and again, with pauses that grow, until it is told to stop', async () => {
  const abort = new AbortController()
  const at: number[] = []
  const failures: unknown[] = []
  const done = keepUp(
    abort.signal,
    async () => {
      at.push(performance.now())
      if (at.length % 2 === 0) throw new Error('away')
    },
    (error) => failures.push(error) > 0,
  )
  await expect.poll(() => at.length, { timeout: 10_000 }).toBe(4)
  expect(at[3]! - at[2]!).toBeGreaterThan(at[1]! - at[0]!)
  expect(failures).toHaveLength(2)
  abort.abort()
  await done
  await sleep(100)
  expect(at).toHaveLength(4)
})

it('gives up when there is nothing to connect to any more', async () => {
  let tries = 0
  await keepUp(
    new AbortController().signal,
    () => {
      tries++
      return Promise.reject(new Error('gone'))
    },
    () => false,
  )
  expect(tries).toBe(1)
})

it('does not tell of what its own end has broken', async () => {
  const abort = new AbortController()
  const failures: unknown[] = []
  const done = keepUp(
    abort.signal,
    (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    (error) => failures.push(error) > 0,
  )
  abort.abort()
  await done
  expect(failures).toEqual([])
})
