import { describe, expect, it } from 'vitest'
import { VethlabError } from '../../server/error/vethlab-error.js'
import { readTarget } from '../../server/place/read-target.js'

describe('TO[:PORT]', () => {
  it.each([
    ['web', { to: 'web' }],
    ['web:80', { to: 'web', port: 80 }],
    ['node2/app:8080', { to: 'node2/app', port: 8080 }],
    ['shop.1:80', { to: 'shop.1', port: 80 }],
    ['10.0.0.5', { to: '10.0.0.5' }],
    ['10.0.0.5:53', { to: '10.0.0.5', port: 53 }],
    ['fd00::5', { to: 'fd00::5' }],
    ['[fd00::5]:80', { to: 'fd00::5', port: 80 }],
    ['[fd00::5]', { to: 'fd00::5' }],
  ])('%s', (text, target) => {
    expect(readTarget(text)).toEqual(target)
  })

  it.each([
    '',
    ':80',
    'web:',
    'web:0',
    'web:65536',
    'web:http',
    'a b',
    '-web',
    'web/',
    'a/b/c',
    '[web]:80',
    '[10.0.0.5]:80',
    'x:1:2',
    'we\nb',
  ])('refuses %j in one line', (text) => {
    expect(() => readTarget(text)).toThrow(VethlabError)
    expect(() => readTarget(text)).toThrow(/^TO: .+\. Write .+$/)
  })

  it('has a port where the protocol has ports, and none where it has not', () => {
    expect(readTarget('web:53', 'udp')).toEqual({ to: 'web', port: 53, protocol: 'udp' })
    expect(readTarget('web', 'icmp')).toEqual({ to: 'web', protocol: 'icmp' })
    expect(() => readTarget('web:80', 'icmp')).toThrow(/icmp has no ports/)
    expect(() => readTarget('web', 'tcp')).toThrow(/tcp needs a port/)
  })
})
