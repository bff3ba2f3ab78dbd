import { expect, it } from 'vitest'
import { itemForKey, itemForLetters } from '../../client/shell/menu-keys.js'

const names = ['Reset node1', 'Reset all hosts', 'Start over', 'Screen-reader mode', 'Settings…']

it.each<[string, number, number | undefined]>([
  ['ArrowDown', 0, 1],
  ['ArrowDown', 4, 0],
  ['ArrowUp', 0, 4],
  ['ArrowUp', 3, 2],
  ['Home', 3, 0],
  ['End', 1, 4],
  ['PageDown', 1, undefined],
  // Nothing has the focus yet.
  ['ArrowDown', -1, 0],
  ['ArrowUp', -1, 4],
])('%s at item %d leads to %j', (key, at, to) => {
  expect(itemForKey(key, at, names.length)).toBe(to)
})

it('no key leads anywhere in a menu without items', () => {
  expect(itemForKey('ArrowDown', -1, 0)).toBeUndefined()
})

it.each<[string, number, number | undefined]>([
  ['s', 0, 2],
  ['s', 2, 3],
  ['ss', 3, 4],
  ['S', 4, 2],
  ['se', 0, 4],
  ['sc', 2, 3],
  // What begins so already stays.
  ['st', 2, 2],
  ['reset a', 0, 1],
  ['x', 0, undefined],
])('%j at item %d leads to %j', (letters, at, to) => {
  expect(itemForLetters(letters, at, names)).toBe(to)
})
