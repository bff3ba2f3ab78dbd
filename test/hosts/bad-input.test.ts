import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requireFeatures } from '../../server/machine/features.js'
import { fromPackage } from '../../server/package-root.js'
import { Cgroups } from '../../server/rack/cgroup.js'
import { layDisk } from '../../server/rack/host/disk.js'
import { Host } from '../../server/rack/host/host.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { ownProcess } from '../../server/rack/record.js'
import { StateDirectory } from '../../server/rack/state-directory.js'
import { Store } from '../../server/rack/store.js'
import type { TopologyInput } from '../../server/racks/topology.js'
import { type Footprint, footprint } from './footprint.js'
import { testState as state } from './state.js'

let racks: LocalRacks
let before: Footprint

beforeAll(async () => {
  racks = await LocalRacks.start(state)
  before = footprint(state)
})
afterAll(async () => {
  await racks.closeAll()
})

const lan = (at: Record<string, string>) => ({ lan: { subnet: '192.168.1.0/24', at } })

describe('a rack that cannot be', () => {
  it.each([
    ['an unknown key', { hosts: { a: 'plain' }, lanes: {} }, 'topology.unknown-key', 'lanes'],
    [
      'overlapping subnets',
      { hosts: { a: 'plain' }, lans: { x: { subnet: '10.0.0.0/8' }, y: { subnet: '10.1.0.0/16' } } },
      'topology.overlap',
      'lans.y.subnet',
    ],
    [
      'a duplicate address',
      { hosts: { a: 'plain', b: 'plain' }, lans: lan({ a: '.9', b: '.9' }) },
      'topology.duplicate-address',
      'lans.lan.at.b',
    ],
    [
      'too many hosts',
      { hosts: Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`h${n}`, 'plain'])) },
      'topology.too-many-hosts',
      'hosts',
    ],
  ])('is refused for %s, and nothing is left', async (_, topology, code, place) => {
    await expect(racks.open(topology as unknown as TopologyInput)).rejects.toMatchObject({
      name: 'VethlabError',
      code,
      place,
    })
    expect(footprint(state)).toEqual(before)
  })

  it('is undone when its opener gives up on the way', async () => {
    const abort = new AbortController()
    const topology: TopologyInput = { hosts: { a: 'docker', b: 'plain' }, lans: lan({ a: '.9', b: '.10' }) }
    const opening = racks.open(topology, { signal: abort.signal, onProgress: () => abort.abort() })
    await expect(opening).rejects.toThrow(/abort/i)
    expect({ ...footprint(state), staleQuotaGroups: 0 }).toEqual({ ...before, staleQuotaGroups: 0 })
    expect(await racks.list()).toEqual([])
  })
})

it.each([
  ['has no place for its Engine', []],
  // Everything is made before the runtime finds out.
  ['has no init', ['var/lib/docker']],
])('a host that does not boot, since its system %s, leaves nothing', async (_, directories) => {
  const ground = { state, store: await Store.open(state), cgroups: await Cgroups.open(state.mark), owner: ownProcess() }
  await expect(Host.start(ground, 'no-such-golden', 'docker')).rejects.toMatchObject({ code: 'store.unavailable' })
  const broken = ground.store.golden('broken-for-a-test')
  await ground.store.createSubvolume(broken)
  for (const path of directories) mkdirSync(join(broken, path), { recursive: true })
  const disk = ground.store.freshDisk('broken-for-a-test')
  await ground.store.createSubvolume(disk)
  await layDisk(disk, 0)
  try {
    await expect(Host.start(ground, 'broken-for-a-test', 'docker')).rejects.toMatchObject({
      name: 'VethlabError',
      code: 'host.boot-failed',
    })
  } finally {
    await ground.store.remove([broken, disk])
  }
  expect({ ...footprint(state), staleQuotaGroups: 0 }).toEqual({ ...before, staleQuotaGroups: 0 })
})

it('a full disk is a typed error, and no store is begun on it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'vl-full-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', directory])
  try {
    const small = StateDirectory.at(join(directory, 'state'))
    await expect(Store.open(small)).rejects.toMatchObject({ code: 'store.full', place: small.root })
    expect(footprint(state).loopDevices).toEqual(before.loopDevices)
    const store = await Store.open(state)
    await expect(store.requireSpace(2 ** 60)).rejects.toMatchObject({ code: 'store.full' })
  } finally {
    execFileSync('umount', [directory])
    rmSync(directory, { recursive: true })
  }
})

it('a missing kernel feature is named with its cure', async () => {
  // Those that kernels are built without; where this one has them all, there is nothing to refuse.
  const missing = requireFeatures(['ipvlan', '8021q', 'ip_vs', 'esp'])
  const report = JSON.parse(run('doctor', '--json').stdout) as {
    rows: { area: string; name: string; status: string; cure?: string }[]
  }
  const lacking = report.rows.filter(
    ({ area, name, status }) => area === 'feature' && status !== 'ok' && /ip_vs|ipvlan|8021q|esp/.test(name),
  )
  if (lacking.length === 0) await missing
  else {
    await expect(missing).rejects.toMatchObject({
      code: 'machine.missing-feature',
      place: `kernel feature ${lacking[0]!.name}`,
    })
    for (const row of lacking) expect(row.cure).toMatch(/\w{3}/)
  }
})

describe('the command line', () => {
  it('says in one line that it needs root', () => {
    const result = spawnSync('setpriv', [
      '--reuid',
      '65534',
      '--clear-groups',
      process.execPath,
      fromPackage('dist/main.js'),
      'sweep',
    ])
    expect(result.status).toBe(2)
    expect(result.stderr.toString()).toMatch(/^vethlab: user: .*need root\. Run the command as root.*\n$/)
  })

  it('refuses a state directory whose sockets would have too long names', () => {
    const result = run('sweep', { VETHLAB_STATE: `/var/tmp/${'x'.repeat(80)}` })
    expect(result).toMatchObject({ status: 64 })
    expect(result.stderr).toMatch(/^vethlab: .*Set VETHLAB_STATE to a shorter path\.\n$/)
  })

  it.each<[string, string[], number, RegExp]>([
    ['a number beyond the limit', ['test', '--jobs', '1000000'], 64, /Give a whole number from 1 to 64\./],
    ['a number of none', ['test', '--repeat', '0'], 64, /Give a whole number from 1 to 1000\./],
    ['a deadline of none', ['grade', 'user-bridge', '/dev/null', '--timeout', '0'], 64, /from 1 to 86400\./],
    ['an unknown command', ['nothing'], 64, /unknown command 'nothing'/],
    ['an unknown command of a command', ['rack', 'nothing'], 64, /unknown command 'nothing'/],
    ['an argument that is missing', ['rack', 'open'], 64, /missing required argument 'file'/],
    ['a language that is none', ['grade', 'user-bridge', '/dev/null', '--lang', 'xx'], 64, /Say en or zh\./],
    [
      'a report that can not be written, before a rack is opened',
      ['grade', 'user-bridge', '/dev/null', '--junit', '/nowhere/x.xml'],
      64,
      /^vethlab: --junit \/nowhere\/x.xml: can't be written: ENOENT/,
    ],
    [
      'numbers that are told and a grading in one',
      ['grade', 'user-bridge', '/dev/null', '--who', 'x.csv', '--out', 'grades'],
      64,
      /^vethlab: --out: is for a grading, and --who grades nothing/,
    ],
    [
      'variants of what is no kit',
      ['grade', 'user-bridge', '/dev/null', '--per-variant'],
      64,
      /^vethlab: --per-variant: is for a kit alone/,
    ],
    ['a shell without a terminal', ['rack', 'shell', 'r', 'h'], 64, /no terminal is at the standard input/],
    ['a topology without an end', ['rack', 'open', '/dev/zero'], 64, /^vethlab: \/dev\/zero: is no file\./],
    ['a lab that is not there', ['test', 'nolab'], 2, /^vethlab: nolab: there is no such lab\./],
    [
      'a state directory that can not be made',
      ['serve', '--state', '/proc/x', '--port', '0'],
      2,
      /\/proc\/x: can't use the state directory/,
    ],
  ])('refuses %s in one line', (_, args, status, said) => {
    const result = run(...args)
    expect(result.stderr).toMatch(said)
    expect(result.stderr.trim().split('\n')).toHaveLength(1)
    expect(result).toMatchObject({ status, stdout: '' })
  })

  it.each<[string, string[], RegExp]>([
    [
      'a lab that is not there',
      ['grade', 'user-brigde', 'x'],
      /^vethlab: user-brigde：没有这个实验。是不是“user-bridge”？/,
    ],
    ['a submission that is none', ['grade', 'user-bridge', '/nowhere'], /^vethlab: \/nowhere：没有这个文件。请指定/],
    ['a report', ['grade', 'user-bridge', '/dev/null', '--junit', '/nowhere/x.xml'], /无法写入（ENOENT.*）。请指定/],
  ])('refuses %s in Chinese, where that is the language chosen', (_, args, said) => {
    const result = run(...args, '--lang', 'zh')
    expect(result.stderr).toMatch(said)
    expect(result.stderr.trim().split('\n')).toHaveLength(1)
  })

  it('says of a lab that it may not read just that', () => {
    const scratch = mkdtempSync(join(tmpdir(), 'vethlab-locked-'))
    const lab = join(scratch, 'lab')
    mkdirSync(lab)
    writeFileSync(join(lab, 'lab.yaml'), '')
    // Whoever is not root can't look into it.
    const options = { uid: 65_534, gid: 65_534, encoding: 'utf8' } as const
    const said = spawnSync(process.execPath, [fromPackage('dist/main.js'), 'lint', lab], options)
    expect(said.stderr).toMatch(/^vethlab: .*lab: can't be read \(EACCES\): there is no permission for it\./)
    expect(said.stdout).toBe('')
    rmSync(scratch, { recursive: true })
  })

  it('tells what is wrong with a topology with its file, line and column', () => {
    const scratch = mkdtempSync(join(tmpdir(), 'vethlab-rack-'))
    const file = join(scratch, 'rack.yaml')
    writeFileSync(file, 'hosts: {a: plain}\nlans: {lan: {subnet: 192.168.1.7/24}}\n')
    expect(run('rack', 'open', file)).toMatchObject({
      status: 2,
      stderr: `vethlab: ${file}:2:14: lans.lan.subnet: 192.168.1.7/24 has host bits set. Write the network's own address: 192.168.1.0/24.\n`,
    })
    rmSync(scratch, { recursive: true })
  })

  it('says that nothing can be printed where the disk is full', () => {
    const full = spawnSync('sh', [
      '-c',
      `"$0" "$1" lint --schema > /dev/full`,
      process.execPath,
      fromPackage('dist/main.js'),
    ])
    expect(full.status).toBe(74)
    expect(full.stderr.toString()).toMatch(/^vethlab: standard output: can't be written: ENOSPC/)
  })

  it('prints what the machine has as a table and as JSON', () => {
    const table = run('doctor')
    expect(table.stdout).toMatch(/bridge/)
    expect(table.stdout).toMatch(/golden/)
    const report = JSON.parse(run('doctor', '--json').stdout) as {
      ok: boolean
      rows: { name: string; status: string }[]
    }
    expect(report.rows.find(({ name }) => name === 'bridge')).toMatchObject({ status: 'ok' })
    expect(report.ok).toBe(table.status === 0)
    expect(report.ok).toBe(true)
  })
})

function run(...args: (string | Record<string, string>)[]) {
  const words = args.filter((arg) => typeof arg === 'string')
  const env = Object.assign(
    {},
    process.env,
    { VETHLAB_STATE: state.root },
    ...args.filter((arg) => typeof arg !== 'string'),
  )
  const { status, stdout, stderr } = spawnSync(process.execPath, [fromPackage('dist/main.js'), ...words], { env })
  return { status, stdout: stdout.toString(), stderr: stderr.toString() }
}
