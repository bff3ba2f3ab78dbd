import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { goldenNames, HostImages } from '../../../server/rack/images/host-images.js'

const nginx = `sha256:${'1'.repeat(64)}`
const netshoot = `sha256:${'2'.repeat(64)}`
const other = `sha256:${'3'.repeat(64)}`
let disk: string

beforeAll(() => {
  disk = mkdtempSync(join(tmpdir(), 'vethlab-images-'))
  mkdirSync(join(disk, 'docker/image/overlay2'), { recursive: true })
  const Repositories = {
    nginx: { 'nginx:latest': nginx },
    netshoot: { 'netshoot:latest': netshoot },
    'nicolaka/netshoot': { 'nicolaka/netshoot:latest': netshoot },
  }
  writeFileSync(join(disk, 'docker/image/overlay2/repositories.json'), JSON.stringify({ Repositories }))
})
const images = (of = disk) => new HostImages(() => goldenNames(of))
afterAll(() => rmSync(disk, { recursive: true }))

it.each([
  ['as the host has it', 'nginx', nginx, 'nginx'],
  ['written in full', 'docker.io/library/nginx:latest', nginx, 'docker.io/library/nginx:latest'],
  ['the second of two names', 'nicolaka/netshoot', netshoot, 'nicolaka/netshoot'],
  ['another image of golden that was given its name', 'nginx', netshoot, 'netshoot:latest'],
  ['a renamed one', 'shop', nginx, 'nginx:latest'],
  ['by its id', '111111111111', nginx, 'nginx:latest'],
  ['a foreign image under a known name', 'nginx', other, '333333333333'],
  ['a foreign image under a name of its own', 'mine:2', other, 'mine:2'],
])('calls an image after its id: %s', async (_what, called, id, name) => {
  expect(await images().nameOf(called, id)).toBe(name)
})

it('has no name for anything where the names of golden are not to be had', async () => {
  await expect(images('/nonexistent').nameOf('nginx', nginx)).rejects.toThrow(/ENOENT/)
})

it('knows all names of an image, by its id and by any of them', async () => {
  const both = ['netshoot:latest', 'nicolaka/netshoot:latest']
  expect(await images().namesOf(netshoot)).toEqual(both)
  expect(await images().namesLike('docker.io/nicolaka/netshoot')).toEqual(both)
  expect(await images().namesOf(other)).toBeUndefined()
  expect(await images().namesLike('mine')).toBeUndefined()
  expect(await images().firstNames()).toEqual(['netshoot', 'nginx'])
})
