import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { contentHash } from '../../server/lab/content-hash.js'

function folder(): string {
  const parent = mkdtempSync(join(tmpdir(), 'vethlab-hash-'))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  const lab = join(parent, 'a-lab')
  mkdirSync(join(lab, 'checks'), { recursive: true })
  writeFileSync(join(lab, 'lab.yaml'), 'title: x\n')
  writeFileSync(join(lab, 'checks/own'), '#!/bin/sh\n', { mode: 0o644 })
  return lab
}

it('is that of the content, wherever and whenever it lies there', async () => {
  const lab = folder()
  const hash = await contentHash(lab)
  expect(hash).toMatch(/^[0-9a-f]{64}$/)
  const copy = `${lab}-2`
  cpSync(lab, copy, { recursive: true })
  utimesSync(join(copy, 'lab.yaml'), 1, 1)
  mkdirSync(join(copy, 'empty'))
  expect(await contentHash(copy)).toBe(hash)
})

const changes: [string, (lab: string) => void][] = [
  ['a byte', (lab) => writeFileSync(join(lab, 'lab.yaml'), 'title: y\n')],
  ['a name', (lab) => cpSync(join(lab, 'lab.yaml'), join(lab, 'lab2.yaml'))],
  ['a program', (lab) => chmodSync(join(lab, 'checks/own'), 0o755)],
  ['a link', (lab) => symlinkSync('lab.yaml', join(lab, 'other'))],
  ['an empty file', (lab) => writeFileSync(join(lab, 'nothing'), '')],
  [
    'a border between name and content',
    (lab) => {
      rmSync(join(lab, 'lab.yaml'))
      writeFileSync(join(lab, 'lab.yam'), 'ltitle: x\n')
    },
  ],
]

it.each(changes)('changes with %s', async (_what, change) => {
  const lab = folder()
  const hash = await contentHash(lab)
  change(lab)
  expect(await contentHash(lab)).not.toBe(hash)
})

it('fails where there is no folder', async () => {
  await expect(contentHash('/nonexistent-lab')).rejects.toThrow('ENOENT')
})
