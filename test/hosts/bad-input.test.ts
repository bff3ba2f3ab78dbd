import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
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
    expect(result).toMatchObject({ status: 2 })
    expect(result.stderr).toMatch(/^vethlab: .*Set VETHLAB_STATE to a shorter path\.\n$/)
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
