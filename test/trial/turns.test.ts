import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { usualGradings, usualJobs } from '../../server/trial/run-trials.js'
import { Turns } from '../../server/trial/turns.js'

const gib = 1024 ** 3

test('no more work at a time than there are turns, and all get theirs in order', async () => {
  const turns = new Turns(2)
  const began: number[] = []
  let working = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 6 }, (_, n) =>
      turns.work(async () => {
        began.push(n)
        most = Math.max(most, ++working)
        await turnOfLoop()
        working--
      }),
    ),
  )
  expect(most).toBe(2)
  expect(began).toEqual([0, 1, 2, 3, 4, 5])
})

test('who only waits lets another one work, and goes on when that has ended', async () => {
  const turns = new Turns(1)
  const told: string[] = []
  let over = () => {}
  const wait = new Promise<void>((resolve) => {
    over = resolve
  })
  const first = turns.work(async ({ waitOut }) => {
    told.push('first works')
    await waitOut(() => wait)
    told.push('first goes on')
  })
  const second = turns.work(async () => {
    told.push('second works')
    over()
    await turnOfLoop()
    await turnOfLoop()
    told.push('second ends')
  })
  await Promise.all([first, second])
  expect(told).toEqual(['first works', 'second works', 'second ends', 'first goes on'])
})

test('a turn comes back from whoever fails, also while waiting', async () => {
  const turns = new Turns(1)
  await expect(turns.work(() => Promise.reject(new Error('one')))).rejects.toThrow('one')
  const failing = turns.work(({ waitOut }) => waitOut(() => Promise.reject(new Error('two'))))
  await expect(failing).rejects.toThrow('two')
  expect(await turns.work(async () => 'works')).toBe('works')
})

test('as many jobs as memory and cores allow, and one at least', () => {
  expect(usualJobs(64 * gib, 2)).toBe(4)
  expect(usualGradings(64 * gib, 2)).toBe(2)
  expect(usualJobs(5 * gib, 8)).toBe(2)
  expect(usualJobs(1 * gib, 8)).toBe(1)
})
