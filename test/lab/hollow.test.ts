import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import { families, parseCheck, showsItLooks } from '../../server/check/checks.js'
import type { Check } from '../../server/check/family.js'
import { hollowChecks } from '../../server/lab/hollow.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { checksCanFail, type TrialReport } from '../../server/trial/test-lab.js'
import { examples } from '../check/checks-page.js'
import { guideFiles, writeLab } from './guide.js'

async function guideLab(change: (files: Record<string, string>) => void = () => {}) {
  const files = guideFiles()
  change(files)
  const folder = writeLab(files)
  try {
    return await loadLab(folder)
  } finally {
    rmSync(dirname(folder), { recursive: true })
  }
}

const report = (name: string, failedChecks: string[] = [], passed = true): TrialReport => ({
  name,
  passed,
  problems: [],
  failedChecks,
  durationMs: 1,
})
const all = ['create/0', 'connect/0', 'connect/1', 'connect/2']
const mistakes = ['not-internal', 'db-on-two-networks', 'web-left-outside'].map((name) => report(`mistake ${name}`))

const checkOf = (value: unknown): Check => {
  const parsed = parseCheck(value, [])
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues))
  return parsed.check
}

it('the lab of the guide shows each of its checks failing for more than that nothing is there', async () => {
  const lab = await guideLab()
  expect(hollowChecks(lab)).toEqual([])
  expect(checksCanFail(lab, [report('page en, zh', all), ...mistakes]).problems).toEqual([])
})

it('a lab without mistakes is refused, though each check has failed in the empty rack', async () => {
  const lab = await guideLab((files) => {
    for (const name of Object.keys(files)) if (name.startsWith('mistakes/')) delete files[name]
  })
  expect(checksCanFail(lab, [report('page en, zh', all)]).problems).toEqual([
    'check 1 (network) of step "create" is not shown to fail for another reason than that nothing is there: add a mistake in which what it asks about is there and wrong, or say with `absence` why there is none',
    'check 1 (container) of step "connect" is not shown to fail for another reason than that nothing is there: add a mistake in which what it asks about is there and wrong, or say with `absence` why there is none',
    'check 2 (reach) of step "connect" is not shown to fail for another reason than that nothing is there: add a mistake in which what it asks about is there and wrong, or say with `absence` why there is none',
    'check 3 (reach) of step "connect" expects no, and is not shown to fail with reach.reached: add a mistake in which it is so all the same, or say with `absence` why there is none',
  ])
})

it('a mistake that did not fail as it says, or for want of everything, shows nothing', async () => {
  const lab = await guideLab((files) => {
    const name = 'mistakes/not-internal.md'
    files[name] = files[name]!.replace('network.internal', 'network.missing')
  })
  const [first] = checksCanFail(lab, [report('page en, zh', all), ...mistakes]).problems
  expect(first).toMatch(/^check 1 \(network\) of step "create" is not shown to fail for another reason/)
  const right = await guideLab()
  const told = checksCanFail(right, [report('page en, zh', all), report('mistake not-internal', [], false)]).problems
  expect(told[0]).toMatch(/^check 1 \(network\) of step "create" is not shown to fail for another reason/)
})

it('a check that says why there can be no such mistake needs none', async () => {
  const lab = await guideLab((files) => {
    files['lab.yaml'] = files['lab.yaml']!.replace(
      '- network: {name: vault, internal: yes}',
      '- network: {name: vault, internal: yes}\n        absence: Nobody can make it otherwise.',
    )
    delete files['mistakes/not-internal.md']
  })
  expect(hollowChecks(lab)).toEqual([])
})

it.each<[unknown, string, boolean]>([
  [{ container: { name: 'web' } }, 'container.missing', false],
  [{ container: { name: 'web' } }, 'container.state', true],
  [{ container: { name: 'web', expect: 'no' } }, 'container.exists', true],
  [{ container: { name: 'web', expect: 'no' } }, 'container.missing', false],
  [{ reach: { from: 'a', to: 'b', expect: 'no' } }, 'reach.reached', true],
  [{ reach: { from: 'a', to: 'b', expect: 'no' } }, 'reach.no-target', false],
  [{ reach: { from: 'a', to: 'b', expect: 'no' } }, 'reach.control', false],
  [{ reach: { from: 'a', to: 'b' } }, 'reach.refused', true],
  [{ reach: { from: 'a', to: 'b' } }, 'reach.no-from', false],
  [{ all: [{ container: { name: 'web' } }] }, 'all.failed', false],
  [{ all: [{ container: { name: 'web' } }] }, 'container.missing', false],
  [{ all: [{ container: { name: 'web' } }, { port: { container: 'web', port: 80 } }] }, 'port.missing', true],
  [{ any: [{ all: [{ container: { name: 'web' } }] }] }, 'container.image', true],
  [{ not: { container: { name: 'web' } } }, 'not.passed', true],
  [{ answer: { id: 'a', ask: { en: 'x', zh: 'x' }, equals: 'x' } }, 'answer.none', false],
  [{ script: { run: 'x' } }, 'whatever.it-says', true],
])('%j failing with %s', (value, reason, shows) => {
  expect(showsItLooks(checkOf(value), reason)).toBe(shows)
})

it('every family can be shown to look, and says which of its reasons do not', () => {
  for (const family of families) {
    for (const reason of [...family.nothing, ...(family.present ? [family.present] : [])])
      expect(family.reasons, family.key).toContain(reason)
    const check = checkOf(examples[family.key])
    const reasons = [...family.reasons, 'node.role', 'container.mode', 'port.missing']
    expect(
      reasons.some((reason) => showsItLooks(check, reason)),
      family.key,
    ).toBe(true)
  }
})
