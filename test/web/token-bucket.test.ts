import { expect, it } from 'vitest'
import { TokenBucket } from '../../server/web/token-bucket.js'

it('lets a burst through, then so much a second, and saves up no more than a burst', () => {
  let now = 0
  const bucket = new TokenBucket(10, 3, () => now)
  const taken = () => [bucket.take(), bucket.take(), bucket.take(), bucket.take()]
  expect(taken()).toEqual([true, true, true, false])
  now += 100
  expect(taken()).toEqual([true, false, false, false])
  now += 60_000
  expect(bucket.take(4)).toBe(false)
  expect(bucket.take(2)).toBe(true)
  expect(bucket.take(2)).toBe(false)
  expect(bucket.take(1)).toBe(true)
})
