import { expect, it } from 'vitest'
import { offlineWords } from '../../server/rack/offline-gateway.js'

it('says which images there are, that they run without a pull, and the command that adds one', () => {
  expect(offlineWords(['alpine', 'localhost:5000/shop:1', 'vethlab/base'])).toBe(
    'this rack is offline, nothing can be pulled; what is here runs without a pull: alpine, localhost:5000/shop:1 (`docker images` has all names); a teacher can add one with `vethlab images add`',
  )
  expect(offlineWords([])).toBe(
    'this rack is offline, nothing can be pulled; a teacher can add one with `vethlab images add`',
  )
})

it('is no longer than a line of an error can be', () => {
  const many = Array.from({ length: 100 }, (_, n) => `registry.example.org/course/image-${n}`)
  expect(offlineWords(many)).toMatch(/image-59, and 40 more \(`docker images` has all names\); a teacher/)
  expect(offlineWords(many).length).toBeLessThan(4096)
})
