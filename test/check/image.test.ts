import { expect, it } from 'vitest'
import { isAmong, isImage } from '../../server/check/image.js'

it.each([
  ['nginx', 'nginx', true],
  ['nginx:latest', 'nginx', true],
  ['docker.io/library/nginx:latest', 'nginx', true],
  ['nginx@sha256:0123', 'nginx', true],
  ['nicolaka/netshoot', 'netshoot', true],
  ['netshoot', 'nicolaka/netshoot', false],
  ['nginx:1.26', 'nginx', false],
  ['redis', 'nginx', false],
])('%s is %s: %s', (image, meant, so) => {
  expect(isImage({ image }, meant)).toBe(so)
})

it('counts any name of the same image', () => {
  const made = { image: 'nginx:alpine', imageNames: ['nginx:latest', 'nginx:alpine', 'nginx:1'] }
  expect(isImage(made, 'nginx')).toBe(true)
  expect(isImage(made, 'docker.io/library/nginx:1')).toBe(true)
  expect(isImage(made, 'nginx:1.26')).toBe(false)
  expect(isImage(made, 'httpd')).toBe(false)
})

it('finds a name among others, in whatever way it is written', () => {
  expect(isAmong(['nginx', 'localhost:5000/x:1'], 'docker.io/library/nginx:latest')).toBe(true)
  expect(isAmong(['nginx', 'localhost:5000/x:1'], 'localhost:5000/x:1')).toBe(true)
  expect(isAmong(['nginx', 'localhost:5000/x:1'], 'localhost:5000/x')).toBe(false)
})
