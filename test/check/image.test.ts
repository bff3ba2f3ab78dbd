import { expect, it } from 'vitest'
import { isImage } from '../../server/check/image.js'

it.each([
  ['nginx', 'nginx', true],
  ['nginx:latest', 'nginx', true],
  ['docker.io/library/nginx:latest', 'nginx', true],
  ['nginx@sha256:0123', 'nginx', true],
  ['nicolaka/netshoot', 'netshoot', true],
  ['netshoot', 'nicolaka/netshoot', false],
  ['nginx:1.26', 'nginx', false],
  ['redis', 'nginx', false],
])('%s is %s: %s', (is, meant, so) => {
  expect(isImage(is, meant)).toBe(so)
})
