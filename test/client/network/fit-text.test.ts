import { expect, it } from 'vitest'
import { fitText, widthOf } from '../../../client/network/map/fit-text.js'

it('leaves what fits, and cuts what does not', () => {
  expect(fitText('web', 100, 12, 'sans')).toBe('web')
  const cut = fitText('a-container-with-a-name-that-is-too-long', 100, 12, 'sans')
  expect(cut).toMatch(/^a-container.*…$/)
  expect(widthOf(cut, 12, 'sans')).toBeLessThanOrEqual(100)
})

it('knows that Chinese characters are wider, and cuts none in half', () => {
  expect(widthOf('网络', 10, 'sans')).toBe(20)
  expect(fitText('网络网络网络', 45, 10, 'sans')).toBe('网络网…')
  expect(fitText('👩‍👩‍👧x👩‍👩‍👧', 22, 10, 'sans')).toBe('👩‍👩‍👧x…')
  expect(fitText('web', 0, 12, 'sans')).toBe('…')
})
