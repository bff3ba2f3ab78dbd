import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { NetworkLooks } from '../../../server/session/feed/network-looks.js'

const all: NetworkLooks[] = []
afterEach(() => {
  for (const looks of all.splice(0)) looks.stop()
})

/** Looks that take as long as a test says. */
function bench(lookMs = 20) {
  const seen = {
    looks: [] as number[],
    atOnce: 0,
    most: 0,
    failures: 0,
    fails: false,
    others: undefined as number | undefined,
  }
  const looks = new NetworkLooks({
    look: async () => {
      seen.looks.push(performance.now())
      seen.most = Math.max(seen.most, ++seen.atOnce)
      const began = Date.now()
      await sleep(lookMs)
      seen.atOnce--
      if (seen.fails) throw new Error('the host is being reset')
      looks.seen(began)
    },
    lookingSince: () => seen.others,
    isLively: () => false,
    onFailure: () => {
      seen.failures++
    },
  })
  all.push(looks)
  return { looks, seen }
}

it('looks as it begins, and then not before something changes', async () => {
  const { looks, seen } = bench()
  await expect.poll(() => seen.looks.length).toBe(1)
  await sleep(700)
  expect(seen.looks).toHaveLength(1)
  looks.changed()
  await expect.poll(() => seen.looks.length).toBe(2)
})

it('looks again a moment after the last change, twice', async () => {
  const { looks, seen } = bench()
  await expect.poll(() => seen.looks.length).toBe(1)
  looks.changed()
  await expect.poll(() => seen.looks.length, { timeout: 10_000 }).toBe(4)
  await sleep(1_500)
  expect(seen.looks).toHaveLength(4)
})

it('makes few looks of a storm, one at a time, and always one after the last change', async () => {
  const { looks, seen } = bench(100)
  let last = 0
  for (let n = 0; n < 100; n++) {
    looks.changed()
    last = performance.now()
    await sleep(10)
  }
  await expect.poll(() => seen.looks.at(-1)! >= last).toBe(true)
  expect(seen.looks.length).toBeLessThan(12)
  expect(seen.most).toBe(1)
  const gaps = seen.looks.slice(1).map((at, n) => at - seen.looks[n]!)
  expect(Math.min(...gaps)).toBeGreaterThan(240)
})

it('rests for long after a look that was costly, and not after others', async () => {
  const { looks, seen } = bench()
  await expect.poll(() => seen.looks.length).toBe(1)
  await sleep(300)
  looks.seen(Date.now(), 50)
  looks.changed()
  await sleep(800)
  expect(seen.looks).toHaveLength(1)
  await expect.poll(() => seen.looks.length, { timeout: 5_000 }).toBeGreaterThan(1)
  expect(seen.looks[1]! - seen.looks[0]!).toBeGreaterThan(1_400)
})

it('leaves it to checks that look by themselves', async () => {
  const { looks, seen } = bench()
  await expect.poll(() => seen.looks.length).toBe(1)
  await sleep(300)
  looks.commandEnded()
  await sleep(100)
  looks.seen(Date.now())
  await sleep(700)
  expect(seen.looks).toHaveLength(1)
  // Nor while their look, which began after the change, is being made; unless nothing comes of it.
  looks.commandEnded()
  seen.others = Date.now()
  await sleep(900)
  expect(seen.looks).toHaveLength(1)
  seen.others = undefined
  await expect.poll(() => seen.looks.length).toBe(2)
})

it('is not content with a look that began before the change', async () => {
  const { looks, seen } = bench()
  await expect.poll(() => seen.looks.length).toBe(1)
  await sleep(300)
  const before = Date.now() - 5
  looks.changed()
  looks.seen(before)
  await expect.poll(() => seen.looks.length).toBe(2)
})

it('tries again after a failure, and stops for good', async () => {
  const { looks, seen } = bench()
  seen.fails = true
  await expect.poll(() => seen.failures, { timeout: 5_000 }).toBe(2)
  looks.stop()
  looks.changed()
  const { length } = seen.looks
  await sleep(1_500)
  expect(seen.looks).toHaveLength(length)
})

it('rests in proportion to what a look took', async () => {
  const { looks, seen } = bench(600)
  await expect.poll(() => seen.looks.length).toBe(1)
  const end = performance.now() + 4_000
  while (performance.now() < end) {
    looks.changed()
    await sleep(50)
  }
  expect(seen.looks.length).toBeLessThanOrEqual(4)
})
