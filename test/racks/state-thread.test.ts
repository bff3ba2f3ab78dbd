import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { networkState } from '../../server/network/assemble.js'
import type { HostCapture } from '../../server/network/capture.js'
import { RackGround } from '../../server/racks/rack-ground.js'
import type { Racks } from '../../server/racks/racks.js'
import { StateThread } from '../../server/racks/state-thread.js'
import { fixture, rackShape } from '../network/fixtures.js'

let thread: StateThread
beforeAll(async () => {
  thread = await StateThread.start()
})
afterAll(() => thread.stop())

/** A host with so many more rules than a lab has. */
function captureWith(rules: number): HostCapture {
  const capture = structuredClone(fixture('node1'))
  const one = {
    family: 'ip',
    table: 'nat',
    chain: 'POSTROUTING',
    handle: 9,
    expr: [{ counter: { packets: 1, bytes: 2 } }, { drop: null }],
  }
  const told = JSON.parse(capture.namespaces[0]!.answers.rules.text) as { nftables: unknown[] }
  told.nftables.push(...Array.from({ length: rules }, (_, n) => ({ rule: { ...one, handle: 1000 + n } })))
  capture.namespaces[0]!.answers.rules.text = JSON.stringify(told)
  return capture
}

/** How often this thread got its turn meanwhile. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0
  let over = false
  const turn = () => {
    turns++
    if (!over) setImmediate(turn)
  }
  setImmediate(turn)
  await work
  over = true
  return turns
}

describe('the picture of a large network', () => {
  it('is made while this thread goes on, and is the same', async () => {
    const captures = [captureWith(8000)]
    let made: unknown
    const here = async () => networkState(captures, rackShape())
    expect(await turnsDuring(here())).toBeLessThan(3)
    const there = new RackGround(
      { info: async () => rackShape(), capture: async () => captures[0], states: thread } as unknown as Racks,
      'r1',
    ).capture()
    expect(await turnsDuring(there.then((state) => (made = state)))).toBeGreaterThan(20)
    const { hosts } = networkState([captures[0]!, captures[0]!, captures[0]!], rackShape())
    expect(made).toMatchObject({ hosts })
  })

  it('that could not be made is a typed error, and the next one is made', async () => {
    const lost = thread.make([captureWith(8000)], rackShape())
    await thread.stop()
    await expect(lost).rejects.toMatchObject({ code: 'command.failed', place: 'capture' })
    const captures = [captureWith(4000)]
    expect(await thread.make(captures, rackShape())).toEqual(networkState(captures, rackShape()))
  })
})
