import { call, fdBy, number, type Subject, type Technique } from './technique.js'

/** File systems that the machine's root alone may mount; from a device that is not there, or with no device at all. */
const types = [
  ...['ext2', 'ext4', 'xfs', 'btrfs', 'squashfs', 'erofs', 'fuseblk', 'vfat', 'iso9660', 'udf', 'f2fs', 'hfsplus'],
  ...[
    'devtmpfs',
    'debugfs',
    'tracefs',
    'securityfs',
    'configfs',
    'pstore',
    'efivarfs',
    'autofs',
    'hugetlbfs',
    'fusectl',
  ],
  ...['nfs', 'nfs4', 'cifs', '9p', 'ceph', 'virtiofs', 'rpc_pipefs', 'nfsd', 'selinuxfs', 'zonefs', 'resctrl', 'bdev'],
]

const behind = ['ok', 'EINVAL', 'ENOENT', 'ENOTBLK', 'EBUSY', 'ENXIO']
const inOwnMounts = `call(${number('unshare')}, 0x20000);`
/** In a place of its own: a file system that its root has made itself. */
const ownPlace = `my $place = own_place(${number('unshare')}, ${number('mount')});`

const mounts = (type: string): Technique => ({
  name: `mount ${type}`,
  perl: `${inOwnMounts} ${call('mount', '"/no/such/device"', '"$at{H}/tmp"', `"${type}"`, 0, '""')}`,
  inside: ['EPERM'],
  machine: behind,
})

const creates = (type: string): Technique => ({
  name: `create ${type} by the newer calls: fsopen, fsconfig`,
  perl: `my $fd = ${fdBy('fsopen', `"${type}"`, 0)}; ${call('fsconfig', '$fd', 6, 0, 0, 0)}`,
  inside: ['EPERM'],
  machine: behind,
})

/** An overlay of three directories of its own, with options that lead to more than its root may have. */
const overlay = (name: string, options: string, ...inside: string[]): Technique => ({
  name: `an overlay ${name}`,
  perl: `${ownPlace} mkdir "$place/$_" for qw(lower upper work merged);
    ${call('mount', '"none"', '"$place/merged"', '"overlay"', 0, `"lowerdir=$place/lower,upperdir=$place/upper,workdir=$place/work,${options}"`)}`,
  inside,
  machine: ['ok'],
})

/** struct mount_attr: what is set, what is cleared, how it is passed on, a user namespace. */
const attributes = (set: number, clear: number, users = '0') =>
  `my $attributes = pack 'Q4', ${set}, ${clear}, 0, ${users};`
const setsAttributes = (place: string) => call('mount_setattr', -100, place, 0, '$attributes', 32)

export const mountsAndFileSystems: Subject = {
  title: 'Mounts and file systems',
  techniques: [
    ...types.map(mounts),
    ...['ext4', 'xfs', 'btrfs', 'squashfs', 'erofs', 'debugfs', 'tracefs', 'securityfs'].map(creates),
    {
      name: 'make the root writable or not for all its mounts: mount, remount',
      perl: `${inOwnMounts} ${call('mount', '"none"', '"$at{root}"', '""', 0x20, '"no-such-option"')}`,
      inside: ['EPERM'],
      machine: ['EINVAL', 'EROFS', 'ok'],
    },
    {
      name: 'the same by fspick and fsconfig',
      perl: `my $fd = ${fdBy('fspick', -100, '$at{root}', 0)}; ${call('fsconfig', '$fd', 7, 0, 0, 0)}`,
      inside: ['EPERM'],
      machine: ['ok', 'EINVAL', 'EROFS'],
    },
    {
      name: 'other owners for the files of the root: mount_setattr with a user namespace',
      perl: `my $users = own_users(${number('unshare')}); my $tree = ${fdBy('open_tree', -100, '$at{root}', 0x80001)};
        ${attributes(0x100000, 0, '$users')} call(${number('mount_setattr')}, $tree, '', 0x1000, $attributes, 32)`,
      inside: ['EPERM', 'EINVAL'],
      machine: ['ok'],
    },
    {
      name: 'the same in one call: open_tree_attr',
      perl: `my $users = own_users(${number('unshare')}); ${attributes(0x100000, 0, '$users')} ${call('open_tree_attr', -100, '$at{root}', 0x80001, '$attributes', 32)}`,
      inside: ['EPERM', 'EINVAL'],
      machine: ['ok'],
    },
    {
      name: 'devices on a mount that forbids them, from a mount namespace below: mount_setattr',
      perl: `call(${number('unshare')}, 0x10020000); ${attributes(0, 0x4)} ${setsAttributes('"$at{H}/dev/shm"')}`,
      inside: ['EPERM'],
      machine: ['ok'],
    },
    {
      name: 'move the mount of the root away: move_mount',
      perl: `${inOwnMounts} ${call('move_mount', -100, '$at{root}', -100, '"$at{H}/tmp"', 0)}`,
      inside: ['EINVAL', 'ELOOP', 'EBUSY'],
      machine: ['ok'],
    },
    {
      name: 'what lies below all mounts: umount of each, and of the root',
      perl: `${inOwnMounts} open(my $list, '<', '/proc/self/mounts'); my @at = map { (split)[1] } <$list>;
        for (1 .. 3) { call(${number('umount2')}, $_, 2) for reverse @at } reached('') eq 'reached' || reached('/..') eq 'reached' ? 'reached' : 'not reached'`,
      inside: ['not reached'],
      machine: ['reached'],
    },
    {
      name: "a mount of the machine's by its number: statmount",
      perl: `my $wanted = pack 'L L Q Q Q', 32, 0, $at{mount}, 2, $at{mounts}; ${call('statmount', '$wanted', '$zeros', 4096, 0)}`,
      inside: ['ENOENT', 'EPERM'],
      machine: ['ok'],
    },
    {
      name: 'all mounts of the machine: listmount',
      perl: `my $wanted = pack 'L L Q Q Q', 32, 0, 0xffffffffffffffff, 0, $at{mounts}; ${call('listmount', '$wanted', '$zeros', 512, 0)}`,
      inside: ['ENOENT', 'EPERM'],
      machine: ['ok'],
    },
    overlay('with redirects', 'redirect_dir=on', 'EPERM', 'EINVAL'),
    overlay('with metadata alone copied', 'metacopy=on', 'EPERM', 'EINVAL'),
    {
      name: "marks of the overlay's own on a file: trusted.overlay",
      perl: `open(my $file, '>', "$at{H}/tmp/marked$$"); my $outcome = ${call('setxattr', '"$at{H}/tmp/marked$$"', '"trusted.overlay.opaque"', '"y"', 1, 0)}; unlink "$at{H}/tmp/marked$$"; $outcome`,
      inside: ['EPERM'],
      machine: ['ok'],
    },
    {
      name: 'a file that nobody can change: FS_IOC_SETFLAGS, immutable',
      perl: `${ownPlace} open(my $file, '>', "$place/file"); my $flags = pack 'L', 0x10; ${call('ioctl', 'fileno($file)', 0x40086602, '$flags')}`,
      inside: ['EPERM'],
      machine: ['ok'],
    },
    {
      name: 'the same by file_setattr',
      perl: `${ownPlace} open(my $file, '>', "$place/file"); my $attributes = pack 'Q L4', 0x8, 0, 0, 0, 0; ${call('file_setattr', -100, '"$place/file"', '$attributes', 24, 0)}`,
      inside: ['EPERM'],
      machine: ['ok'],
    },
    {
      name: 'stop all writing to the file system: FIFREEZE',
      perl: `my $fd = fd_of($at{root}); ${call('ioctl', '$fd', 0xc0045877, 0)}`,
      inside: ['EPERM'],
      machine: ['ENOTSUP'],
    },
    {
      name: 'where a file lies on the disk: FIBMAP',
      perl: `my $fd = fd_of("$at{H}/etc/passwd"); my $block = pack 'i', 0; ${call('ioctl', '$fd', 1, '$block')}`,
      inside: ['EPERM'],
      machine: ['ok', 'EINVAL'],
    },
  ],
}

/** Requests on a file system of btrfs: what changes or reads more than one's own files. */
const requests: Record<string, [request: number, ...machine: string[]]> = {
  'make a subvolume without a quota: SUBVOL_CREATE': [0x5000940e, 'EROFS', 'EINVAL', 'EEXIST'],
  SUBVOL_CREATE_V2: [0x50009418, 'EROFS', 'EINVAL', 'EEXIST'],
  'make a snapshot without a quota: SNAP_CREATE': [0x50009401, 'EROFS', 'EINVAL', 'EEXIST', 'EBADF'],
  SNAP_CREATE_V2: [0x50009417, 'EROFS', 'EINVAL', 'EEXIST', 'EBADF'],
  'read all trees: TREE_SEARCH': [0xd0009411, 'ok'],
  TREE_SEARCH_V2: [0xc0709411, 'ok', 'EOVERFLOW'],
  'which files share a block: LOGICAL_INO': [0xc0389424, 'ENOENT', 'EINVAL', 'ENOMEM', 'EOVERFLOW', 'EFAULT'],
  'names of a file by its number: INO_PATHS': [0xc0389423, 'ENOENT', 'EINVAL', 'ok', 'EFAULT'],
  'change its size: RESIZE': [0x50009403, 'EROFS'],
  'add a disk: ADD_DEV': [0x5000940a, 'EROFS', 'EINVAL', 'ENOENT'],
  'remove a disk: RM_DEV': [0x5000940b, 'EROFS', 'EINVAL'],
  RM_DEV_V2: [0x5000943a, 'EROFS', 'EINVAL'],
  'replace a disk: DEV_REPLACE': [0xca289435, 'EINVAL', 'EROFS'],
  'move all blocks: BALANCE_V2': [0xc4009420, 'EROFS'],
  'stop that: BALANCE_CTL': [0x40049421, 'EINVAL', 'ENOTCONN'],
  'read all blocks: SCRUB': [0xc400941b, 'EROFS', 'ENODEV'],
  SCRUB_CANCEL: [0x941c, 'ENOTCONN'],
  'quotas on or off: QUOTA_CTL': [0xc0109428, 'EROFS'],
  'make a quota group: QGROUP_CREATE': [0x4010942a, 'EROFS'],
  'put a disk into a quota group: QGROUP_ASSIGN': [0x40189429, 'EROFS'],
  "lift a quota group's limit: QGROUP_LIMIT": [0x8030942b, 'EROFS'],
  'count quotas again: QUOTA_RESCAN': [0x4040942c, 'EROFS'],
  'choose what is mounted: DEFAULT_SUBVOL': [0x40089413, 'EROFS'],
  'new features: SET_FEATURES': [0x40309439, 'EROFS', 'ok', 'EINVAL'],
  'blocks as they lie on the disk: ENCODED_READ': [0x80809440, 'ok', 'EINVAL', 'EISDIR'],
}

export const btrfs: Subject = {
  title: 'The disk, btrfs',
  techniques: Object.entries(requests).map(([name, [request, ...machine]]) => ({
    name,
    perl: `my $fd = fd_of($at{store}); my $argument = "\\0" x 16384; ${call('ioctl', '$fd', request, '$argument')}`,
    inside: ['EPERM'],
    machine,
  })),
}
