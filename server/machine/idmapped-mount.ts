import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import os from 'node:os'
import { execa } from 'execa'
import { loadLibc } from '../kernel/load-libc.js'
import { toolPath } from './tool.js'
import { isAtLeast } from './version.js'

/** Numbers of linux/unistd.h: newer system calls have the same one on every architecture that Node runs on. */
const OPEN_TREE = 428
const MOUNT_SETATTR = 442
const AT_FDCWD = -100
const OPEN_TREE_CLONE = 1
const OPEN_TREE_CLOEXEC = 0o2000000
const AT_EMPTY_PATH = 0x1000
const MOUNT_ATTR_IDMAP = 0x100000n

/** The first filesystem types that could be mapped; the store's own first. */
const TYPES = ['btrfs', 'ext4', 'xfs']

const ENOSYS = os.constants.errno.ENOSYS

/** What was seen when a mount was to be mapped; `refused` has the error number. */
export type IdmapOutcome =
  | { kind: 'mapped'; type: string; path: string }
  | { kind: 'refused'; type: string; path: string; errno: number }
  | { kind: 'unasked'; why: string }

/** Whether an outcome proves mapped btrfs mounts, and in which words. */
export function judgeIdmap(
  outcome: IdmapOutcome,
  release: string,
): { state: 'present' | 'absent' | 'unknown'; found: string } {
  // btrfs took part three releases after the system call came.
  const recent = isAtLeast(release, 5, 15)
  if (outcome.kind === 'unasked') return { state: recent ? 'unknown' : 'absent', found: outcome.why }
  const where = `${outcome.type} at ${outcome.path}`
  if (outcome.kind === 'mapped') {
    const proven = outcome.type === 'btrfs' || recent
    return {
      state: proven ? 'present' : 'absent',
      found: proven ? `mapped ${where}` : `kernel ${release} is before 5.15`,
    }
  }
  const absent = outcome.errno === ENOSYS || !recent
  return { state: absent ? 'absent' : 'unknown', found: `error ${outcome.errno} on ${where}` }
}

/**
 * Maps the ids of a mount and lets it go. The mount is a detached copy that no path leads to: nothing in the machine's mount
 * table changes, and closing its descriptor ends it.
 */
export async function tryIdmap(): Promise<IdmapOutcome> {
  const libc = await loadLibc()
  if (libc === undefined) return { kind: 'unasked', why: 'koffi has no binary for this machine' }
  const mounts = mountsOf(await readFile('/proc/self/mountinfo', 'utf8'))
  if (mounts.length === 0) return { kind: 'unasked', why: `no ${TYPES.join(', ')} is mounted to try it on` }
  const openTree = libc.func('long syscall(long nr, long directory, str path, unsigned long flags)')
  const setAttributes = libc.func(
    'long syscall(long nr, long tree, str path, unsigned long flags, void *attributes, unsigned long size)',
  )
  const outcome = await withUserNamespace((namespace): IdmapOutcome | undefined => {
    let last: IdmapOutcome | undefined
    for (const mount of mounts) {
      const tree = Number(openTree(OPEN_TREE, AT_FDCWD, mount.path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC))
      if (tree < 0) {
        last = { kind: 'refused', ...mount, errno: libc.errno() }
        continue
      }
      // struct mount_attr: attr_set, attr_clr, propagation, userns_fd.
      const attributes = new BigUint64Array([MOUNT_ATTR_IDMAP, 0n, 0n, BigInt(namespace)])
      const failed =
        Number(setAttributes(MOUNT_SETATTR, tree, '', AT_EMPTY_PATH, attributes, attributes.byteLength)) < 0
      const errno = libc.errno()
      closeSync(tree)
      if (!failed) return { kind: 'mapped', ...mount }
      last = { kind: 'refused', ...mount, errno }
    }
    return last
  })
  return outcome ?? { kind: 'unasked', why: 'no user namespace could be made to map it to' }
}

/** From the text of /proc/self/mountinfo: a few mounts whose type can be mapped and that are not mapped already. */
export function mountsOf(mountinfo: string): { type: string; path: string }[] {
  const found = mountinfo.split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ')
    const fields = before?.split(' ') ?? []
    const type = after?.split(' ')[0]
    const path = fields[4]?.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)))
    if (type === undefined || path === undefined || !TYPES.includes(type)) return []
    return fields[5]?.split(',').includes('idmapped') ? [] : [{ type, path }]
  })
  return found.sort((one, other) => TYPES.indexOf(one.type) - TYPES.indexOf(other.type)).slice(0, 4)
}

/** Holds a user namespace open by a process that waits in it, and gives the namespace's descriptor to `use`. */
async function withUserNamespace<T>(use: (namespace: number) => T): Promise<T | undefined> {
  const holder = execa('unshare', ['--user', '--map-root-user', '--', 'cat'], {
    env: { PATH: toolPath() },
    timeout: 5_000,
    reject: false,
    buffer: false,
  })
  try {
    // cat answers only once unshare has written the id maps and become it.
    holder.stdin.on('error', () => {})
    holder.stdin.write('ready')
    const ready = await Promise.race([
      new Promise<boolean>((resolve) => holder.stdout.once('data', () => resolve(true))),
      holder.then(() => false),
    ])
    if (!ready || holder.pid === undefined) return undefined
    const namespace = openSync(`/proc/${holder.pid}/ns/user`, 'r')
    try {
      return use(namespace)
    } finally {
      closeSync(namespace)
    }
  } finally {
    holder.stdin.end()
    await holder
  }
}
