import { chmodSync, cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keyOf, LabProofs } from '../../server/proof/lab-proofs.js'
import { trialEntries } from '../../server/proof/proof-inputs.js'
import { packageFolder, put } from './package-folder.js'

let root: string
const others: string[] = []
const trials = Array.from({ length: 20 }, (_, n) => ({ lab: 'bridge', trial: `mistake ${n}` }))
/** In another commit it is another tenth's turn. */
const commit = `00000003${'0'.repeat(32)}`
const passes = trials.map((name) => ({ ...name, passed: true, failedChecks: ['make/0'] }))

beforeEach(() => {
  root = packageFolder({
    'package.json': '{"dependencies": {"execa": "9"}}',
    ...Object.fromEntries(trialEntries.map((path) => [path, `import '../shared.js'`])),
    'dist/shared.js': `import 'execa'`,
    'dist/web/page.js': '',
    'server/trial/eye.pl': 'print 1',
    'node_modules/execa/package.json': '{"version": "9.6.1"}',
    'labs/bridge/lab.yaml': 'id: bridge',
    'labs/bridge/checks/script': '#!/bin/sh',
    'labs/other/lab.yaml': 'id: other',
  })
})

afterEach(() => {
  for (const folder of [root, ...others.splice(0)]) rmSync(folder, { recursive: true, force: true })
})

const open = (folder = root, golden = 'g1') =>
  LabProofs.open(folder, [{ id: 'bridge', directory: join(folder, 'labs/bridge') }], golden)
const known = async (proofs: LabProofs) => proofs.provedBefore(trials, commit).rest
const file = () => readFileSync(join(root, 'labs/receipts.json'), 'utf8')

test('what passed is proved before, with its hash and date, but for the tenth whose turn it is', async () => {
  expect((await known(await open())).size).toBe(0)
  await (await open()).settle(passes, { write: true })
  const before = await known(await open())
  expect(before.size).toBe(18)
  const [receipt] = before.values()
  expect(receipt!.inputs).toMatch(/^[0-9a-f]{20}$/)
  expect(Date.now() - Date.parse(receipt!.provedAt)).toBeLessThan(60_000)
  expect(receipt!.failedChecks).toEqual(['make/0'])
})

test.each<[string, () => void]>([
  ['a page of the lab', () => put(root, 'labs/bridge/en.md', 'more')],
  ['an edited file of the lab', () => put(root, 'labs/bridge/lab.yaml', 'id: bridge ')],
  ['a script that can no longer be run', () => chmodSync(join(root, 'labs/bridge/checks/script'), 0o644)],
  ['code that the trial runs', () => put(root, 'dist/shared.js', `import 'execa'; 1`)],
  ['a script in another language beside that code', () => put(root, 'server/trial/eye.pl', 'print 2')],
  ['another version of a package', () => put(root, 'node_modules/execa/package.json', '{"version": "9.6.2"}')],
])('%s makes receipts count for nothing', async (_, change) => {
  chmodSync(join(root, 'labs/bridge/checks/script'), 0o755)
  await (await open()).settle(passes, { write: true })
  expect((await known(await open())).size).toBe(18)
  change()
  expect((await known(await open())).size).toBe(0)
})

test('another golden system makes receipts count for nothing', async () => {
  await (await open()).settle(passes, { write: true })
  expect((await known(await open(root, 'g2'))).size).toBe(0)
})

test('code that a trial does not run, and other labs, change nothing', async () => {
  await (await open()).settle(passes, { write: true })
  put(root, 'dist/web/page.js', 'changed')
  put(root, 'labs/other/lab.yaml', 'changed')
  put(root, 'README.md', 'changed')
  expect((await known(await open())).size).toBe(18)
})

test('a copy in another folder has the same hashes', async () => {
  await (await open()).settle(passes, { write: true })
  const copy = packageFolder({})
  others.push(copy)
  cpSync(root, copy, { recursive: true })
  expect((await known(await open(copy))).size).toBe(18)
})

test('a receipt edited by hand counts for nothing', async () => {
  await (await open()).settle(passes, { write: true })
  const text = file()
  const flipped = text.replaceAll(/"inputs":"([0-9a-f])/g, (_, digit) => `"inputs":"${digit === '0' ? '1' : '0'}`)
  put(root, 'labs/receipts.json', flipped)
  expect((await known(await open())).size).toBe(0)
  put(root, 'labs/receipts.json', `<<<<<<< ours\n${text}`)
  const broken = await open()
  expect(broken.fault).toContain('not as')
  expect((await known(broken)).size).toBe(0)
})

test('a trial that fails loses its receipt, whoever ran it; only a run that writes gives new ones', async () => {
  await (await open()).settle(passes, { write: true })
  const first = keyOf(trials[1]!)
  expect((await known(await open())).has(first)).toBe(true)
  await (await open()).settle([{ ...passes[1]!, passed: false }], { write: false })
  expect((await known(await open())).has(first)).toBe(false)
  await (await open()).settle([passes[1]!], { write: false })
  expect((await known(await open())).has(first)).toBe(false)
  await (await open()).settle([passes[1]!], { write: true })
  expect((await known(await open())).has(first)).toBe(true)
})

test('of several runs of a trial all must have passed', async () => {
  await (await open()).settle(passes, { write: true })
  await (await open()).settle([passes[1]!, { ...passes[1]!, passed: false }, passes[1]!], { write: true })
  expect((await known(await open())).has(keyOf(trials[1]!))).toBe(false)
})

test('a failure of a lab with the same id and another content leaves the receipt', async () => {
  await (await open()).settle(passes, { write: true })
  const before = file()
  put(root, 'labs/bridge/lab.yaml', 'id: bridge # a namesake')
  await (await open()).settle([{ ...passes[1]!, passed: false }], { write: false })
  expect(file()).toBe(before)
})

test('receipts of trials that are no more are dropped', async () => {
  await (await open()).settle(passes, { write: true })
  const proofs = await open()
  proofs.keepOnly(trials.slice(0, 2))
  await proofs.settle([], { write: true })
  expect(Object.keys(JSON.parse(file()).labs.bridge)).toEqual(['mistake 0', 'mistake 1'])
})

test('the same receipts make the same file, in whatever order they come', async () => {
  await (await open()).settle(passes, { write: true })
  const at = (text: string) => text.replaceAll(/"provedAt":"[^"]*"/g, '')
  const one = file()
  await (await open()).settle(passes.toReversed(), { write: true })
  expect(at(file())).toBe(at(one))
})
