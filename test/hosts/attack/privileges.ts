import { call, number, type Subject, SYS_RESOURCE, type Technique } from './technique.js'

/** What asks for a capability over the machine, not over the host. */
const denied = (name: string, perl: string, ...machine: string[]): Technique => ({
  name,
  perl,
  inside: ['EPERM', 'EACCES'],
  machine: machine.length > 0 ? machine : ['ok'],
})

export const privileges: Subject = {
  title: 'Privileges over the machine',
  techniques: [
    denied(
      'scheduling before all others: SCHED_FIFO',
      `my $priority = pack 'i', 1; ${call('sched_setscheduler', 0, 1, '$priority')}`,
    ),
    denied(
      'scheduling in turn: SCHED_RR',
      `my $priority = pack 'i', 1; ${call('sched_setscheduler', 0, 2, '$priority')}`,
    ),
    denied(
      'scheduling by deadlines: SCHED_DEADLINE',
      `my $attributes = pack 'L L Q l L Q3', 48, 6, 0, 0, 0, 10e6, 30e6, 30e6; ${call('sched_setattr', 0, '$attributes', 0)}`,
      'ok',
      'EBUSY',
    ),
    denied('the highest priority: setpriority', call('setpriority', 0, 0, -20)),
    denied('disks before all others: ioprio_set', call('ioprio_set', 1, 0, (1 << 13) | 4)),
    ...[
      { what: 'a higher limit of real-time priority', resource: 14, limit: 99 },
      { what: 'a higher limit of priority', resource: 13, limit: 40 },
      { what: 'more bytes in message queues', resource: 12, limit: 2 ** 40 },
      { what: "a picture of its memory for a program of the machine's", resource: 4, limit: 2 ** 40 },
    ].map(({ what, resource, limit }) => ({
      ...denied(
        `${what}: prlimit64`,
        `my $limit = pack 'Q2', ${limit}, ${limit}; ${call('prlimit64', 0, resource, '$limit', 0)}`,
      ),
      capability: SYS_RESOURCE,
    })),
    denied('a timer that wakes the machine: timerfd_create', call('timerfd_create', 9, 0)),
    denied('a timer that wakes the machine: timer_create', call('timer_create', 9, 0, '$zeros')),
    denied('decide on what others open: fanotify_init, content', call('fanotify_init', 0x4, 0)),
    denied('without limit on what is watched: fanotify_init, unlimited', call('fanotify_init', 0x30, 0)),
    {
      name: 'watch a whole file system: fanotify_mark',
      perl: `my $fd = fd_by(${number('fanotify_init')}, 0x200, 0); ${call('fanotify_mark', '$fd', 0x101, 0x100, -100, '$at{root}')}`,
      inside: ['EPERM', 'ENODEV', 'EXDEV', 'EINVAL', 'ENOTSUP'],
      machine: ['ok'],
    },
    {
      name: 'be a user that the host has not: setuid',
      perl: call('setuid', 70_000),
      inside: ['EINVAL'],
      machine: ['ok'],
    },
    {
      name: 'give a file to a user that the host has not: chown',
      perl: `my $place = own_place(${number('unshare')}, ${number('mount')}); open(my $file, '>', "$place/file"); chown(70_000, 70_000, "$place/file") ? 'ok' : errno()`,
      inside: ['EINVAL'],
      machine: ['ok'],
    },
    {
      name: "the machine's ids in a user namespace: uid_map",
      perl: `pipe(my $read, my $write); my $child = fork; if (!$child) { call(${number('unshare')}, 0x10000000); syswrite $write, 'x'; sleep 9; kill 'KILL', $$ }
        sysread $read, my $ready, 1; open(my $map, '>', "/proc/$child/uid_map") or return errno(); my $outcome = syswrite($map, '0 70000 1') ? 'ok' : errno(); kill 'KILL', $child; $outcome`,
      inside: ['EPERM'],
      machine: ['ok'],
    },
    {
      ...denied(
        "where the kernel keeps this process's memory: PR_SET_MM",
        call('prctl', 35, 1, 4096, 0, 0),
        'EINVAL',
        'ok',
      ),
      capability: SYS_RESOURCE,
    },
    denied(
      'a measure of the file for the kernel: security.ima',
      `my $path = "$at{H}/tmp/measured$$"; open(my $file, '>', $path); my $outcome = ${call('setxattr', '$path', '"security.ima"', '"x"', 1, 0)}; unlink $path; $outcome`,
      'ok',
      'ENOTSUP',
    ),
  ],
}

/** What works in a host, and reaches the host alone. */
export const bounded: Subject = {
  title: 'What works, and reaches the host alone',
  techniques: [
    {
      name: 'another name: sethostname',
      perl: `my $name = 'attack'; my $outcome = ${call('sethostname', '$name', 6)}; call(${number('sethostname')}, $at{name}, length $at{name}); $outcome`,
      inside: ['ok'],
      kept: '/proc/sys/kernel/hostname',
    },
    {
      name: 'another domain: setdomainname',
      perl: `my $name = 'attack'; ${call('setdomainname', '$name', 6)}`,
      inside: ['ok'],
      kept: '/proc/sys/kernel/domainname',
    },
    {
      name: 'a limit of messages',
      perl: `open(my $file, '>', '/proc/sys/kernel/msgmax') or return errno(); syswrite($file, '8000') ? 'ok' : errno()`,
      inside: ['ok'],
      kept: '/proc/sys/kernel/msgmax',
    },
    {
      name: 'a limit of shared memory',
      perl: `open(my $file, '>', '/proc/sys/kernel/shmmni') or return errno(); syswrite($file, '4000') ? 'ok' : errno()`,
      inside: ['ok'],
      kept: '/proc/sys/kernel/shmmni',
    },
    {
      name: 'a limit of namespaces',
      perl: `open(my $file, '>', '/proc/sys/user/max_time_namespaces') or return errno(); syswrite($file, '7') ? 'ok' : errno()`,
      inside: ['ok'],
      kept: '/proc/sys/user/max_time_namespaces',
    },
    {
      name: 'forwarding',
      perl: `open(my $file, '>', '/proc/sys/net/ipv4/conf/lo/forwarding') or return errno(); syswrite($file, '1') ? 'ok' : errno()`,
      inside: ['ok'],
      kept: '/proc/sys/net/ipv4/conf/lo/forwarding',
    },
    {
      name: 'a link',
      perl: `my $link = pack('C x S l L L', 0, 0, 0, 0, 0) . attribute(3, "attack0\\0");
        my $outcome = netlink(0, 16, 0x600, $link . attribute(18, attribute(1, "bridge\\0"))); netlink(0, 17, 0, $link); $outcome`,
      inside: ['ok'],
      kept: '/sys/class/net/attack0/address',
    },
    {
      name: 'its own clocks: a time namespace',
      perl: `${call('unshare', 0x80)}; open(my $file, '>', '/proc/self/timens_offsets') or return errno(); syswrite($file, 'monotonic 86400 0') ? 'ok' : errno()`,
      inside: ['ok'],
    },
    {
      name: 'a mount over what others read',
      perl: `my $outcome = ${call('mount', '"none"', '"$at{H}/media"', '"tmpfs"', 0, '""')}; open(my $file, '>', "$at{H}/media/attack"); syswrite $file, 'x'; call(${number('umount2')}, "$at{H}/media", 2); $outcome`,
      inside: ['ok'],
      kept: '/media/attack',
    },
    {
      name: 'interpreters for programs: binfmt_misc',
      perl: `mkdir "$at{H}/tmp/formats"; my $outcome = ${call('mount', '"none"', '"$at{H}/tmp/formats"', '"binfmt_misc"', 0, '""')}; return $outcome if $outcome ne 'ok';
      open(my $file, '>', "$at{H}/tmp/formats/register") or return errno(); $outcome = syswrite($file, ":attack:E::attack::/bin/true:") ? 'ok' : errno(); call(${number('umount2')}, "$at{H}/tmp/formats", 2); $outcome`,
      inside: ['ok', 'EPERM'],
      kept: '/proc/sys/fs/binfmt_misc/attack',
    },
    { name: 'secret memory: memfd_secret', perl: call('memfd_secret', 0), inside: ['ok', 'ENOSYS'] },
    {
      name: 'rules for its own files: landlock',
      perl: `my $rules = pack 'Q', 1; ${call('landlock_create_ruleset', '$rules', 8, 0)}`,
      inside: ['ok', 'ENOTSUP', 'ENOSYS'],
    },
    {
      name: 'seal its own memory: mseal',
      perl: `my $page = result_of(${number('mmap')}, 0, 4096, 3, 0x22, -1, 0); ${call('mseal', '$page', 4096, 0)}`,
      inside: ['ok', 'ENOSYS'],
    },
    {
      name: 'which security modules there are: lsm_list_modules',
      perl: `my $size = pack 'L', 4096; ${call('lsm_list_modules', '$zeros', '$size', 0)}`,
      inside: ['ok', 'ENOSYS'],
    },
    {
      name: 'another label: lsm_set_self_attr',
      perl: call('lsm_set_self_attr', 100, '$zeros', 32, 0),
      inside: ['EINVAL', 'ENOTSUP', 'ENOSYS'],
    },
    {
      name: 'pages of a file in memory: cachestat',
      perl: `my $fd = fd_of("$at{H}/usr/bin/perl"); my ($range, $result) = (pack('Q2', 0, 0), $zeros); ${call('cachestat', '$fd', '$range', '$result', 0)}`,
      inside: ['ok', 'ENOSYS', 'EPERM'],
    },
    {
      name: 'attributes of a file: file_getattr',
      perl: `my $attributes = "\\0" x 24; ${call('file_getattr', -100, '"$at{H}/etc/passwd"', '$attributes', 24, 0)}`,
      inside: ['ok', 'ENOSYS', 'ENOTSUP', 'ENOTTY'],
    },
    {
      name: 'a handle of a file: name_to_handle_at',
      perl: `my $handle = pack 'L l', 128, 0; $handle .= $zeros; my $mount = pack 'L', 0; ${call('name_to_handle_at', -100, '"$at{H}/etc/passwd"', '$handle', '$mount', 0)}`,
      inside: ['ok', 'ENOTSUP'],
    },
  ],
}
