import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
// @ts-expect-error plain Node, as all around the stock kernel
import { removeReceipt, stockKernelInputs, stockKernelProof, writeReceipt } from '../stock-kernel/proof.mjs'
import { packageFolder, put } from './package-folder.js'

let root: string
beforeEach(() => {
  root = packageFolder({
    'package.json': '{}',
    'test/stock-kernel/run.mjs': `import './proof.mjs'; import '../../dist/rack/host.js'; fileURLToPath(new URL('guest/init', import.meta.url))`,
    'test/stock-kernel/proof.mjs': `import '../../dist/proof/content-hash.js'; import '../run/receipts.mjs'`,
    'test/run/receipts.mjs': `const kept = 'test/receipts.json'`,
    'test/stock-kernel/guest/init': '#!/bin/sh',
    'test/stock-kernel/guest/main.mjs': `import './cases.mjs'`,
    'test/stock-kernel/guest/cases.mjs': '',
    'dist/rack/host.js': '',
    'dist/proof/content-hash.js': '',
    'dist/web/page.js': '',
    'server/rack/eye.pl': 'print 1',
  })
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

test('everything that runs there is there, and can be followed', async () => {
  expect(await stockKernelInputs()).toMatch(/^[0-9a-f]{20}$/)
})

const due = async () => (await stockKernelProof(root)).receipt === undefined

test('due until it is proved, then proved before: with its hash and date', async () => {
  expect((await stockKernelProof(root)).line).toMatch(/^stock kernel: DUE with inputs [0-9a-f]{20}, never proved/)
  writeReceipt(await stockKernelInputs(root), 27, root)
  const today = new Date().toISOString().slice(0, 10)
  expect((await stockKernelProof(root)).line).toMatch(
    new RegExp(`^stock kernel: proved before, on ${today}, inputs [0-9a-f]{20}, 27 cases$`),
  )
})

test.each([
  ['a case of the guest', 'test/stock-kernel/guest/cases.mjs'],
  ['a script that starts the guest', 'test/stock-kernel/guest/init'],
  ['code that runs there', 'dist/rack/host.js'],
  ['a script beside that code', 'server/rack/eye.pl'],
])('%s makes it due', async (_, path) => {
  writeReceipt(await stockKernelInputs(root), 27, root)
  expect(await due()).toBe(false)
  put(root, path, '// changed')
  expect(await due()).toBe(true)
  expect((await stockKernelProof(root)).line).toMatch(/last proved on \d{4}-\d\d-\d\d with inputs [0-9a-f]{20}/)
})

test.each([
  ['code that does not run there', 'dist/web/page.js'],
  ['what decides whether it is due', 'dist/proof/content-hash.js'],
])('%s does not', async (_, path) => {
  writeReceipt(await stockKernelInputs(root), 27, root)
  put(root, path, '// changed')
  expect(await due()).toBe(false)
})

test('a receipt that was edited, or broken, counts for nothing', async () => {
  writeReceipt(await stockKernelInputs(root), 27, root)
  const path = 'test/receipts.json'
  const text = readFileSync(join(root, path), 'utf8')
  put(root, path, text.replace(/"inputs":"[0-9a-f]{4}/, '"inputs":"0000'))
  expect(await due()).toBe(true)
  put(root, path, text.slice(1))
  expect(await due()).toBe(true)
})

test('a failed proof takes the receipt of the same inputs away, and no other', async () => {
  const inputs = await stockKernelInputs(root)
  writeReceipt(inputs, 27, root)
  removeReceipt('0'.repeat(20), root)
  expect(await due()).toBe(false)
  removeReceipt(inputs, root)
  expect(await due()).toBe(true)
})
