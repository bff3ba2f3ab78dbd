import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { cgroupMode, cgroupSupport, parseCgroupMounts } from '../../server/machine/cgroup.js'

test('agrees with stat on what is mounted', () => {
  const type = execFileSync('stat', ['-fc', '%t', '/sys/fs/cgroup'], { encoding: 'utf8' }).trim()
  expect(cgroupMode()).toBe(type === '63677270' ? 'v2' : 'v1')
})

test('finds the controllers of this machine', () => {
  expect(cgroupSupport().controllers).toEqual(expect.arrayContaining(['memory', 'pids', 'cpu']))
})

test('reads v1 mounts: shared hierarchies, optional fields, hierarchies without a controller', () => {
  const { controllers, unified } = parseCgroupMounts(
    [
      '24 1 0:22 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755',
      '25 24 0:23 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw,nsdelegate',
      '26 24 0:24 / /sys/fs/cgroup/systemd rw,nosuid shared:11 - cgroup cgroup rw,xattr,name=systemd',
      '27 24 0:25 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:12 master:1 - cgroup cgroup rw,cpu,cpuacct',
      '28 24 0:26 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory',
    ].join('\n'),
  )
  expect(unified).toBe(true)
  expect(Object.fromEntries(controllers)).toEqual({
    cpu: '/sys/fs/cgroup/cpu,cpuacct',
    cpuacct: '/sys/fs/cgroup/cpu,cpuacct',
    memory: '/sys/fs/cgroup/memory',
  })
})

test('nothing mounted, nothing found', () => {
  expect(parseCgroupMounts('')).toEqual({ controllers: new Map(), unified: false })
})
