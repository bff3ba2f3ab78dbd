import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { fromPackage } from '../../server/package-root.js'
import { Cgroups } from '../../server/rack/cgroup.js'
import { run } from '../../server/rack/command.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { rackRecordFile } from '../../server/rack/rack-record.js'
import { makeRecordedDirectory, ownProcess } from '../../server/rack/record.js'
import { Store } from '../../server/rack/store.js'
import { sweep } from '../../server/rack/sweep.js'
import type { TopologyInput } from '../../server/racks/topology.js'
import { footprint, networkNamespaces } from './footprint.js'
import { RackdProcess } from './rackd-process.js'
import { testState as state } from './state.js'

const topology: TopologyInput = {
  hosts: { node1: 'docker', laptop: 'plain' },
  lans: { lan: { subnet: '192.168.1.0/24', at: { node1: '.11', laptop: '.50' } } },
}

/** A process that opens racks one after another, each with a container and a terminal's worth of namespaces. */
function opener(): ChildProcess {
  const script = `
    import { StateDirectory } from ${JSON.stringify(fromPackage('dist/rack/state-directory.js'))}
    import { LocalRacks } from ${JSON.stringify(fromPackage('dist/rack/local-racks.js'))}
    const racks = await LocalRacks.start(StateDirectory.at(process.argv[1]))
    console.log('begun')
    for (let n = 0; n < 10; n++) {
      const rack = await racks.open(${JSON.stringify(topology)})
      await racks.exec(rack.id, 'node1', ['docker', 'run', '-d', 'busybox', 'sleep', '600'])
      console.log(rack.id)
    }`
  return spawn(process.execPath, ['--input-type=module', '--eval', script, state.root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function ground() {
  return { state, store: await Store.open(state), cgroups: await Cgroups.open(state.mark), owner: ownProcess() }
}

it('leaves the LAN of a rack that was begun while a sweep looked', { timeout: 120_000 }, async () => {
  const racks = await LocalRacks.start(state)
  // So many records of the dead that reading them takes longer than opening a rack.
  const dead = { owner: { kind: 'process', pid: 2 ** 22, startTime: '1' }, hosts: {}, cut: [], open: false }
  for (let n = 0; n < 4000; n++) await makeRecordedDirectory(state.racks, `rdead${n}`, rackRecordFile, dead)
  let swept = false
  const sweeping = sweep(await ground()).finally(() => {
    swept = true
  })
  const kept: boolean[] = []
  while (!swept) {
    const rack = await racks.open({
      hosts: { laptop: 'plain' },
      lans: { lan: { ...topology.lans!.lan!, at: { laptop: '.50' } } },
    })
    kept.push(existsSync(join(state.netns, `${rack.id}-lan`)))
    await racks.close(rack.id)
  }
  await sweeping
  await racks.closeAll()
  expect(kept.length).toBeGreaterThan(0)
  expect(kept).not.toContain(false)
})

it('leaves nothing of 50 racks, some of them and their makers killed on the way', { timeout: 600_000 }, async () => {
  await sweep(await ground(), { all: true })
  const before = await settled()
  expect(before).toMatchObject({ processes: [], mounts: [], controlGroups: [], slots: [], snapshots: [], records: [] })
  const namespaces = networkNamespaces().size
  let opened = 0

  // 32 that end as they should, half of them with running containers, four at a time.
  const racks = await LocalRacks.start(state)
  for (let round = 0; round < 8; round++) {
    await Promise.all(
      Array.from({ length: 4 }, async (_, n) => {
        const rack = await racks.open(topology)
        opened++
        if (n % 2 === 0) await racks.exec(rack.id, 'node1', ['docker', 'run', '-d', '-p', '80:80', 'nginx'])
        if (n === 2) await (await racks.terminals(rack.id)).open({ host: 'node1', cols: 80, rows: 24 })
        if (n === 1) await racks.reset(rack.id, 'laptop')
        // A host that dies by itself, or by a learner's hand.
        if (n === 3) await racks.exec(rack.id, 'node1', ['sh', '-c', 'kill -9 -1']).catch(() => {})
        await racks.close(rack.id)
      }),
    )
  }
  await racks.closeAll()
  expect(await settled()).toEqual(before)

  // Makers killed at any point: while a rack is opened, and with racks open.
  for (const delayMs of [50, 150, 250, 350, 450, 600, 900, 2500]) {
    const child = opener()
    child.stdout!.on('data', (bytes: Buffer) => {
      opened += [...bytes.toString().matchAll(/^r/gm)].length
    })
    await once(child.stdout!, 'data')
    await new Promise((resolve) => setTimeout(resolve, delayMs))
    opened++
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    const report = await sweep(await ground())
    expect(report.waiting).toEqual([])
  }
  expect(await settled()).toEqual(before)

  // rackd: killed while it opens racks; the whole ones are taken over and closed, the others swept.
  for (const delayMs of [100, 300, 700, 1500]) {
    const rackd = await RackdProcess.start(state, '--pool-docker', '1', '--pool-plain', '1')
    const attempts = Array.from({ length: 3 }, () =>
      rackd.racks.open(topology).then(
        () => 1,
        () => 0,
      ),
    )
    opened += attempts.length
    await new Promise((resolve) => setTimeout(resolve, delayMs))
    await rackd.end('SIGKILL')
    await Promise.all(attempts)
    const next = await RackdProcess.start(state, '--pool-docker', '0', '--pool-plain', '0')
    for (const rack of await next.racks.list()) await next.racks.close(rack.id)
    await next.end('SIGTERM')
  }
  await sweep(await ground(), { all: true })
  expect(await settled()).toEqual(before)
  expect(opened).toBeGreaterThanOrEqual(50)
  // The kernel takes network namespaces down in the background.
  await expect.poll(() => networkNamespaces().size, { timeout: 60_000, interval: 500 }).toBeLessThanOrEqual(namespaces)

  // With the last user gone, the store itself goes: mount and loop device.
  const store = await Store.open(state)
  await store.closeIfIdle()
  expect(footprint(state).loopDevices).toEqual([])
  await Store.open(state)
})

/** Quota groups of removed snapshots can be dropped only after the kernel's cleaner has been there. */
async function settled() {
  const store = await Store.open(state)
  for (let tries = 0; tries < 10; tries++) {
    // The cleaner comes by itself every half minute, and with a sync.
    for (const what of ['filesystem', 'subvolume']) {
      await run('btrfs', [what, 'sync', store.path], { timeoutMs: 60_000 })
    }
    await store.clearStaleQuotas()
    if (footprint(state).staleQuotaGroups === 0) break
  }
  return footprint(state)
}
