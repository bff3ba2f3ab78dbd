import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { NetworkState } from '../../server/network/state.js'
import type { Probe } from '../../server/place/ground.js'
import { capturingOnce, sharingCaptures } from '../../server/trial/shared-captures.js'

/** Pictures that say when they were begun; the third can't be taken. */
function camera() {
  let begun = 0
  const probe = {
    async capture() {
      const n = ++begun
      await sleep(20)
      if (n === 3) throw new Error('no picture')
      return { takenAt: `${n}` } as NetworkState
    },
  } as unknown as Probe
  return { probe, begun: () => begun }
}

it('gives those who ask at the same time one picture, and whoever asks later a later one', async () => {
  const { probe, begun } = camera()
  const { capture } = sharingCaptures(probe)
  const [a, b] = [capture(), capture()]
  await sleep(5)
  // Begun after the first one was, so it gets one of its own.
  const [c, d] = [capture(), capture()]
  expect((await Promise.all([a, b, c, d])).map(({ takenAt }) => takenAt)).toEqual(['1', '1', '2', '2'])
  expect(begun()).toBe(2)
  await expect(capture()).rejects.toThrow('no picture')
  expect((await capture()).takenAt).toBe('4')
})

it('takes one picture for one look', async () => {
  const { probe, begun } = camera()
  const { capture } = capturingOnce(probe)
  expect(await capture()).toBe(await capture())
  expect(begun()).toBe(1)
})
