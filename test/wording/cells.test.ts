import { expect, it } from 'vitest'
import { readCells, writeCells } from '../../server/wording/cells.js'

const rows = ['web', 'node1/db']
const asked = [
  [true, false, true],
  [false, true, true],
]

it('is read again as it was written, whatever is filled in', () => {
  const cells = [
    [true, undefined, false],
    [undefined, undefined, true],
  ]
  const text = writeCells(rows, cells, asked)
  expect(text).toBe('web: yes - no; node1/db: - ? yes')
  expect(readCells(text, rows, 3)).toEqual({ cells })
})

it('is read as people write it: lines, capitals, commas, Chinese, rows in any order', () => {
  const cells = [
    [true, false, true],
    [false, true, undefined],
  ]
  expect(readCells('node1/db : N, Y, —\nweb： 是、否 | YES\n\n', rows, 3)).toEqual({ cells })
  expect(readCells('  web: yes no y ;', rows, 3)).toEqual({ cells: [[true, false, true], Array(3).fill(undefined)] })
})

it.each([
  ['api: yes yes yes', { kind: 'no-row', row: 'api' }],
  ['yes yes yes', { kind: 'no-row', row: 'yes yes yes' }],
  ['web: yes yes yes; web: no no no', { kind: 'twice', row: 'web' }],
  ['web: yes yes', { kind: 'length', row: 'web', words: 2 }],
  ['web:', { kind: 'length', row: 'web', words: 0 }],
  ['web: yes perhaps no', { kind: 'word', row: 'web', word: 'perhaps' }],
  ['web: yes constructor no', { kind: 'word', row: 'web', word: 'constructor' }],
])('says what is wrong with %j', (text, fault) => {
  expect(readCells(text, rows, 3)).toEqual({ fault })
})
