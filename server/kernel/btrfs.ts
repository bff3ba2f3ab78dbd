import { closeSync, constants, openSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { promisify } from 'node:util'
import { libc } from './libc.js'

/**
 * What hosts need of btrfs at every opening and closing, without a program for each (linux/btrfs.h). The calls wait for the
 * file system, so they run beside this thread. None says why it failed: ask btrfs(8) then.
 */

const ioctl = libc.func('ioctl', 'int', ['int', 'ulong', 'void *'])
const control = promisify(ioctl.async) as (fd: number, request: number, argument: Buffer) => Promise<number>

const BTRFS_IOC_SNAP_DESTROY = 0x5000940f
const BTRFS_IOC_SNAP_CREATE_V2 = 0x50009417
const BTRFS_IOC_QGROUP_LIMIT = 0x8030942b
const BTRFS_QGROUP_LIMIT_MAX_EXCL = 2n
const directoryFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW

/** Makes a writable snapshot of a subvolume. @returns whether that worked */
export async function snapshotSubvolume(source: string, target: string): Promise<boolean> {
  return await withDirectory(source, async (origin) =>
    withDirectory(dirname(target), async (parent) => {
      // struct btrfs_ioctl_vol_args_v2 { s64 fd; u64 transid, flags; u64 unused[4]; char name[4040] }
      const argument = Buffer.alloc(4096)
      argument.writeBigInt64LE(BigInt(origin), 0)
      argument.write(basename(target), 56, 4039)
      return (await control(parent, BTRFS_IOC_SNAP_CREATE_V2, argument)) === 0
    }),
  )
}

/** Bounds what a subvolume may hold besides what it shares. @returns whether that worked */
export async function limitSubvolume(subvolume: string, exclusiveBytes: number): Promise<boolean> {
  return await withDirectory(subvolume, async (fd) => {
    // struct btrfs_ioctl_qgroup_limit_args { u64 qgroupid; u64 flags, max_rfer, max_excl, rsv_rfer, rsv_excl }; group 0 is the subvolume's own
    const argument = Buffer.alloc(48)
    argument.writeBigUInt64LE(BTRFS_QGROUP_LIMIT_MAX_EXCL, 8)
    argument.writeBigUInt64LE(BigInt(exclusiveBytes), 24)
    return (await control(fd, BTRFS_IOC_QGROUP_LIMIT, argument)) === 0
  })
}

/** Removes a subvolume that holds no other. @returns whether that worked */
export async function deleteSubvolume(subvolume: string): Promise<boolean> {
  return await withDirectory(dirname(subvolume), async (parent) => {
    // struct btrfs_ioctl_vol_args { s64 fd; char name[4088] }
    const argument = Buffer.alloc(4096)
    argument.write(basename(subvolume), 8, 4087)
    return (await control(parent, BTRFS_IOC_SNAP_DESTROY, argument)) === 0
  })
}

async function withDirectory(path: string, use: (fd: number) => Promise<boolean>): Promise<boolean> {
  let fd: number
  try {
    fd = openSync(path, directoryFlags)
  } catch {
    return false
  }
  try {
    return await use(fd)
  } finally {
    closeSync(fd)
  }
}
