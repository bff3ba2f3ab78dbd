import { describe, expect, it } from 'vitest'
import { readSpokenTarget } from '../../server/place/read-target.js'

describe('a target that is spoken to', () => {
  it.each([
    ['http://web', false, { to: 'web', port: 80, protocol: 'tcp', speaks: { as: 'http' } }],
    [
      'http://node1:8080/a?b=c',
      false,
      { to: 'node1', port: 8080, protocol: 'tcp', speaks: { as: 'http', path: '/a?b=c' } },
    ],
    ['https://[fd00::5]', false, { to: 'fd00::5', port: 443, protocol: 'tcp', speaks: { as: 'tls' } }],
    ['web:81', true, { to: 'web', port: 81, protocol: 'tcp', speaks: { as: 'http' } }],
    ['web', true, { to: 'web', port: 80, protocol: 'tcp', speaks: { as: 'http' } }],
    ['web:81', false, { to: 'web', port: 81 }],
  ])('%s', (text, http, expected) => {
    expect(readSpokenTarget(text, undefined, http)).toEqual(expected)
  })

  it.each([
    ['http://web/a b', undefined],
    ['http://user@web/', undefined],
    ['http://web', 'udp' as const],
  ])('%s is refused', (text, protocol) => {
    expect(() => readSpokenTarget(text, protocol, false)).toThrow()
  })
})
