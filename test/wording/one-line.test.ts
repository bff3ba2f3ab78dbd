import { expect, it } from 'vitest'
import { VethlabError } from '../../server/error/vethlab-error.js'
import { oneLine } from '../../server/wording/one-line.js'

it('takes away what a screen would obey, or show in another order', () => {
  expect(oneLine('a\u001b[31m\n\u2028b\u202ec\u2066d\u200be\ud800f')).toBe('a [31m b c d e f')
})

it('cuts no character in the middle', () => {
  expect(oneLine('ab😀cd', 4)).toBe('ab…')
  expect(oneLine('ab😀cd', 5)).toBe('ab😀…')
})

it('is what an error is made of, in each of its parts', () => {
  const error = new VethlabError('topology.invalid', 'no "\u202e"', { place: 'hosts.\u202ea', cure: 'Write\nit.' })
  expect([error.what, error.place, error.cure, error.message]).toEqual([
    'no " "',
    'hosts. a',
    'Write it.',
    'hosts. a: no " ". Write it.',
  ])
})
