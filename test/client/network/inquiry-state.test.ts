// @vitest-environment jsdom
import { describe, expect, it } from 'vitest'
import { type TraceForm, wayOf, wrongIn } from '../../../client/network/inquiry/inquiry-state.js'
import type { Hop, TraceStory } from '../../../server/protocol/protocol.js'

const hop = (state: Hop['state'], about: string[]): Hop => ({
  ...{ kind: 'link', state, place: 'node1', text: { en: 'hop', zh: '跳' }, evidence: [], about },
})
const story = (outcome: TraceStory['outcome'], hops: Hop[]): TraceStory => ({
  ...{ from: 'a', to: 'b', protocol: 'icmp', outcome, hops, durationMs: 1 },
  summary: { en: 'told', zh: '结果' },
})

describe('the way of a story', () => {
  it('is all that it went through, where it was answered', () => {
    const way = wayOf(story('answered', [hop('ok', ['a', 'a-b']), hop('ok', ['b'])]))
    expect([...way]).toEqual([
      ['a', 'way'],
      ['a-b', 'way'],
      ['b', 'way'],
    ])
  })

  it('ends where it stopped, and where what stopped it is not drawn, at the last thing before', () => {
    expect(wayOf(story('stopped', [hop('ok', ['a']), hop('stop', ['b'])])).get('b')).toBe('stop')
    const undrawn = wayOf(story('stopped', [hop('ok', ['a', 'b']), hop('stop', []), hop('unknown', ['c'])]))
    expect([...undrawn]).toEqual([
      ['a', 'way'],
      ['b', 'stop'],
      ['c', 'way'],
    ])
    expect(wayOf(story('stopped', [])).size).toBe(0)
    expect([...wayOf(story('error', [hop('ok', ['a'])])).values()]).toEqual(['way'])
  })
})

it.each<[keyof TraceForm | undefined, Partial<TraceForm>]>([
  [undefined, {}],
  ['from', { from: '  ' }],
  ['to', { to: '' }],
  [undefined, { protocol: 'tcp', port: '80' }],
  ['port', { protocol: 'tcp', port: '' }],
  ['port', { protocol: 'tcp', port: '0' }],
  ['port', { protocol: 'udp', port: '65536' }],
  ['port', { protocol: 'udp', port: '8o' }],
  // Pings have none, whatever was typed before.
  [undefined, { protocol: 'icmp', port: 'x' }],
])('what is wrong is %s in %j', (wrong, change) => {
  expect(wrongIn({ from: 'web', to: 'db', port: '', protocol: 'icmp', ...change })).toBe(wrong)
})
