import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Inquiries } from '../../../server/session/inquiry/inquiries.js'

const never = new AbortController().signal
const cancelled = expect.objectContaining({ code: 'trace.cancelled' })

it('gives what the work gives, and its failures', async () => {
  const inquiries = new Inquiries()
  expect(await inquiries.run(async () => 7, never)).toBe(7)
  await expect(inquiries.run(() => Promise.reject(new Error('broken')), never)).rejects.toThrow('broken')
})

it('ends the last one for a new one, which begins when that has come to its end', async () => {
  const inquiries = new Inquiries()
  const told: string[] = []
  const first = inquiries.run(async (signal) => {
    await sleep(10_000, undefined, { signal }).catch(() => {})
    await sleep(50)
    told.push('the first has ended')
  }, never)
  await sleep(10)
  const second = inquiries.run(async () => told.push('the second begins'), never)
  await expect(first).rejects.toEqual(cancelled)
  await second
  expect(told).toEqual(['the first has ended', 'the second begins'])
})

it('ends when it is told to, and when whoever asked is gone, though the work does not listen', async () => {
  const inquiries = new Inquiries()
  const deaf = () => sleep(60_000, undefined, { ref: false })
  const one = inquiries.run(deaf, never)
  inquiries.cancel()
  await expect(one).rejects.toEqual(cancelled)
  const gone = new AbortController()
  const two = inquiries.run(deaf, never, gone.signal)
  gone.abort()
  await expect(two).rejects.toEqual(cancelled)
  await expect(inquiries.run(deaf, gone.signal)).rejects.toEqual(cancelled)
})
