import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestReport } from '../../server/commands/test-report.js'
import { packageRoot } from '../../server/package-root.js'
import { guideFiles, writeLab } from '../lab/guide.js'
import { testState } from './state.js'

/** Receipts as a contributor meets them: a package with one lab of two trials. */

let root: string
const receipts = () => join(root, 'labs/receipts.json')

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'vethlab-receipts-'))
  for (const part of ['package.json', 'dist', 'server', 'labs/images']) {
    cpSync(join(packageRoot, part), join(root, part), { recursive: true })
  }
  symlinkSync(join(packageRoot, 'node_modules'), join(root, 'node_modules'))
  const files = guideFiles()
  const unneeded = /^(alternatives\/|mistakes\/(?!not-internal))/
  const folder = writeLab(Object.fromEntries(Object.entries(files).filter(([name]) => !unneeded.test(name))))
  cpSync(folder, join(root, 'labs/internal'), { recursive: true })
  rmSync(folder, { recursive: true })
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** What became of trials with a rack; that not all checks of this lab can fail, without most of its mistakes, is no matter. */
function vethlab(...options: string[]) {
  const { stdout, stderr } = spawnSync(process.execPath, [join(root, 'dist/main.js'), 'test', '--json', ...options], {
    encoding: 'utf8',
    env: { ...process.env, VETHLAB_STATE: testState.root },
  })
  const report = JSON.parse(stdout || 'null') as TestReport | null
  if (!report) throw new Error(stderr)
  const trials = report.labs.flatMap((lab) => lab.trials).filter(({ name }) => name !== 'checks can fail')
  return { trials, before: report.provedBefore, due: report.due, stderr }
}

it('what passed is proved before, until its lab changes; what fails loses its receipt', { timeout: 600_000 }, () => {
  // There is no time for any: nothing is known of them, and nothing else is said.
  const none = vethlab('--minutes', '0')
  expect(none.trials).toEqual([])
  expect(none.due.map(({ trial }) => trial).toSorted()).toEqual(['mistake not-internal', 'page en, zh'])

  const whole = vethlab('--write')
  expect([whole.trials, whole.due]).toMatchObject([[{ passed: true }, { passed: true }], []])
  const written = readFileSync(receipts(), 'utf8')
  expect(Object.keys(JSON.parse(written).labs.internal)).toEqual(['mistake not-internal', 'page en, zh'])

  // One of two may have its turn.
  const again = vethlab()
  expect(again.trials).toMatchObject([{ passed: true }, { passed: true }])
  expect(again.before).toBeGreaterThanOrEqual(1)
  expect(again.stderr).toMatch(/^ok internal, .+ \(proved before, on \d{4}-\d\d-\d\d, inputs [0-9a-f]{20}\)$/m)
  expect(readFileSync(receipts(), 'utf8')).toBe(written)
  // Whose turn it is keeps what its receipt says where there is no time.
  expect(vethlab('--minutes', '0')).toMatchObject({ before: 2, due: [] })

  // The page leads nowhere now: nothing of before counts, and the receipts of before are not in the way of others.
  const page = join(root, 'labs/internal/en.md')
  const text = readFileSync(page, 'utf8')
  for (const name of ['en.md', 'zh.md']) {
    const file = join(root, 'labs/internal', name)
    writeFileSync(file, readFileSync(file, 'utf8').replace('network create --internal vault', 'network create vault'))
  }
  expect(readFileSync(page, 'utf8')).not.toBe(text)
  const broken = vethlab('--all')
  expect(broken.before).toBe(0)
  expect(broken.trials.filter(({ passed }) => !passed).map(({ name }) => name)).toEqual(['page en, zh'])
  const left = JSON.parse(readFileSync(receipts(), 'utf8')).labs.internal
  expect(left['mistake not-internal'].inputs).not.toBe(JSON.parse(written).labs.internal['mistake not-internal'].inputs)
  expect(left['page en, zh']?.inputs).toBe(JSON.parse(written).labs.internal['page en, zh'].inputs)
})
