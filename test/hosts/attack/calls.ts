import { call, fdBy, type Subject, type Technique } from './technique.js'

/**
 * System calls that no namespace bounds. Where they work they are harmless: they ask, or are given what does not exist.
 * What the machine's root gets is the answer behind the permission.
 */
const denied = (name: string, perl: string, ...machine: string[]): Technique => ({
  name,
  perl,
  inside: ['EPERM'],
  machine,
})
const unknown = (name: string, perl: string, ...machine: string[]): Technique => ({
  name,
  perl,
  inside: ['ENOSYS'],
  machine,
})

export const calls: Subject = {
  title: 'System calls that act on the whole machine',
  techniques: [
    denied('load a module: init_module', call('init_module', 0, 0, '""'), 'ENOEXEC', 'EFAULT', 'EINVAL'),
    denied('load a module from a file: finit_module', call('finit_module', -1, '""', 0), 'EBADF'),
    denied('remove a module: delete_module', call('delete_module', '"no-such-module"', 0), 'ENOENT'),
    denied('load another kernel: kexec_load', call('kexec_load', 0, 0, 0, 0xfff0), 'EINVAL'),
    denied('load another kernel from a file: kexec_file_load', call('kexec_file_load', -1, -1, 0, 0, 0xf0), 'EINVAL'),
    denied('read the size of the kernel log: syslog', call('syslog', 10, 0, 0), 'ok'),
    denied('read the kernel log: syslog', call('syslog', 3, '$zeros', 100), 'ok'),
    denied('set the clock: settimeofday', call('settimeofday', 0, 0), 'ok'),
    denied('set a clock: clock_settime', call('clock_settime', 1, '$zeros'), 'EINVAL'),
    denied('tune the clock: adjtimex', call('adjtimex', '$zeros'), 'ok'),
    denied('tune a clock: clock_adjtime', call('clock_adjtime', 0, '$zeros'), 'ok'),
    denied('make a map: bpf', call('bpf', 0, '$zeros', 72), 'EINVAL'),
    denied('load a program: bpf', call('bpf', 5, '$zeros', 72), 'EINVAL', 'E2BIG'),
    denied('list the programs: bpf', call('bpf', 11, '$zeros', 12), 'ok', 'ENOENT'),
    denied('attach a program to a control group: bpf', call('bpf', 8, '$zeros', 72), 'EINVAL', 'EBADF'),
    denied('hand on bpf: bpf token', call('bpf', 36, '$zeros', 72), 'EINVAL', 'EBADF'),
    denied(
      'count events of the processor: perf_event_open',
      call('perf_event_open', '$zeros', 0, -1, -1, 0),
      'ok',
      'EINVAL',
      'ENOENT',
    ),
    denied(
      'count events of every process: perf_event_open',
      call('perf_event_open', '$zeros', -1, 0, -1, 0),
      'ok',
      'EINVAL',
      'ENOENT',
    ),
    denied('handle page faults: userfaultfd', call('userfaultfd', 0), 'ok'),
    denied(
      'open a file by its handle: open_by_handle_at',
      call('open_by_handle_at', -100, '$zeros', 0),
      'EINVAL',
      'ESTALE',
    ),
    denied(
      'open the root of the disk by its handle (CVE-2014-3519)',
      `my $fd = fd_of("$at{H}/etc/hosts"); my $handle = pack 'L l Q', 8, 1, 2; ${call('open_by_handle_at', '$fd', '$handle', 0)}`,
      'ok',
      'ESTALE',
    ),
    denied('read a path by a cookie: lookup_dcookie', call('lookup_dcookie', 0, '$zeros', 8), 'EINVAL'),
    denied('swap to a file: swapon', call('swapon', '"/no/such/file"', 0), 'ENOENT'),
    denied('end swapping: swapoff', call('swapoff', '"/no/such/file"'), 'ENOENT'),
    denied('account for processes: acct', call('acct', '"/no/such/file"'), 'ENOENT'),
    denied('set quotas: quotactl', call('quotactl', 0, '"/no/such/device"', 0, 0), 'EINVAL', 'ENOENT', 'ENODEV'),
    denied('set quotas by a descriptor: quotactl_fd', call('quotactl_fd', -1, 0, 0, 0), 'EBADF', 'EINVAL'),
    denied('hang up a terminal: vhangup', `setpgrp; ${call('vhangup')}`, 'ok'),
    denied('reach the ports of the processor: iopl', call('iopl', 4), 'EINVAL'),
    denied('reach a port of the processor: ioperm', call('ioperm', 70_000, 1, 1), 'EINVAL'),
    denied('change segments: modify_ldt', call('modify_ldt', 0, '$zeros', 16), 'ok'),
    denied('export over NFS: nfsservctl', call('nfsservctl', 0, 0, 0), 'EINVAL'),
    unknown('add a key: add_key', call('add_key', '"no-such-type"', '"x"', '"y"', 1, -2), 'ENODEV'),
    unknown('ask for a key: request_key', call('request_key', '"no-such-type"', '"x"', 0, -2), 'ENOKEY', 'ENODEV'),
    unknown('look at a key ring: keyctl', call('keyctl', 0, -2, 0), 'ENOKEY', 'ok'),
    unknown('join a session of keys: keyctl', call('keyctl', 1, 0), 'ok'),
    unknown('take the keys that outlast sessions: keyctl', call('keyctl', 22, -1, -2), 'ok'),
    unknown('watch keys: keyctl', call('keyctl', 32, -2, -1, 0), 'ENOTSUP', 'EBADF', 'ENOKEY', 'EINVAL'),
    unknown('make a ring: io_uring_setup', call('io_uring_setup', 1, '$zeros'), 'ok', 'EPERM'),
    unknown('use a ring: io_uring_enter', call('io_uring_enter', -1, 0, 0, 0, 0, 0), 'EBADF'),
    unknown('register with a ring: io_uring_register', call('io_uring_register', -2, 0, 0, 0), 'EBADF', 'EINVAL'),
    {
      name: 'restart the machine at Ctrl-Alt-Del: reboot',
      // Set to what it is.
      perl: `open(my $file, '<', '/proc/sys/kernel/ctrl-alt-del'); my $on = <$file>; ${call('reboot', 0xfee1dead, 672274793, '$on == 1 ? 0x89abcdef : 0', 0)}`,
      inside: ['EINVAL', 'EPERM'],
      machine: ['ok'],
    },
    {
      name: 'a system call of 32-bit programs, which have other numbers: int 0x80',
      perl: int80(),
      inside: ['SIGSYS', 'SIGSEGV', 'ENOSYS'],
      machine: ['ok'],
    },
    {
      name: 'a system call by the numbers of x32',
      perl: call('getpid').replace(/\d+/, (digits) => `0x40000000 | ${digits}`),
      inside: ['SIGSYS', 'SIGSEGV'],
      machine: ['ok', 'ENOSYS'],
    },
    denied(
      'make subvolumes of btrfs without a quota, with bits that the kernel ignores: ioctl',
      `my $fd = fd_of($at{store}); ${call('ioctl', '$fd', BigInt(0x5000940e) | (0xffn << 32n), '$zeros')}`,
      'EINVAL',
      'EROFS',
      'EEXIST',
      'ENOTTY',
    ),
    {
      name: 'the network namespace of the socket that it was started with: SIOCGSKNS',
      perl: call('ioctl', 1, 0x894c, 0),
      inside: ['EPERM', 'ENOTTY', 'EBADF'],
      machine: ['ok'],
    },
    {
      name: 'a process with a number that it chooses on the machine: clone3',
      perl: `my $numbers = pack 'i2', 31000, 31000; my $arguments = pack 'Q11', 0, 0, 0, 0, 17, 0, 0, 0, address_of($numbers), 2, 0; ${call('clone3', '$arguments', 88)}`,
      inside: ['EPERM'],
      machine: ['EINVAL'],
    },
    {
      name: 'a file system that no process names: fsopen of devtmpfs',
      perl: `my $fd = ${fdBy('fsopen', '"devtmpfs"', 0)}; ${call('fsconfig', '$fd', 6, 0, 0, 0)}`,
      inside: ['EPERM'],
      machine: ['ok', 'EINVAL'],
    },
  ],
}

/** mov eax, 20 (getpid); int 0x80; ret. There is nothing like it on arm64. */
function int80(): string {
  if (process.arch !== 'x64') return `do { $!{ENOSYS}; 'ENOSYS' }`
  return `require DynaLoader; my $code = "\\xb8\\x14\\0\\0\\0\\xcd\\x80\\xc3"; my $page = syscall(9, 0, 4096, 7, 0x22, -1, 0);
    pipe(my $out, my $in); syswrite($in, $code); syscall(0, fileno($out), $page, length $code);
    DynaLoader::dl_install_xsub('main::jump', $page); jump(); 'ok'`
}
