import { closeSync, constants, openSync } from 'node:fs'
import { constants as system } from 'node:os'
import type { VethlabError } from '../error/vethlab-error.js'
import { checked, SystemCallError, socket } from './call.js'
import { libc } from './libc.js'

/**
 * The few system calls that Node has no function for. All are synchronous and take microseconds to a few
 * milliseconds. Numbers are those of the kernel's unified table (the same on x86_64 and arm64).
 */

const openTree = libc.func('syscall', 'long', ['long', 'int', 'str', 'uint'])
const moveMount = libc.func('syscall', 'long', ['long', 'int', 'str', 'int', 'str', 'uint'])
const getxattr = libc.func('getxattr', 'long', ['str', 'str', 'void *', 'size_t'])
const mountSetattr = libc.func('syscall', 'long', ['long', 'int', 'str', 'uint', 'void *', 'size_t'])
const openat2 = libc.func('syscall', 'long', ['long', 'int', 'str', 'void *', 'size_t'])
const mount = libc.func('mount', 'int', ['str', 'str', 'str', 'ulong', 'str'])
const umount2 = libc.func('umount2', 'int', ['str', 'int'])
const setns = libc.func('setns', 'int', ['int', 'int'])
const unshare = libc.func('unshare', 'int', ['int'])
const sethostname = libc.func('sethostname', 'int', ['str', 'size_t'])
const flock = libc.func('flock', 'int', ['int', 'int'])
const setrlimit = libc.func('setrlimit', 'int', ['int', 'void *'])
const ioctl = libc.func('ioctl', 'int', ['int', 'ulong', 'ulong'])
const controlFile = libc.func('ioctl', 'int', ['int', 'ulong', 'void *'])
const getsockopt = libc.func('getsockopt', 'int', ['int', 'int', 'int', 'void *', 'void *'])

const SYS_OPEN_TREE = 428
const SYS_MOVE_MOUNT = 429
const SYS_OPENAT2 = 437
const SYS_MOUNT_SETATTR = 442
const AT_FDCWD = -100
const AT_EMPTY_PATH = 0x1000
const OPEN_TREE_CLONE = 1
const MOVE_MOUNT_F_EMPTY_PATH = 4
const MOVE_MOUNT_T_EMPTY_PATH = 0x40
const MOUNT_ATTR_NOSUID = 0x2n
const MOUNT_ATTR_IDMAP = 0x100000n
const MS_NODEV = 4
const MS_NOATIME = 0x400
const MS_BIND = 0x1000
const MNT_DETACH = 2
const UMOUNT_NOFOLLOW = 8
const CLONE_NEWUTS = 0x04000000
const CLONE_NEWNET = 0x40000000
const RLIMIT_CORE = 4
const LOCK_EX = 2
const LOCK_NB = 4
const NS_GET_USERNS = 0xb701
const NS_GET_PARENT = 0xb702
const NS_GET_NSTYPE = 0xb703
const BTRFS_IOC_QUOTA_CTL = 0xc0109428
const BTRFS_QUOTA_CTL_ENABLE_SIMPLE_QUOTA = 4n
const O_PATH = 0o10000000
const SOL_SOCKET = 1
const SO_PEERCRED = 17
const AF_INET = 2
const AF_INET6 = 10
const SOCK_STREAM_CLOEXEC_NONBLOCK = 0o2004001

/**
 * From now on neither this process nor any that it starts leaves a picture of its memory when it crashes. One byte, not none: a
 * program of the machine's that is given such pictures (core_pattern with `|`) is not bound by this limit, but is not started
 * where it is 1 (do_coredump in the kernel's fs/coredump.c). So a crash in a host starts nothing on the machine.
 */
export function forbidCoreDumps(): void {
  const limit = Buffer.alloc(16)
  limit.writeBigUInt64LE(1n, 0)
  limit.writeBigUInt64LE(1n, 8)
  checked(setrlimit(RLIMIT_CORE, limit), 'setrlimit')
}

function withDescriptor<T>(path: string, flags: number, use: (fd: number) => T): T {
  const fd = openSync(path, flags)
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}

/**
 * Shows the tree at `source` on an open directory, with file owners mapped through a user namespace: id 0 on disk is who
 * that namespace calls 0. No file is touched, so that a snapshot stays shared with its origin (mount_setattr(2), Linux 5.12;
 * btrfs since 5.15). Set-user-id programs work again, since they can only become ids of that namespace.
 */
export function mountIdmapped(source: string, target: number, userNamespace: string): void {
  withDescriptor(userNamespace, constants.O_RDONLY, (userns) => {
    const tree = checked(openTree(SYS_OPEN_TREE, AT_FDCWD, source, OPEN_TREE_CLONE | 0o2000000), 'open_tree')
    try {
      // struct mount_attr { u64 attr_set, attr_clr, propagation, userns_fd }
      const attributes = Buffer.alloc(32)
      attributes.writeBigUInt64LE(MOUNT_ATTR_IDMAP, 0)
      attributes.writeBigUInt64LE(MOUNT_ATTR_NOSUID, 8)
      attributes.writeBigUInt64LE(BigInt(userns), 24)
      checked(mountSetattr(SYS_MOUNT_SETATTR, tree, '', AT_EMPTY_PATH, attributes, 32), 'mount_setattr')
      const onto = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH
      checked(moveMount(SYS_MOVE_MOUNT, tree, '', target, '', onto), 'move_mount')
    } finally {
      closeSync(tree)
    }
  })
}

/**
 * Shows `lower`, which stays as it is, with all that is written to it in `upper` (Documentation/filesystems/overlayfs.rst).
 * `work` is an empty directory beside `upper`. The options: a change of mode or owner copies no content (metacopy), a
 * directory of `lower` can be renamed (redirect_dir), and nothing is synced, so that a disk whose kernel went down with it is
 * not to be used again (volatile).
 */
export function mountOverlay(target: string, { lower, upper, work }: { lower: string; upper: string; work: string }) {
  const options = constants.O_RDONLY | constants.O_DIRECTORY
  withDescriptor(lower, options, (lowerFd) =>
    withDescriptor(upper, options, (upperFd) =>
      withDescriptor(work, options, (workFd) => {
        // As descriptors: whatever characters a path has, it needs no escapes, and hosts do not see it in their mounts.
        const layers = Object.entries({ lowerdir: lowerFd, upperdir: upperFd, workdir: workFd })
        const paths = layers.map(([option, fd]) => `${option}=/proc/self/fd/${fd}`)
        const data = [...paths, 'redirect_dir=on', 'metacopy=on', 'index=off', 'volatile'].join(',')
        checked(mount('overlay', target, 'overlay', MS_NODEV | MS_NOATIME, data), `mount ${target}`)
      }),
    ),
  )
}

/** An extended attribute of a file, through symbolic links; undefined when it has none of that name (xattr(7)). */
export function extendedAttribute(path: string, name: string): string | undefined {
  const value = Buffer.alloc(4096)
  const length = Number(getxattr(path, name, value, value.length))
  if (length >= 0) return value.toString('utf8', 0, length)
  if (libc.errno() === system.errno.ENODATA) return undefined
  throw new SystemCallError(`getxattr ${name}`, libc.errno())
}

/** Detaches a mount, never through a symbolic link. A path that is no mount is fine: false is returned. */
export function unmount(target: string): boolean {
  if (umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW) === 0) return true
  const errno = libc.errno()
  if (errno === system.errno.EINVAL || errno === system.errno.ENOENT) return false
  throw new SystemCallError(`umount ${target}`, errno)
}

/**
 * Turns on btrfs's simple quotas (BTRFS_IOC_QUOTA_CTL, Linux 6.7): an extent is charged to whoever wrote it. The older
 * kind walks all that a snapshot shares when it is removed, which costs a processor seconds for every host.
 * @returns false where this kernel has none, or the file system has quotas already
 */
export function enableSimpleQuotas(filesystem: string): boolean {
  return withDescriptor(filesystem, constants.O_RDONLY | constants.O_DIRECTORY, (fd) => {
    // struct btrfs_ioctl_quota_ctl_args { u64 cmd, status }
    const command = Buffer.alloc(16)
    command.writeBigUInt64LE(BTRFS_QUOTA_CTL_ENABLE_SIMPLE_QUOTA, 0)
    return controlFile(fd, BTRFS_IOC_QUOTA_CTL, command) === 0
  })
}

/** Runs `use` on this thread inside another network namespace. What it starts or opens stays in there. */
export function inNetworkNamespace<T>(path: string, use: () => T): T {
  return inNamespace(path, CLONE_NEWNET, 'net', use)
}

/** Makes a TCP socket that belongs to another network namespace, and connects from there. @returns its descriptor */
export function tcpSocketIn(networkNamespace: string, family: 4 | 6): number {
  return inNetworkNamespace(networkNamespace, () =>
    checked(socket(family === 4 ? AF_INET : AF_INET6, SOCK_STREAM_CLOEXEC_NONBLOCK, 0), 'socket'),
  )
}

/** Sets the host name of a UTS namespace. */
export function setHostname(utsNamespace: string, hostname: string): void {
  inNamespace(utsNamespace, CLONE_NEWUTS, 'uts', () => {
    checked(sethostname(hostname, Buffer.byteLength(hostname)), 'sethostname')
  })
}

/** Makes a network namespace and pins it to a file, which must exist. `use` runs inside it first. */
export function makeNetworkNamespace(file: string, use: () => void): void {
  inNamespace('/proc/thread-self/ns/net', CLONE_NEWNET, 'net', () => {
    checked(unshare(CLONE_NEWNET), 'unshare')
    checked(mount('/proc/thread-self/ns/net', file, '', MS_BIND, null), `mount ${file}`)
    use()
  })
}

/** `use` must be synchronous: Node's own thread is in the namespace only as long as it runs. */
function inNamespace<T>(path: string, kind: number, name: string, use: () => T): T {
  return withDescriptor(`/proc/thread-self/ns/${name}`, constants.O_RDONLY, (home) =>
    withDescriptor(path, constants.O_RDONLY, (target) => {
      checked(setns(target, kind), `setns ${path}`)
      try {
        return use()
      } finally {
        if (setns(home, kind) !== 0) {
          // Going on in somebody else's namespace would be worse than ending.
          process.abort()
        }
      }
    }),
  )
}

/** Holds an exclusive lock on a file until `release` or the death of this process, whichever is first (flock(2)). */
export async function lockFile(
  path: string,
  { timeoutMs, busy }: { timeoutMs: number; busy: VethlabError },
): Promise<{ release(): void }> {
  const fd = openSync(path, constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW, 0o600)
  const deadline = Date.now() + timeoutMs
  while (flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    if (libc.errno() !== system.errno.EAGAIN || Date.now() > deadline) {
      closeSync(fd)
      throw busy
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { release: () => closeSync(fd) }
}

const RESOLVE_NO_XDEV = 1n
const RESOLVE_NO_MAGICLINKS = 2n
const RESOLVE_NO_SYMLINKS = 4n
const RESOLVE_BENEATH = 8n
const RESOLVE_IN_ROOT = 16n

/**
 * Opens a path inside a foreign root directory that a learner controls, without ever leaving it: no `..`, symbolic or
 * magic link leads out (openat2(2)).
 */
export function openInRoot(root: string, path: string, flags: number = O_PATH): number {
  return openResolved(root, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
}

/**
 * The same where no link at all is followed: by links within links a learner can make the kernel look up a hundred thousand
 * names for one path, which takes as long as he likes in a file system of his choice.
 */
export function openWithoutLinks(root: string, path: string, flags: number = O_PATH): number {
  return openResolved(root, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS)
}

/** Opens a path below a directory for nothing but looking at it; no link and no mount is followed on the way (openat2(2)). */
export function openBeneath(directory: string, path: string): number {
  return openResolved(directory, path, O_PATH, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV)
}

function openResolved(root: string, path: string, flags: number, resolve: bigint): number {
  return withDescriptor(root, O_PATH | constants.O_DIRECTORY, (directory) => {
    // struct open_how { u64 flags, mode, resolve }
    const how = Buffer.alloc(24)
    how.writeBigUInt64LE(BigInt(flags | 0o2000000), 0)
    how.writeBigUInt64LE(resolve, 16)
    return checked(openat2(SYS_OPENAT2, directory, path, how, 24), `open ${path}`)
  })
}

/** Whether an open file is a network namespace that belongs to the given user namespace, or to one below it. */
export function isNetworkNamespaceOf(fd: number, userNamespaceInode: bigint, inodeOf: (fd: number) => bigint): boolean {
  if (ioctl(fd, NS_GET_NSTYPE, 0) !== CLONE_NEWNET) return false
  let owner = ioctl(fd, NS_GET_USERNS, 0)
  while (owner >= 0) {
    const found = inodeOf(owner) === userNamespaceInode
    // The machine's own has none.
    const parent = found ? -1 : ioctl(owner, NS_GET_PARENT, 0)
    closeSync(owner)
    if (found) return true
    owner = parent
  }
  return false
}

/** The process that began to listen at the other end of a connected unix socket (unix(7), SO_PEERCRED); 0 if it is out of sight. */
export function peerProcess(fd: number): number {
  // struct ucred { pid_t pid; uid_t uid; gid_t gid }
  const credentials = Buffer.alloc(12)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(12)
  checked(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length), 'getsockopt')
  return credentials.readInt32LE(0)
}
