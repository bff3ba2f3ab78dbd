import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import { probeFeatures } from '../../server/machine/features.js'
import { fromPackage } from '../../server/package-root.js'
import { guideFiles, writeLab } from '../lab/guide.js'
import { testState as state } from './state.js'

const vethlab = (...args: string[]) =>
  spawnSync(process.execPath, [fromPackage('dist/main.js'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, VETHLAB_STATE: state.root },
  })

it('the lab that the guide builds is proved by vethlab test', () => {
  const folder = writeLab()
  try {
    const { status, stdout, stderr } = vethlab('test', folder, '--jobs', '2', '--json')
    expect(status, stderr).toBe(0)
    const { labs } = JSON.parse(stdout)
    expect(labs[0].trials.map(({ name }: { name: string }) => name).toSorted()).toEqual([
      'alternative both-at-once',
      'checks can fail',
      'mistake db-on-two-networks',
      'mistake not-internal',
      'mistake web-left-outside',
      'page en, zh',
    ])
  } finally {
    rmSync(dirname(folder), { recursive: true })
  }
})

const broken: [string, Record<string, (text: string) => string>, RegExp][] = [
  [
    'a check that is true before any work',
    { 'lab.yaml': (text) => text.replace('{name: vault, internal: yes}', '{name: bridge}') },
    /before any work, step "create" passes/,
  ],
  [
    'a page that does not do its task',
    { 'en.md': (text) => text.replace('network create --internal vault', 'network create vault') },
    /check 1 of step "create" does not pass: network fails with network.internal/,
  ],
  [
    'a block that fails',
    { 'en.md': (text) => text.replace('docker network connect vault web', 'docker network connect valt web') },
    /en.md, line \d+: exit code 1 in node1: .*valt/,
  ],
  [
    'a block that should fail and does not',
    {
      'en.md': (text) =>
        text.replace(
          '```bash run\ndocker network create --internal',
          '```bash run fails\ndocker network create --internal',
        ),
    },
    /exit code 0 in node1, where it should have failed/,
  ],
  [
    'a mistake that is none',
    { 'mistakes/not-internal.md': (text) => text.replace('create vault', 'create --internal vault') },
    /should fail with network.internal: it passes/,
  ],
  [
    'a mistake that fails otherwise',
    { 'mistakes/not-internal.md': (text) => text.replace('create vault', 'create valt') },
    /should fail with network.internal: network fails with network.missing/,
  ],
  [
    'an alternative that does not solve its step',
    { 'alternatives/both-at-once.md': (text) => text.replace('--network vault nginx', 'nginx') },
    /check 2 of step "connect" does not pass/,
  ],
  [
    'a setup that fails',
    { 'setup.sh': () => 'echo no >&2; exit 3\n' },
    /setup.sh: ends with exit code 3 in (node1|laptop): no/,
  ],
]

const question = `- answer: {id: q, ask: {en: What?, zh: 什么？}, equals: x}
        hint: {en: Look., zh: 看一看。}
      `
const green = (text: string) =>
  text.replace('- network: {name: vault, internal: yes}', `${question}- network: {name: bridge}`)

it.each([
  ['sees a step that is done but for its answers before it is begun', (text: string) => text, true],
  [
    'takes a reason why it may be',
    (text: string) => text.replace('checks:', 'reads: Nothing is changed here.\n    checks:'),
    false,
  ],
])('vethlab test %s', (_, change, refused) => {
  const files = guideFiles()
  for (const name of Object.keys(files)) if (/^(mistakes|alternatives)\//.test(name)) delete files[name]
  files['lab.yaml'] = change(green(files['lab.yaml']!))
  files['solution/create.md'] = '```bash run answer=q\necho x\n```\n'
  const folder = writeLab(files)
  try {
    const { stderr } = vethlab('test', folder, '--jobs', '2')
    const said = 'before any work, step "create" passes but for its answers'
    if (refused) expect(stderr).toContain(said)
    else {
      expect(stderr).not.toContain(said)
      expect(stderr).toContain('of step "create" has never failed')
    }
  } finally {
    rmSync(dirname(folder), { recursive: true })
  }
})

it.each(broken)('vethlab test sees %s', (_, changes, said) => {
  const files = guideFiles()
  // What is not about the change only takes time.
  const touched = Object.keys(changes)[0]!
  for (const name of Object.keys(files)) {
    if (/^(mistakes|alternatives)\//.test(name) && name !== touched) delete files[name]
  }
  for (const [name, change] of Object.entries(changes)) {
    files[name] = change(files[name] ?? '')
    // Pages that differ would be two trials.
    if (name === 'en.md') files['zh.md'] = change(files['zh.md']!)
  }
  const folder = writeLab(files)
  try {
    const { status, stderr } = vethlab('test', folder, '--jobs', '2')
    expect(stderr).toMatch(said)
    expect(status).toBe(1)
  } finally {
    rmSync(dirname(folder), { recursive: true })
  }
})

it.each<[string, Record<string, ((text: string) => string) | undefined>, RegExp]>([
  ['broken YAML', { 'lab.yaml': (text) => text.replace('rack:', 'rack: [') }, /^vethlab: \S+lab.yaml:\d+:\d+: /],
  [
    'an unknown host',
    { 'en.md': (text) => text.replace('bash run', 'bash run node7') },
    /^vethlab: \S+en.md:\d+: there is no host "node7"/,
  ],
  ['a missing page', { 'zh.md': undefined }, /^vethlab: \S+zh.md:1: is missing/],
])('vethlab test and grade refuse %s in one line, with exit code 2', (_, changes, said) => {
  const files: Record<string, string | undefined> = guideFiles()
  for (const [name, change] of Object.entries(changes)) files[name] = change?.(files[name]!)
  const folder = writeLab(JSON.parse(JSON.stringify(files)))
  try {
    for (const args of [
      ['test', folder],
      ['grade', folder, '/dev/null'],
    ]) {
      const { status, stdout, stderr } = vethlab(...args)
      expect([status, stdout]).toEqual([2, ''])
      expect(stderr).toMatch(said)
      expect(stderr.trim().split('\n')).toHaveLength(1)
    }
    expect(vethlab('lint', folder)).toMatchObject({ status: 1, stderr: '' })
  } finally {
    rmSync(dirname(folder), { recursive: true })
  }
})

it('a lab that needs what this kernel lacks says so, and is skipped', async () => {
  const absent = (await probeFeatures()).find(({ state: found }) => found === 'absent')
  if (!absent) return
  const files = guideFiles()
  files['lab.yaml'] = files['lab.yaml']!.replace('minutes: 10', `minutes: 10\nrequires: [${absent.name}]`)
  const folder = writeLab(files)
  try {
    const tested = vethlab('test', folder)
    expect(tested).toMatchObject({ status: 0 })
    expect(tested.stdout).toContain(`skipped internal: this kernel lacks ${absent.name}: ${absent.fails}`)
    const graded = vethlab('grade', folder, fromPackage('dist/main.js'))
    expect(graded.status).toBe(2)
  } finally {
    rmSync(dirname(folder), { recursive: true })
  }
})
