import { call, number, type Subject, type Technique } from './technique.js'

/** Character devices by name, major and minor number, as in the kernel's admin-guide/devices.txt and /proc/devices. */
const characters: Record<string, [major: number, minor: number]> = {
  mem: [1, 1],
  kmem: [1, 2],
  null: [1, 3],
  port: [1, 4],
  zero: [1, 5],
  random: [1, 8],
  kmsg: [1, 11],
  tty0: [4, 0],
  ttyS0: [4, 64],
  console: [5, 1],
  ptmx: [5, 2],
  'vga arbiter': [10, 63],
  watchdog: [10, 130],
  userfaultfd: [10, 126],
  nvram: [10, 144],
  'net/tun': [10, 200],
  uinput: [10, 223],
  fuse: [10, 229],
  snapshot: [10, 231],
  kvm: [10, 232],
  'btrfs-control': [10, 234],
  autofs: [10, 235],
  'mapper/control': [10, 236],
  'loop-control': [10, 237],
  'vhost-net': [10, 238],
  vsock: [10, 241],
  'cpu/0/msr': [202, 0],
}

const CHARACTER = 0o020000
const BLOCK = 0o060000

/** The machine's root makes it in a file system of the own. */
const makes = (name: string, type: number, device: string): Technique => ({
  name: `make the device ${name}`,
  perl: `my $place = own_place(${number('unshare')}, ${number('mount')}); ${call('mknodat', -100, '"$place/node"', type | 0o600, device)}`,
  inside: ['EPERM'],
  machine: ['ok'],
})

/** An ioctl on a terminal of the own, that the machine's root alone may do. */
const onTerminal = (name: string, request: number, argument: string): Technique => ({
  name,
  perl: `my $fd = own_terminal(); ${call('ioctl', '$fd', request, argument)}`,
  inside: ['EPERM'],
  machine: ['ok'],
})

export const devices: Subject = {
  title: 'Devices',
  techniques: [
    ...Object.entries(characters).map(([name, [major, minor]]) => makes(name, CHARACTER, `${(major << 8) | minor}`)),
    makes('loop0', BLOCK, `${7 << 8}`),
    makes('of the disk below /', BLOCK, '$at{disk}'),
    ...[
      'loop-control',
      'kmsg',
      'mem',
      'kvm',
      'fuse',
      'net/tun',
      'btrfs-control',
      'userfaultfd',
      'vsock',
      'mapper/control',
      'loop0',
    ].map(
      (name): Technique => ({
        name: `open /dev/${name}`,
        perl: `opens("$at{H}/dev/${name}", 0)`,
        inside: ['ENOENT'],
        machine: ['ok', 'EINVAL', 'EBADFD'],
      }),
    ),
    onTerminal('lock the settings of a terminal: TIOCSLCKTRMIOS', 0x5457, '$zeros'),
    onTerminal('hang up a terminal: TIOCVHANGUP', 0x5437, '0'),
  ],
}
