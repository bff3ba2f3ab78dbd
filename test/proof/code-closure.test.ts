import { rmSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { packageRoot } from '../../server/package-root.js'
import { codeClosure } from '../../server/proof/code-closure.js'
import { trialEntries } from '../../server/proof/proof-inputs.js'
import { packageFolder } from './package-folder.js'

const made: string[] = []
const folder = (files: Record<string, string>) => {
  const root = packageFolder({ 'package.json': '{"dependencies": {"yaml": "2", "node-pty": "1"}}', ...files })
  made.push(root)
  return root
}

afterEach(() => {
  for (const root of made.splice(0)) rmSync(root, { recursive: true, force: true })
})

test('follows imports of every form, and circles', async () => {
  const root = folder({
    'dist/a.js': `import { b } from './room/b.js'; export * from "./c.js"; const d = () => import('./d.js')`,
    'dist/room/b.js': `import '../a.js'; import fs from 'node:fs'`,
    'dist/c.js': '',
    'dist/d.js': '',
    'dist/unrelated.js': '',
  })
  const { files } = await codeClosure(root, ['dist/a.js'])
  expect(files).toEqual(['dist/a.js', 'dist/c.js', 'dist/d.js', 'dist/room/b.js'])
})

test('takes in programs that are started by their path, and what those import', async () => {
  const root = folder({
    'dist/a.js': `spawn('node', [fromPackage('dist/program.js')]); new URL('./guest/init', import.meta.url)`,
    'dist/program.js': `import './part.js'`,
    'dist/part.js': '',
    'dist/guest/init': '#!/bin/sh',
  })
  const { files } = await codeClosure(root, ['dist/a.js'])
  expect(files).toEqual(['dist/a.js', 'dist/guest/init', 'dist/part.js', 'dist/program.js'])
})

test('is the same in a clone and in a work tree beside it, where .git is a file', async () => {
  const code = { 'dist/a.js': `existsSync(join(root, '.git'))` }
  const clone = await codeClosure(folder(code), ['dist/a.js'])
  expect(await codeClosure(folder({ ...code, '.git': 'gitdir: elsewhere' }), ['dist/a.js'])).toEqual(clone)
})

test('takes in data beside the sources of the rooms it enters, of no other', async () => {
  const root = folder({
    'dist/rack/a.js': '',
    'server/rack/a.ts': '',
    'server/rack/eyes/walk.pl': 'print 1',
    'server/web/page.html': '',
  })
  expect((await codeClosure(root, ['dist/rack/a.js'])).files).toEqual(['dist/rack/a.js', 'server/rack/eyes/walk.pl'])
})

test('names installed packages with their versions, and those that they need', async () => {
  const root = folder({
    'dist/a.js': `import 'yaml'; import '@of/one/part'; require('node-pty/lib/utils.js')`,
    'node_modules/yaml/package.json': '{"version": "2.9.1", "dependencies": {"inner": "1", "not-installed": "1"}}',
    'node_modules/yaml/node_modules/inner/package.json': '{"version": "1.2.3"}',
    'node_modules/inner/package.json': '{"version": "9.9.9"}',
    'node_modules/@of/one/package.json': '{"version": "0.1.0"}',
    'node_modules/node-pty/package.json': '{"version": "1.2.0"}',
    'node_modules/other/package.json': '{"version": "1.0.0"}',
  })
  const { packages } = await codeClosure(root, ['dist/a.js'])
  expect(packages).toEqual(['@of/one@0.1.0', 'inner@1.2.3', 'node-pty@1.2.0', 'yaml@2.9.1'])
})

test('refuses what it cannot follow', async () => {
  const root = folder({
    'dist/computed.js': 'const name = process.argv[2]; await import(name)',
    'dist/missing.js': `import './gone.js'`,
  })
  await expect(codeClosure(root, ['dist/computed.js'])).rejects.toMatchObject({
    code: 'proof.unknown-code',
    place: 'dist/computed.js',
  })
  await expect(codeClosure(root, ['dist/missing.js'])).rejects.toMatchObject({ place: 'dist/gone.js' })
})

describe('the code of lab trials', async () => {
  const { files, packages } = await codeClosure(packageRoot, trialEntries)

  test('holds the trial, its checks, the rack and its hosts, and what is read by them', () => {
    for (const file of [
      'dist/trial/test-lab.js',
      'dist/check/evaluate.js',
      'dist/check/families/reach.js',
      'dist/rack/local-racks.js',
      'dist/rack/host/boot.js',
      'dist/network/assemble.js',
      'server/rack/golden/files/usr/local/bin/netdiag',
      'server/rack/eyes/ask-by-datagram.pl',
    ]) {
      expect(files).toContain(file)
    }
    expect(packages.map((name) => name.replace(/@[^@]*$/, ''))).toEqual(
      expect.arrayContaining(['execa', 'koffi', 'yaml']),
    )
  })

  test('holds nothing of pages, web, sessions and benchmarks, so that a change there leaves receipts as they are', () => {
    const rooms = new Set(files.map((file) => file.split('/').slice(0, 2).join('/')))
    for (const room of [
      'dist/client',
      'dist/web',
      'dist/session',
      'dist/store',
      'dist/bench',
      'dist/trace',
      'client',
    ]) {
      expect(rooms).not.toContain(room)
    }
    expect(files).not.toContain('dist/main.js')
  })
})
