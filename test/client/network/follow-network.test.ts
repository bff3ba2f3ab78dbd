// @vitest-environment jsdom
import { describe, expect, it } from 'vitest'
import { newlyTold, withEntry } from '../../../client/network/follow-network.js'
import { referenceOf } from '../../../client/network/network-state.js'
import type { TimelineEntry } from '../../../server/protocol/protocol.js'
import { element } from './sample-map.js'

const entry = (id: number, ...about: string[]): TimelineEntry => ({
  id,
  at: '2026-01-01T12:00:00.000Z',
  changes: about.map((one) => ({ text: { en: one, zh: one }, about: [one], kind: 'added' })),
})

describe('the timeline', () => {
  it('takes new entries, newer forms of old ones, and those that come late', () => {
    const first = withEntry([entry(1)], entry(3, 'c'))
    expect(first.map(({ id }) => id)).toEqual([1, 3])
    expect(withEntry(first, entry(2)).map(({ id }) => id)).toEqual([1, 2, 3])
    const newer = withEntry(first, entry(3, 'c', 'd'))
    expect(newer.map(({ changes }) => changes.length)).toEqual([0, 2])
  })

  it('has glow only what was not told before', () => {
    expect([...newlyTold(entry(3, 'c', 'd'), entry(3, 'c'))]).toEqual(['d'])
    expect([...newlyTold(entry(3, 'c'), undefined)]).toEqual(['c'])
    expect(newlyTold(entry(3, 'c'), entry(3, 'c')).size).toBe(0)
  })
})

describe('referenceOf', () => {
  it('calls hosts and containers as a trace does, and nothing else', () => {
    expect(referenceOf(element('host:laptop', 'host'))).toBe('laptop')
    expect(referenceOf(element('node2/container:web', 'container'))).toBe('node2/web')
    expect(referenceOf(element('node2/bridge:docker0', 'bridge'))).toBeUndefined()
  })
})
