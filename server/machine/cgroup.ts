import { accessSync, constants, readFileSync, statfsSync } from 'node:fs'
import path from 'node:path'

const CGROUP_ROOT = '/sys/fs/cgroup'

/** CGROUP2_SUPER_MAGIC of linux/magic.h, which statfs gives as the filesystem's type. */
const CGROUP2_MAGIC = 0x63677270

export type CgroupMode = 'v1' | 'v2'

/** What limits this machine can set on a lab host. */
export interface CgroupSupport {
  mode: CgroupMode
  /** A v2 tree is mounted beside v1, as systemd does it in its hybrid mode; the controllers are v1's. */
  hybrid: boolean
  /** The controllers that can be used, such as `memory`. */
  controllers: string[]
  /** Whether groups can be made here; in a container the tree is often mounted read-only. */
  writable: boolean
}

/** `v2` only when the unified tree itself is at /sys/fs/cgroup; hybrid, v1 and no cgroups at all count as `v1`. */
export function cgroupMode(): CgroupMode {
  try {
    return statfsSync(CGROUP_ROOT).type === CGROUP2_MAGIC ? 'v2' : 'v1'
  } catch {
    return 'v1'
  }
}

export function cgroupSupport(): CgroupSupport {
  const mode = cgroupMode()
  if (mode === 'v2') {
    const controllers = readOrEmpty(path.join(CGROUP_ROOT, 'cgroup.controllers')).split(/\s+/).filter(Boolean)
    return { mode, hybrid: false, controllers, writable: isWritable(CGROUP_ROOT) }
  }
  const { controllers, unified } = parseCgroupMounts(readOrEmpty('/proc/self/mountinfo'))
  const writable = [...controllers.values()].every(isWritable)
  return { mode, hybrid: unified, controllers: [...controllers.keys()].sort(), writable }
}

/** From the text of /proc/self/mountinfo: where each v1 controller is mounted, and whether a v2 tree is mounted too. */
export function parseCgroupMounts(mountinfo: string): { controllers: Map<string, string>; unified: boolean } {
  const controllers = new Map<string, string>()
  let unified = false
  for (const line of mountinfo.split('\n')) {
    // ID parent major:minor root mountpoint options [optional...] - type source super-options
    const [before, after] = line.split(' - ')
    const mountPoint = before?.split(' ')[4]
    const [type, , superOptions] = after?.split(' ') ?? []
    if (type === 'cgroup2') unified = true
    if (type !== 'cgroup' || mountPoint === undefined) continue
    for (const option of superOptions?.split(',') ?? []) {
      // `name=systemd` is a hierarchy without a controller, `rw` and the like are options of any mount.
      if (/^[a-z_]+$/.test(option) && !['rw', 'ro', 'xattr', 'none', 'noprefix'].includes(option)) {
        controllers.set(option, mountPoint)
      }
    }
  }
  return { controllers, unified }
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
