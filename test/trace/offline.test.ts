import { describe, expect, it } from 'vitest'
import { withOffline } from '../../server/trace/offline.js'
import type { TraceStory } from '../../server/trace/story.js'
import { standardRack } from '../check/state-builder.js'

const told = (code: NonNullable<TraceStory['cause']>['code'] = 'no-route') => ({
  outcome: 'stopped' as const,
  summary: { en: 'no answer', zh: '没有应答' },
  cause: { code, what: { en: 'why', zh: '原因' }, evidence: [], tries: [{ en: 'publish a port', zh: '发布端口' }] },
})

describe('a goal in the internet, asked for in a rack without', () => {
  const { state } = standardRack()

  it.each(['8.8.8.8', '2606:4700::1111', 'example.com', 'deb.debian.org', 'Registry-1.docker.io.'])(
    '%s is told as out of reach, without advice that can not help',
    (to) => {
      const { summary, cause } = withOffline(told(), to, state)
      expect(summary.en).toMatch(/^no answer; this rack is offline: /)
      expect(summary.zh).toMatch(/^没有应答；这套主机没有接入互联网/)
      expect(cause!.tries.map(({ en }) => en)).toEqual([expect.stringMatching(/^ask for something within the rack/)])
    },
  )

  it.each([
    ...['172.20.0.99', '192.168.1.99', '10.9.9.9', '169.254.1.1', 'fd00::1', '127.0.0.1', '224.0.0.1'],
    ...['web', 'node1/web', 'web.my_net', 'db.local', 'intranet.corp', 'a.example', 'node1/example.com', 'x.12'],
  ])('%s may be within, and is told as it is', (to) => {
    expect(withOffline(told(), to, state)).toEqual(told())
  })

  it('is nothing that a network of the rack has a range for', () => {
    const rack = standardRack()
    rack.state.lans.push({ name: 'dmz', subnet: '8.8.8.0/24', gateway: '8.8.8.1', mtu: 1500 })
    expect(withOffline(told(), '8.8.8.8', rack.state)).toEqual(told())
  })

  it('leaves alone what is wrong within the rack, and what was answered', () => {
    expect(withOffline(told('forwarding-off'), '8.8.8.8', state)).toEqual(told('forwarding-off'))
    const answered = { outcome: 'answered' as const, summary: { en: 'yes', zh: '是' } }
    expect(withOffline(answered, '8.8.8.8', state)).toEqual(answered)
  })
})
