import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { ViewFeed } from '../../../server/session/feed/view-feed.js'

it('gathers changes, and always sends the last', async () => {
  let version = 0
  const feed = new ViewFeed(() => version)
  const seen: number[] = []
  const end = feed.subscribe((view) => seen.push(view))
  for (let n = 0; n < 200; n++) {
    version++
    feed.changed()
    if (n % 20 === 0) await sleep(2)
  }
  await expect.poll(() => seen.at(-1)).toBe(200)
  expect(seen.length).toBeLessThan(50)
  end()
  version++
  feed.changed()
  await sleep(60)
  expect(seen.at(-1)).toBe(200)
  expect(feed.watched).toBe(false)
})

it('keeps one viewer from harming another', async () => {
  const feed = new ViewFeed(() => 'view')
  const seen: string[] = []
  feed.subscribe(() => {
    throw new Error('this viewer is broken, on purpose')
  })
  feed.subscribe((view) => seen.push(view))
  feed.changed()
  await expect.poll(() => seen).toEqual(['view'])
})

it('sends what waits when it stops', () => {
  const feed = new ViewFeed(() => 'last')
  const seen: string[] = []
  feed.subscribe((view) => seen.push(view))
  feed.changed()
  feed.stop()
  expect(seen).toEqual(['last'])
})
