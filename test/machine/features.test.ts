import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { featureNames, probeFeatures, probeLink, requireFeatures } from '../../server/machine/features.js'
import { judgeIdmap, mountsOf } from '../../server/machine/idmapped-mount.js'
import { askXtMatch } from '../../server/machine/xt-match.js'

const isRoot = process.getuid?.() === 0

test('every feature says what fails without it and how to get it', async () => {
  const reports = await probeFeatures()
  expect(reports.map(({ name }) => name)).toEqual(featureNames)
  for (const { name, fails, cure, found } of reports) {
    expect(fails, name).toMatch(/^\S.*\.$/)
    expect(cure, name).toMatch(/^\S.*\.$/)
    expect(found, name).not.toBe('')
  }
})

describe.runIf(isRoot)('on this kernel', () => {
  test('finds what lab hosts run on', async () => {
    const names = [
      ...(['bridge', 'veth', 'vxlan', 'macvlan', 'nf_tables', 'xt_matches', 'btrfs', 'overlayfs'] as const),
      ...(['user_namespaces', 'idmapped_mounts'] as const),
    ]
    const reports = await probeFeatures(names)
    expect(reports.filter(({ state }) => state !== 'present')).toEqual([])
  })

  test('a made-up kind of link is absent, alone and on a parent', async () => {
    expect(await probeLink('vethlabmadeup')).toMatchObject({ state: 'absent' })
    expect(await probeLink('vethlabmadeup', { onLink: true })).toMatchObject({ state: 'absent' })
    expect(await probeLink('bridge')).toMatchObject({ state: 'present' })
    expect(await probeLink('macvlan', { options: 'mode bridge', onLink: true })).toMatchObject({ state: 'present' })
  })

  test('a probe that could not run proves nothing', async () => {
    expect(await probeLink('bridge', { options: 'no_such_option 1' })).toMatchObject({ state: 'unknown' })
    const path = process.env.PATH
    process.env.PATH = '/nowhere'
    try {
      // With unshare only in /usr/bin, it is out of sight now, which says nothing about the kernel.
      expect(await probeLink('bridge')).toMatchObject({ state: 'unknown' })
    } finally {
      process.env.PATH = path
    }
  })

  test('a made-up match of iptables is refused, a real one is there', async () => {
    expect(await askXtMatch({ name: 'vethlabmadeup', revision: 0 })).toEqual({ kind: 'refused', errno: 2 })
    expect(await askXtMatch({ name: 'addrtype', revision: 1 })).toEqual({ kind: 'there' })
  })

  test('leaves no link, namespace, mount, process or descriptor behind', async () => {
    await probeFeatures()
    const descriptors = readdirSync('/proc/self/fd').length
    const tables = () => execFileSync('nft', ['list', 'tables'], { encoding: 'utf8', env: { PATH: '/usr/sbin:/sbin' } })
    await probeFeatures()
    expect(execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' })).not.toContain('vlprobe')
    expect(execFileSync('ip', ['xfrm', 'state'], { encoding: 'utf8' })).not.toContain('192.0.2.1')
    expect(tables()).not.toContain('vlprobe')
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain('lowerdir=/usr:/etc')
    // A namespace without a name lives as long as a process or a descriptor in it.
    expect(childrenOf(process.pid)).toEqual([])
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(descriptors)
  })

  test('what is required and there passes; what is absent is named with its cure', async () => {
    await requireFeatures(['bridge', 'veth'])
    const absent = (await probeFeatures()).find(({ state }) => state === 'absent')
    if (absent === undefined) return
    await expect(requireFeatures(['bridge', absent.name])).rejects.toMatchObject({
      code: 'machine.missing-feature',
      place: `kernel feature ${absent.name}`,
      cure: expect.stringContaining(absent.cure),
    })
  })
})

test('a mapped mount proves btrfs only on btrfs, or from the release on that has it', () => {
  const ext4 = { kind: 'mapped', type: 'ext4', path: '/' } as const
  expect(judgeIdmap(ext4, '6.1.0-18-amd64').state).toBe('present')
  expect(judgeIdmap(ext4, '5.12.3').state).toBe('absent')
  expect(judgeIdmap({ ...ext4, type: 'btrfs' }, '5.14.0-427.el9').state).toBe('present')
  expect(judgeIdmap({ kind: 'refused', type: 'xfs', path: '/', errno: 38 }, '6.1.0').state).toBe('absent')
  expect(judgeIdmap({ kind: 'refused', type: 'xfs', path: '/', errno: 1 }, '6.1.0').state).toBe('unknown')
  expect(judgeIdmap({ kind: 'unasked', why: 'no mount' }, '6.1.0').state).toBe('unknown')
})

test('the store’s filesystem is tried first, and what is mapped already is not', () => {
  const mountinfo = [
    '1 0 8:1 / / rw - ext4 /dev/vda rw',
    '2 1 0:5 / /proc rw - proc proc rw',
    '3 1 0:6 / /var/my\\040store rw,noatime shared:1 - btrfs /dev/loop0 rw',
    '4 1 0:6 /h1 /var/h1 rw,idmapped - btrfs /dev/loop0 rw',
  ].join('\n')
  expect(mountsOf(mountinfo)).toEqual([
    { type: 'btrfs', path: '/var/my store' },
    { type: 'ext4', path: '/' },
  ])
})

function childrenOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
  )
}
