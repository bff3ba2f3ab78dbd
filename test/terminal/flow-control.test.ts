import { describe, expect, it } from 'vitest'
import { FlowControl } from '../../server/terminal/flow-control.js'

const KIB = 1024
const limits = { high: 512 * KIB, low: 256 * KIB, stallMs: 5_000, capacity: 1024 * KIB }
const upTo = (end: number) => ({ start: Math.max(0, end - limits.capacity), end })

describe('FlowControl', () => {
  it('lets a pty run that nobody watches', () => {
    const flow = new FlowControl(limits)
    expect(flow.decide(upTo(100_000 * KIB), 0)).toEqual({ paused: false })
  })

  it('opens the window by what is acknowledged', () => {
    const flow = new FlowControl(limits)
    const viewer = flow.attach(100)
    expect(flow.window(viewer)).toBe(limits.high)
    viewer.sent += 500 * KIB
    expect(flow.window(viewer)).toBe(12 * KIB)
    flow.acknowledge(viewer, 100 + 500 * KIB, 0)
    expect(flow.window(viewer)).toBe(limits.high)
  })

  it('takes no acknowledgement of what was not sent, and none back', () => {
    const flow = new FlowControl(limits)
    const viewer = flow.attach(0)
    viewer.sent = 1_000
    flow.acknowledge(viewer, 1e9, 0)
    expect(viewer.acknowledged).toBe(1_000)
    flow.acknowledge(viewer, 10, 0)
    expect(viewer.acknowledged).toBe(1_000)
  })

  it('pauses above the high mark and resumes at the low mark, not in between', () => {
    const flow = new FlowControl(limits)
    const viewer = flow.attach(0)
    const end = limits.high + 1
    expect(flow.decide(upTo(limits.high), 0).paused).toBe(false)
    expect(flow.decide(upTo(end), 0).paused).toBe(true)
    viewer.sent = end
    flow.acknowledge(viewer, end - limits.low - 1, 1)
    expect(flow.decide(upTo(end), 1).paused).toBe(true)
    flow.acknowledge(viewer, end - limits.low, 2)
    expect(flow.decide(upTo(end), 2)).toEqual({ paused: false })
  })

  it('follows the best viewer until the slowest is about to lose bytes', () => {
    const flow = new FlowControl(limits)
    const fast = flow.attach(0)
    const slow = flow.attach(0)
    slow.sent = limits.high
    const run = (end: number) => {
      fast.sent = end
      flow.acknowledge(fast, end, 0)
      return flow.decide(upTo(end), 0).paused
    }
    expect(run(896 * KIB)).toBe(false)
    expect(run(897 * KIB)).toBe(true)
    flow.acknowledge(slow, 128 * KIB, 0)
    expect(flow.decide(upTo(897 * KIB), 0).paused).toBe(true)
    flow.acknowledge(slow, 129 * KIB, 0)
    expect(flow.decide(upTo(897 * KIB), 0).paused).toBe(false)
  })

  it('no longer waits for a viewer that stalls, says when that will be, and takes it back', () => {
    const flow = new FlowControl(limits)
    const viewer = flow.attach(0)
    viewer.sent = limits.high
    const end = 600 * KIB
    expect(flow.decide(upTo(end), 1_000)).toEqual({ paused: true, recheckAt: 6_000 })
    expect(flow.decide(upTo(end), 5_999).paused).toBe(true)
    expect(flow.decide(upTo(end), 6_000)).toEqual({ paused: false })
    flow.acknowledge(viewer, 1, 7_000)
    expect(flow.decide(upTo(end), 7_000)).toEqual({ paused: true, recheckAt: 12_000 })
  })

  it('counts no time in which a viewer is owed nothing', () => {
    const flow = new FlowControl(limits)
    const viewer = flow.attach(0)
    flow.decide(upTo(10), 0)
    viewer.sent = 10
    flow.acknowledge(viewer, 10, 100)
    expect(flow.decide(upTo(10), 200).paused).toBe(false)
    expect(flow.decide(upTo(limits.high + 11), 1_000_000)).toEqual({ paused: true, recheckAt: 1_005_000 })
  })

  it('does not wait for one that has lost bytes already, nor for one that left', () => {
    const flow = new FlowControl(limits)
    const lost = flow.attach(0)
    const fast = flow.attach(2_000 * KIB)
    fast.sent = 2_000 * KIB
    expect(flow.decide(upTo(2_000 * KIB), 0).paused).toBe(false)
    flow.skip(lost, 976 * KIB)
    expect(flow.decide(upTo(2_000 * KIB), 0).paused).toBe(true)
    flow.detach(lost)
    expect(flow.decide(upTo(2_000 * KIB), 0).paused).toBe(false)
  })
})
