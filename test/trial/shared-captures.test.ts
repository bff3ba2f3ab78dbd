import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { NetworkState } from '../../server/network/state.js'
import type { Probe } from '../../server/place/ground.js'
import { keepingLatest, lookingOnce, sharingCaptures } from '../../server/trial/shared-captures.js'

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

it('takes one picture for one look, or none where there is one, and asks the same thing once', async () => {
  const { probe, begun } = camera()
  const asked: string[] = []
  probe.ask = async (host, question) => {
    asked.push(`${host} ${question.kind}`)
    return { outcome: 'yes', detail: '', durationMs: 1 }
  }
  const { capture, ask } = lookingOnce(probe)
  expect(await capture()).toBe(await capture())
  expect(begun()).toBe(1)
  const ping = { kind: 'ping', address: '10.0.0.1', count: 1, timeoutMs: 100 } as const
  await Promise.all([ask('a', ping), ask('a', { ...ping }), ask('b', ping), ask('a', { ...ping, address: '10.0.0.2' })])
  expect(asked).toEqual(['a ping', 'b ping', 'a ping'])
  const taken = { takenAt: 'before' } as NetworkState
  expect(await lookingOnce(probe, taken).capture()).toBe(taken)
  expect(begun()).toBe(1)
})

it('keeps the picture that was taken last, and none where that could not be taken', async () => {
  const { probe } = camera()
  const kept = keepingLatest(probe)
  expect(kept.latest()).toBeUndefined()
  for (const n of ['1', '2']) {
    await kept.probe.capture()
    expect(kept.latest()?.takenAt).toBe(n)
  }
  await expect(kept.probe.capture()).rejects.toThrow('no picture')
  expect(kept.latest()).toBeUndefined()
})
