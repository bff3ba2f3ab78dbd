import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { packageRoot } from '../../server/package-root.js'
import { packageFolder, put } from '../proof/package-folder.js'
// @ts-expect-error plain Node, as all that npm test itself runs
import { testCode } from './test-inputs.mjs'
// @ts-expect-error plain Node, as all that npm test itself runs
import { TestProofs } from './test-proofs.mjs'

const [racks, page] = ['test/hosts/racks.test.ts', 'test/browser/page.test.ts']
let root: string
beforeEach(() => {
  root = packageFolder({
    'package.json': '{}',
    [racks]: `import type { Web } from '../../server/web/web.js'; import { open } from '../../server/rack/open.js'; import { state } from './state.js'; run(open, state, 'helper.pl')`,
    'test/hosts/state.ts': 'export const state: string = ""',
    'test/hosts/helper.pl': 'print 1',
    [page]: `spawn('node', ['dist/main.js'])`,
    'dist/main.js': `import './web/web.js'; import './lab/read-lab.js'`,
    'dist/rack/open.js': '',
    'dist/web/web.js': '',
    'dist/lab/read-lab.js': '',
    'dist/proof/rotation.js': '',
    'server/rack/open.ts': '',
    'server/rack/eyes/look.pl': 'print 1',
    'server/web/web.ts': '',
    'labs/one/lab.yaml': 'title: one',
    'labs/receipts.json': '{}',
    'client/page.ts': '',
  })
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const reportOf = (...results: [string, 'passed' | 'failed'][]) => ({
  testResults: results.map(([file, status]) => ({
    name: join(root, file),
    status,
    assertionResults: [{ status: 'passed' }, { status }, { status: 'skipped' }],
  })),
})
/** Files that would run now. At commit 5 it is nobody's turn of two. */
const dueAt = async (commit = '5'.repeat(40)) =>
  (await TestProofs.open(root, [racks, page], commit)).plan([racks, page]).due
const prove = async (...results: [string, 'passed' | 'failed'][]) => {
  const proofs = await TestProofs.open(root, [racks, page], '5'.repeat(40))
  await proofs.settle(reportOf(...results))
}

describe('a file of tests', () => {
  it('is due until it passed, then proved before, but for its turn', async () => {
    expect(await dueAt()).toEqual([racks, page])
    await prove([racks, 'passed'], [page, 'passed'])
    expect(await dueAt()).toEqual([])
    const turns = await Promise.all([...'0123456789'].map((digit) => dueAt(`0000000${digit}`.padEnd(40, '0'))))
    expect(turns.flat().toSorted()).toEqual([page, racks])
  })

  it('counts its tests, those that were skipped not', async () => {
    await prove([racks, 'passed'])
    const { before } = (await TestProofs.open(root, [racks, page], '5'.repeat(40))).plan([racks])
    expect(before).toMatchObject([{ file: racks, passed: 2 }])
  })

  it('gets no receipt when it fails, and loses one', async () => {
    await prove([racks, 'passed'], [page, 'failed'])
    expect(await dueAt()).toEqual([page])
    await prove([racks, 'failed'])
    expect(await dueAt()).toEqual([racks, page])
  })

  it('gets no receipt for what it did not run: something changed meanwhile', async () => {
    const proofs = await TestProofs.open(root, [racks, page], '5'.repeat(40))
    put(root, 'dist/rack/open.js', 'changed()')
    await proofs.settle(reportOf([racks, 'passed'], [page, 'passed']))
    expect(await dueAt()).toEqual([racks])
  })

  it('is due whatever its receipt, when all are asked for', async () => {
    await prove([racks, 'passed'])
    const proofs = await TestProofs.open(root, [racks, page], '5'.repeat(40))
    expect(proofs.plan([racks], { all: true })).toEqual({ due: [racks], before: [] })
  })

  test.each<[string, string, string[]]>([
    ['the file', racks, [racks]],
    ['a helper', 'test/hosts/state.ts', [racks]],
    ['a program beside it', 'test/hosts/helper.pl', [racks]],
    ['code that it imports', 'dist/rack/open.js', [racks]],
    ['a script beside that code', 'server/rack/eyes/look.pl', [racks]],
    ['code of a program that it starts', 'dist/web/web.js', [page]],
    ['a lab, where the code reads labs', 'labs/one/lab.yaml', [page]],
    ['the pages, in a browser', 'client/page.ts', [page]],
    ['receipts', 'labs/receipts.json', []],
    ['what decides whether it is due', 'dist/proof/rotation.js', []],
  ])('%s makes it due', async (_, path, due) => {
    await prove([racks, 'passed'], [page, 'passed'])
    put(root, path, path.endsWith('.json') ? '{"changed": 1}' : 'changed()')
    expect(await dueAt()).toEqual(due)
  })

  it('that is no more has no receipt', async () => {
    await prove([racks, 'passed'], [page, 'passed'])
    await TestProofs.open(root, [racks], '5'.repeat(40))
    expect(readFileSync(join(root, 'test/receipts.json'), 'utf8')).not.toContain(page)
  })
})

test.each(['test/browser/lab.test.ts', 'test/hosts/grade.test.ts', 'test/hosts/web-security.test.ts'])(
  '%s depends on the server that it starts, and on what Node does not load',
  async (file) => {
    const { files } = await (await testCode(packageRoot)).closure([file])
    expect(files).toEqual(expect.arrayContaining(['dist/main.js', 'dist/web/web-main.js', 'dist/lab/read-lab.js']))
    expect(files).toEqual(expect.arrayContaining(['server/rack/eyes/walk-namespaces.pl', 'docs/bench-racks.json']))
  },
)
