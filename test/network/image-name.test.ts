import { expect, it } from 'vitest'
import { imageInFull, parseImageName } from '../../server/network/image-name.js'

const digest = `sha256:${'a'.repeat(64)}`

it.each([
  ['alpine', { registry: 'docker.io', repository: 'library/alpine' }],
  ['alpine:3.20', { registry: 'docker.io', repository: 'library/alpine', tag: '3.20' }],
  ['docker.io/library/alpine:3.20', { registry: 'docker.io', repository: 'library/alpine', tag: '3.20' }],
  ['index.docker.io/alpine', { registry: 'docker.io', repository: 'library/alpine' }],
  ['nicolaka/netshoot', { registry: 'docker.io', repository: 'nicolaka/netshoot' }],
  ['localhost:5000/x:1', { registry: 'localhost:5000', repository: 'x', tag: '1' }],
  ['localhost/x', { registry: 'localhost', repository: 'x' }],
  [`ghcr.io/some/thing@${digest}`, { registry: 'ghcr.io', repository: 'some/thing', digest }],
  [`x:1@${digest}`, { registry: 'docker.io', repository: 'library/x', tag: '1', digest }],
])('%s is a name', (text, name) => {
  expect(parseImageName(text)).toEqual(name)
})

it.each([
  ['nothing', ''],
  ['capitals', 'Alpine'],
  ['an option', '--help'],
  ['a path', './alpine'],
  ['a path of the machine', '/etc/passwd'],
  ['a way up', '../alpine'],
  ['blanks', 'a b'],
  ['a second line', 'alpine\nx'],
  ['an empty tag', 'alpine:'],
  ['another digest', 'alpine@md5:0123'],
  ['a transport', 'docker://alpine'],
  ['more than 255 characters', 'a'.repeat(256)],
])('%s is no name', (_what, text) => {
  expect(parseImageName(text)).toBeUndefined()
})

it.each([
  ['nginx', 'nginx:latest'],
  ['docker.io/library/nginx:1', 'nginx:1'],
  ['index.docker.io/nginx', 'nginx:latest'],
  [`nginx:1@${digest}`, 'nginx:1'],
  ['localhost:5000/x', 'localhost:5000/x:latest'],
])('%s in full is %s', (name, full) => {
  expect(imageInFull(name)).toBe(full)
})
