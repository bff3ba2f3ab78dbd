import { describe, expect, it } from 'vitest'
import {
  OutputAllowance,
  OWN_BURST_BYTES,
  OWN_BYTES_PER_SECOND,
  RACK_BURST_BYTES,
  RACK_BYTES_PER_SECOND,
} from '../../server/terminal/output-allowance.js'
import { RecordedView } from './recorded-view.js'
import { openTerminal, script, startPtyHost } from './running-pty-host.js'

const KIB = 1024

describe('what the terminals of a rack may put out', () => {
  it('is at once what the burst has, and then so much a second for all together', () => {
    const allowance = new OutputAllowance(0)
    const [a, b] = [allowance.share(0), allowance.share(0)]
    a.take(RACK_BURST_BYTES / 2 + OWN_BURST_BYTES, 0)
    expect([a.waitMs(0), b.waitMs(0)]).toEqual([0, 0])
    b.take(RACK_BURST_BYTES / 2 + OWN_BURST_BYTES, 0)
    // Whoever waits goes on with a piece.
    expect([a.waitMs(0), b.waitMs(0.1)].every((wait) => wait > 1)).toBe(true)
    expect(b.waitMs(10)).toBe(0)
    let put = 0
    for (let now = 1000; now < 11_000; now += 1) {
      for (const share of [a, b]) {
        if (share.waitMs(now) > 0) continue
        share.take(4 * KIB, now)
        put += 4 * KIB
      }
    }
    const most = 11 * (RACK_BYTES_PER_SECOND + 2 * OWN_BYTES_PER_SECOND) + 2 * OWN_BURST_BYTES
    expect(put).toBeLessThan(most)
    expect(put).toBeGreaterThan(most / 2)
  })

  it('leaves a terminal that puts out little alone, whatever the others do', () => {
    const allowance = new OutputAllowance(0)
    const [loud, quiet] = [allowance.share(0), allowance.share(0)]
    for (let now = 0; now < 10_000; now += 10) {
      loud.take(1024 * KIB, now)
      quiet.take(1 * KIB, now)
      expect(quiet.waitMs(now)).toBe(0)
    }
    expect(loud.waitMs(10_000)).toBeGreaterThan(200)
  })

  it('has a piece for who types, and not for who types without end', () => {
    const share = new OutputAllowance(0).share(0)
    share.take(2 * RACK_BURST_BYTES, 0)
    expect(share.waitMs(0)).toBeGreaterThan(200)
    share.typed(0)
    expect(share.waitMs(0)).toBe(0)
    share.take(32 * KIB, 0)
    for (let now = 0; now < 20; now++) share.typed(now)
    expect(share.waitMs(20)).toBeGreaterThan(100)
  })
})

it('a terminal that prints without end is slowed down, and another one of the rack is not', async () => {
  const socket = await startPtyHost(script('if read line && [ "$line" = loud ]; then cat /dev/zero; else cat; fi'))
  const client = await socket.connect()
  const loud = await RecordedView.attach(client, await openTerminal(client))
  const quiet = await RecordedView.attach(client, await openTerminal(client))
  const started = performance.now()
  loud.attachment.write(Buffer.from('loud\n'))
  quiet.attachment.write(Buffer.from('quiet\n'))
  await expect.poll(() => loud.received, { timeout: 60_000 }).toBeGreaterThan(RACK_BURST_BYTES)
  quiet.attachment.write(Buffer.from('still there\n'))
  await expect.poll(() => Buffer.from(quiet.bytes).toString(), { timeout: 10_000 }).toContain('still there')
  await expect
    .poll(() => loud.received, { timeout: 60_000 })
    .toBeGreaterThan(RACK_BURST_BYTES + 6 * RACK_BYTES_PER_SECOND)
  const seconds = (performance.now() - started) / 1000
  const most = RACK_BURST_BYTES + OWN_BURST_BYTES + seconds * (RACK_BYTES_PER_SECOND + OWN_BYTES_PER_SECOND)
  expect(loud.received).toBeLessThan(most + 1024 * KIB)
}, 120_000)
