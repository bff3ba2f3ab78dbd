import { expect, it } from 'vitest'
import { inUnit, quantitiesIn } from '../../server/check/quantity.js'
import { cases } from './cases.js'

const ask = { en: 'How long?', zh: '多久？' }
const rtt = { id: 'q', ask, is: '20.5', within: '10%', unit: 'ms' }
const mtu = { id: 'q', ask, value: { link: 'eth0', of: 'web', fact: 'mtu' }, within: 28, unit: 'B' }

cases('number', [
  { gives: 'pass', spec: rtt, answers: { q: '20.5' } },
  { gives: 'pass', spec: rtt, answers: { q: 'about 22 ms' } },
  { gives: 'pass', spec: rtt, answers: { q: '0.0205 s' } },
  { gives: 'pass', spec: rtt, answers: { q: '20500µs' } },
  { gives: 'pass', spec: rtt, answers: { q: '２０，５ ｍｓ' } },
  { gives: 'pass', spec: mtu, answers: { q: '1,472 bytes' } },
  { gives: 'pass', spec: { id: 'q', ask, is: 3 }, answers: { q: '3' } },
  { gives: 'number.none', spec: rtt },
  { gives: 'number.unreadable', spec: rtt, answers: { q: 'long' } },
  { gives: 'number.several', spec: rtt, answers: { q: '20 or 21' } },
  { gives: 'number.unit', spec: rtt, answers: { q: '20.5 MB' }, says: 'asked for in `ms`' },
  { gives: 'number.unit', spec: { id: 'q', ask, is: 3 }, answers: { q: '3 ms' }, says: 'without a unit' },
  { gives: 'number.off', spec: rtt, answers: { q: '18.4' }, says: 'measure once more', never: '20.5' },
  { gives: 'number.off', spec: rtt, answers: { q: '20.5 s' } },
  { gives: 'number.off', spec: { id: 'q', ask, is: 3 }, answers: { q: '4' }, never: 'measure' },
  { gives: 'number.off', spec: mtu, answers: { q: '1400' }, never: '1500' },
  {
    gives: 'error number.unknowable',
    spec: { ...mtu, value: { link: 'eth9', of: 'web', fact: 'mtu' } },
    answers: { q: '1' },
  },
  {
    gives: 'error number.no-number',
    spec: { ...mtu, value: { link: 'eth0', of: 'web', fact: 'mac' } },
    answers: { q: '1' },
  },
])

it('reads numbers with their units', () => {
  expect(quantitiesIn('rtt 1.25 ms, 3e2 KB; -7%')).toEqual([
    { value: 1.25, unit: 'ms' },
    { value: 300, unit: 'kB' },
    { value: -7, unit: '%' },
  ])
  expect(inUnit({ value: 2, unit: 'MiB' }, 'KiB')).toBe(2048)
  expect(inUnit({ value: 2, unit: 'MiB' }, 'ms')).toBeUndefined()
})
