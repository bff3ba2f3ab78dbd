import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cgroupMode } from '../../server/machine/cgroup.js'
import { Cgroups, mostGroups } from '../../server/rack/cgroup.js'
import { requireGolden } from '../../server/rack/golden/golden.js'
import { Host, type HostGround, recordPath } from '../../server/rack/host/host.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { identify, ownProcess } from '../../server/rack/record.js'
import { Store } from '../../server/rack/store.js'
import { sweep } from '../../server/rack/sweep.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { testState as state } from './state.js'

/*
 * Root of a host divides his control groups as he likes: he freezes processes in them, and nests groups deeper than a path can be
 * long. What runs there is seen, and ends with the host.
 */

const mode = await cgroupMode()
let ground: HostGround
let golden: string
let racks: LocalRacks

beforeAll(async () => {
  racks = await LocalRacks.start(state)
  ground = { state, store: await Store.open(state), cgroups: await Cgroups.open(state.mark), owner: ownProcess() }
  golden = (await requireGolden(ground.store)).name
})
afterAll(async () => {
  await racks?.closeAll()
})

/** Of one hierarchy, in a host. */
const inside = mode === 'v1' ? '/sys/fs/cgroup/freezer' : '/sys/fs/cgroup'
const [file, value] = mode === 'v1' ? ['freezer.state', 'FROZEN'] : ['cgroup.freeze', '1']
const freeze = `
  mkdir ${inside}/cold ${inside}/cold/colder
  setsid sleep 9999 > /dev/null 2>&1 < /dev/null & pid=$!
  until grep -q sleep /proc/$pid/comm; do sleep 0.05; done; echo $pid > ${inside}/cold/colder/cgroup.procs
  echo ${value} > ${inside}/cold/colder/${file}; echo ${value} > ${inside}/cold/${file}
  sleep 0.2; cat ${inside}/cold/${file}`

const isThere = (pid: number) => identify(pid) !== undefined
/** Directories of the machine that are a host's groups. */
function groupsOf(host: string): string[] {
  const hierarchies =
    mode === 'v1' ? readdirSync('/sys/fs/cgroup').map((name) => `/sys/fs/cgroup/${name}`) : ['/sys/fs/cgroup']
  return hierarchies.map((path) => `${path}/${state.mark}/${host}`).filter((path) => existsSync(path))
}

describe('A frozen process', () => {
  it('ends with its rack', async () => {
    const rack = await racks.open({ hosts: { cold: 'docker' } })
    const [{ id }] = rack.hosts as [RackInfo['hosts'][number]]
    const frozen = await racks.exec(rack.id, 'cold', ['sh', '-c', freeze])
    expect(frozen.stdout.trim()).toBe(value)
    const pids = await ground.cgroups.processes(id)
    expect(pids.filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n')).toHaveLength(1)
    await racks.close(rack.id)
    expect(pids.filter(isThere)).toEqual([])
    expect(groupsOf(id)).toEqual([])
  })

  // On v2 a signal ends it, whoever has frozen it.
  it.runIf(mode === 'v1')(
    'that cannot be ended keeps the record of its host, which no sweep calls removed',
    async () => {
      const host = await Host.start(ground, golden, 'plain')
      // Above what is a host's, where nothing of his reaches; and what a fault of the kernel would look like.
      const above = `/sys/fs/cgroup/freezer/${state.mark}/freezer.state`
      try {
        const pids = await ground.cgroups.processes(host.id)
        writeFileSync(above, 'FROZEN')
        await expect(host.remove()).rejects.toMatchObject({ code: 'host.still-running', place: host.id })
        expect(pids.filter(isThere).length).toBeGreaterThan(0)
        expect(existsSync(recordPath(state, host.id))).toBe(true)
        const stranger: HostGround = { ...ground, owner: { kind: 'rackd' } }
        await (await Host.adopt(stranger, host.id))!.giveTo({ kind: 'process', pid: 1, startTime: '0', bootId: '' })
        const report = await sweep(stranger)
        expect(report.hosts).not.toContain(host.id)
        expect(report.left).toEqual([expect.stringContaining(host.id)])
        writeFileSync(above, 'THAWED')
        const again = await sweep(stranger)
        expect(again.hosts).toContain(host.id)
        expect(again.left).toEqual([])
        expect(pids.filter(isThere)).toEqual([])
        expect(groupsOf(host.id)).toEqual([])
        expect(existsSync(recordPath(state, host.id))).toBe(false)
      } finally {
        if (existsSync(above)) writeFileSync(above, 'THAWED')
        await host.remove()
      }
    },
  )
})

describe('A process in groups that are nested deeper than a path is long', () => {
  const tree = mode === 'v1' ? '/sys/fs/cgroup/pids' : '/sys/fs/cgroup'
  const hide = `
    use strict;
    chdir '${tree}' or die "chdir: $!";
    for (1 .. 25) { my $name = 'g' x 200; mkdir $name or die "mkdir: $!"; chdir $name or die "chdir: $!" }
    exit if fork;
    open(my $own, '>', 'cgroup.procs') or die "own: $!"; syswrite $own, "$$\\n" or die "own: $!"; close $own;
    syscall(${process.arch === 'x64' ? 272 : 97}, 0x40000000) == 0 or die "unshare: $!";
    open(my $mark, '>', '/run/hidden'); close $mark;
    open(STDOUT, '>', '/dev/null'); open(STDERR, '>', '/dev/null'); open(STDIN, '<', '/dev/null');
    sleep 9999`

  it('is seen by a capture, and ends with its rack', async () => {
    const rack = await racks.open({ hosts: { deep: 'plain' } })
    const [{ id }] = rack.hosts as [RackInfo['hosts'][number]]
    expect((await racks.capture(rack.id, 'deep')).namespaces).toHaveLength(1)
    const hidden = await racks.exec(rack.id, 'deep', ['perl', '-e', hide])
    expect(hidden).toMatchObject({ failed: false })
    await racks.exec(rack.id, 'deep', ['sh', '-c', 'until [ -e /run/hidden ]; do sleep 0.05; done'])
    expect((await racks.capture(rack.id, 'deep')).namespaces).toHaveLength(2)
    await racks.close(rack.id)
    expect(groupsOf(id)).toEqual([])
  })

  it.runIf(mode === 'v1')('are told to be more than were looked through, where they are', async () => {
    const rack = await racks.open({ hosts: { wide: 'plain' } })
    expect((await racks.capture(rack.id, 'wide')).unseen).toBeUndefined()
    const make = `for n in $(seq ${mostGroups}); do echo ${tree}/w$n; done | xargs mkdir`
    expect(await racks.exec(rack.id, 'wide', ['sh', '-c', make])).toMatchObject({ failed: false })
    const { unseen, namespaces } = await racks.capture(rack.id, 'wide')
    expect(unseen).toBe(true)
    expect(namespaces).toHaveLength(1)
    await racks.close(rack.id)
    expect(groupsOf(rack.hosts[0]!.id)).toEqual([])
  })

  it('are removed by a sweep that finds them without a record', async () => {
    const id = 'h0123456789'
    await ground.cgroups.create(id, { memoryBytes: 2 ** 26, pids: 10, cpuShares: 10, diskBytes: 0 }, 0)
    const here = process.cwd()
    try {
      process.chdir(groupsOf(id)[0]!)
      for (let depth = 0; depth < 25; depth++) {
        mkdirSync('g'.repeat(200))
        process.chdir('g'.repeat(200))
      }
    } finally {
      process.chdir(here)
    }
    const { strays, left } = await sweep(ground)
    expect({ strays, left }).toEqual({ strays: [`control group ${id}`], left: [] })
    expect(groupsOf(id)).toEqual([])
  })
})
