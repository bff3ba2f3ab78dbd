import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { cgroupMode, cgroupSupport } from '../../../dist/machine/cgroup.js'
import { probeFeatures } from '../../../dist/machine/features.js'
import { slotIds, slotsOf } from '../../../dist/rack/identity.js'
import { defaultHostLimits } from '../../../dist/racks/topology.js'
import { until } from './lab.mjs'

const BTRFS_SUPER_MAGIC = 0x9123683e
const MIB = 1024 ** 2

export const machineCases = {
  'doctor finds every feature': async () => {
    const lacking = (await probeFeatures()).filter(({ state }) => state !== 'present')
    deepEqual(
      lacking.map(({ name, state, found }) => `${name} ${state}: ${found}`),
      [],
    )
  },

  'doctor finds cgroup v2 with its controllers': async () => {
    equal(cgroupMode(), 'v2')
    const { controllers, writable } = cgroupSupport()
    ok(writable)
    for (const needed of ['memory', 'pids', 'cpu']) ok(controllers.includes(needed), `${needed} is not usable`)
  },
}

export const rackCases = {
  'a rack opens': async (lab) => {
    const { hosts } = await lab.open()
    deepEqual(
      hosts.map(({ name, alive }) => `${name} ${alive}`),
      ['node1 true', 'node2 true', 'laptop true'],
    )
    ok(await lab.reaches('laptop', lab.address('node1')), 'the laptop does not reach node1')
  },

  'a state directory on btrfs is used as it is': async ({ state, rack }) => {
    equal(statfsSync(state.root).type, BTRFS_SUPER_MAGIC)
    ok(!existsSync(state.storeImage), 'there is a store image all the same')
    deepEqual(readdirSync(join(state.store, 'hosts')).toSorted(), rack.hosts.map(({ id }) => id).toSorted())
  },

  'bridges are filtered in hosts, and neither on the machine nor on a LAN': async (lab) => {
    const setting = '/proc/sys/net/bridge/bridge-nf-call-iptables'
    equal(readFileSync(setting, 'utf8'), '0\n')
    equal(await lab.sh('node1', `cat ${setting}`), '1')
    equal(execFileSync('nsenter', [`--net=${lab.lanNamespace}`, 'cat', setting], { encoding: 'utf8' }), '0\n')
  },

  'the disk limit of a host is in force': async (lab) => {
    const filled = await lab.run('laptop', 'dd if=/dev/zero of=/root/big bs=1M count=600 conv=fsync')
    match(filled.stderr, /quota exceeded/i)
    await lab.sh('laptop', 'rm /root/big')
  },

  'the limits of a host are in force': async (lab) => {
    const read = (name, file) => readFileSync(join(groupOf(lab, name), file), 'utf8').trim()
    const limits = (name) => ['memory.max', 'memory.swap.max', 'cpu.weight'].map((file) => read(name, file))
    for (const kind of ['docker', 'plain']) {
      const name = kind === 'docker' ? 'node1' : 'laptop'
      deepEqual(limits(name), [`${defaultHostLimits[kind].memoryBytes}`, '0', '33'])
      const most = Number(read(name, 'pids.max'))
      // A few more, for programs of ours on their way in.
      ok(most >= defaultHostLimits[kind].pids && most < 2 * defaultHostLimits[kind].pids, `${most} processes`)
    }
  },

  'a host divides its share and can not raise it': async (lab) => {
    equal(await lab.sh('node1', 'docker info --format "{{.CgroupVersion}} {{.CgroupDriver}}"'), '2 cgroupfs')
    const limited = 'docker run --rm --network none --memory 64m --pids-limit 99 busybox'
    const files = '/sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max'
    equal(await lab.sh('node1', `${limited} cat ${files}`), `${64 * MIB}\n99`)
    const raised = await lab.run('node1', 'echo max > /sys/fs/cgroup/memory.max')
    match(raised.stderr, /permission denied/i)
  },

  'a memory hog is killed, in a container and in a host': async (lab) => {
    const hog = 'dd if=/dev/zero of=/dev/null bs=1G'
    // Not asked for OOMKilled: an Engine on cgroup v2 may miss that in a container that ends with it.
    const inside = await lab.run('node1', `docker run --rm --network none --memory 64m netshoot ${hog}`)
    equal(inside.exitCode, 137, inside.stderr)
    match(readFileSync(join(groupOf(lab, 'node1'), 'memory.events'), 'utf8'), /^oom_kill 1$/m)
    const outside = await lab.run('laptop', hog)
    equal(outside.exitCode, 137, outside.stderr)
    match(readFileSync(join(groupOf(lab, 'laptop'), 'memory.events'), 'utf8'), /^oom_kill 1$/m)
    equal(await lab.sh('laptop', 'echo alive'), 'alive')
  },
}

export const closeCases = {
  'a host is reset': async (lab) => {
    const before = lab.host('node2').id
    await lab.reset('node2')
    notEqual(lab.host('node2').id, before)
    deepEqual(await lab.engine('node2', '/containers/json?all=1'), [])
    equal((await lab.engine('node2', '/info')).Swarm.LocalNodeState, 'inactive')
    ok(await lab.reaches('laptop', lab.address('node2')), 'the laptop does not reach node2')
  },

  'a rack that is closed leaves nothing': async (lab) => {
    const { state } = lab
    const ids = (await slotsOf(state.mark)).map(({ number }) => slotIds(number))
    equal(ids.length, 3)
    await lab.close()
    for (const directory of [state.hosts, state.racks, state.netns, state.runcRoot, join(state.store, 'hosts')]) {
      deepEqual(readdirSync(directory), [], directory)
    }
    deepEqual(await slotsOf(state.mark), [])
    deepEqual(groupsBelow(join('/sys/fs/cgroup', state.mark)), [])
    const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n')
    deepEqual(
      mounts.filter((line) => [state.run, state.mark].some((place) => line.includes(place))),
      [],
    )
    await until('the processes of the hosts are gone', () => !userIds().some((uid) => ids.some(holds(uid))), 20_000)
  },
}

function groupOf(lab, name) {
  return join('/sys/fs/cgroup', lab.state.mark, lab.host(name).id)
}

function groupsBelow(directory) {
  if (!existsSync(directory)) return []
  return readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory())
}

/** Of every process. */
function userIds() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/status`))
    .map((name) => Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1]))
}

function holds(uid) {
  return ({ base, owner }) => uid >= base && uid <= owner
}
