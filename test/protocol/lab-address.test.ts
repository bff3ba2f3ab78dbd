import { expect, it } from 'vitest'
import { isLabId, labPageOf, labPath, mapPath } from '../../server/protocol/lab-address.js'

it.each(['user-bridge', 'My_Lab', '802', 'a', 'x'.repeat(64)])('takes %s as an id, and leads to its pages', (id) => {
  expect(isLabId(id)).toBe(true)
  expect(labPageOf(labPath(id))).toEqual({ page: 'lab', lab: id })
  expect(labPageOf(mapPath(id))).toEqual({ page: 'map', lab: id })
})

it.each(['', '.', '..', '-x', '_x', 'a b', 'a/b', 'a.b', 'ä', 'a\n', 'x'.repeat(65), '%41'])('takes %j not', (id) => {
  expect(isLabId(id)).toBe(false)
  expect(labPageOf(`/labs/${id}`)).not.toEqual({ page: 'lab', lab: id })
})
