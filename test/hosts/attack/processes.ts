import { call, fdBy, number, type Subject, type Technique } from './technique.js'

/**
 * A process of the machine, by its number there, which no process of the host has (target.pl). The machine's root does to it what
 * leaves it as it is.
 */
const unseen = (name: string, perl: string, ...machine: string[]): Technique => ({
  name,
  perl,
  inside: ['ESRCH', 'ENOENT'],
  machine: machine.length > 0 ? machine : ['ok'],
})
const pid = '$at{pid} + 0'
const pidfd = `my $process = ${fdBy('pidfd_open', pid, 0)};`
/** A place for one word, and a struct iovec that leads there. */
const vector = `my $word = 'x' x 8; my $vector = pack 'Q2', address_of($word), 8;`

export const processes: Subject = {
  title: 'Processes and namespaces of others',
  techniques: [
    unseen('signal a process of the machine: kill', call('kill', pid, 0)),
    unseen(
      'queue a signal for it: rt_sigqueueinfo',
      `my $info = pack 'i3 x116', 0, 0, -1; ${call('rt_sigqueueinfo', pid, 0, '$info')}`,
    ),
    unseen('a descriptor of it: pidfd_open', call('pidfd_open', pid, 0)),
    unseen(
      'signal it by a descriptor: pidfd_send_signal',
      `${pidfd} ${call('pidfd_send_signal', '$process', 0, 0, 0)}`,
    ),
    unseen('take its files: pidfd_getfd', `${pidfd} ${call('pidfd_getfd', '$process', 0, 0)}`),
    unseen(
      'advise it on memory: process_madvise',
      `${pidfd} ${vector} ${call('process_madvise', '$process', '$vector', 1, 20, 0)}`,
      'ok',
      'EINVAL',
      'ENOMEM',
    ),
    unseen('free its memory: process_mrelease', `${pidfd} ${call('process_mrelease', '$process', 0)}`, 'EINVAL'),
    unseen('enter its namespaces: setns', `${pidfd} ${call('setns', '$process', 0x40000000)}`),
    unseen('attach to it: ptrace', call('ptrace', 0x4206, pid, 0, 0)),
    unseen(
      'read its memory: process_vm_readv',
      `${vector} my $there = pack 'Q2', 4096, 8; ${call('process_vm_readv', pid, '$vector', 1, '$there', 1, 0)}`,
      'EFAULT',
    ),
    {
      ...unseen(
        'write its memory: process_vm_writev',
        `${vector} my $there = pack 'Q2', 4096, 8; ${call('process_vm_writev', pid, '$vector', 1, '$there', 1, 0)}`,
        'EFAULT',
      ),
      // Refused to whomever: an Engine could be made to lie by it.
      inside: ['EPERM'],
    },
    unseen('compare with it: kcmp', call('kcmp', '$$', pid, 1, 0, 0)),
    unseen(
      'its processors: sched_setaffinity',
      `my $mask = "\\xff" x 8; ${call('sched_setaffinity', pid, 8, '$mask')}`,
    ),
    unseen(
      'its class of scheduling: sched_setscheduler',
      `my $priority = pack 'i', 0; ${call('sched_setscheduler', pid, 0, '$priority')}`,
    ),
    unseen('its priority: setpriority', call('setpriority', 0, pid, 0)),
    unseen('its priority on disks: ioprio_set', call('ioprio_set', 1, pid, 0)),
    unseen('its limits: prlimit64', call('prlimit64', pid, 7, 0, '$zeros')),
    unseen(
      'move its pages: migrate_pages',
      `my $nodes = pack 'Q', 1; ${call('migrate_pages', pid, 64, '$nodes', '$nodes')}`,
    ),
    unseen('where its pages are: move_pages', call('move_pages', pid, 0, 0, 0, 0, 0)),
    unseen(
      'its list of locks: get_robust_list',
      `my ($head, $length) = ($zeros, $zeros); ${call('get_robust_list', pid, '$head', '$length')}`,
    ),
    unseen(
      'its capabilities: capget',
      `my $header = pack 'L i', 0x20080522, ${pid}; ${call('capget', '$header', '$zeros')}`,
    ),
    ...['root', 'cwd', 'exe', 'environ', 'mem', 'maps', 'stack', 'ns/net', 'ns/user', 'fdinfo/0', 'map_files'].map(
      (name) => unseen(`its files: /proc/PID/${name}`, `opens("/proc/$at{pid}/${name}", 0)`),
    ),
    {
      name: "the machine's secret in the environment of any process",
      perl: `seen_in('environ')`,
      inside: ['unseen'],
      machine: ['seen'],
    },
    {
      name: "the machine's secret in the command line of any process",
      perl: `seen_in('cmdline')`,
      inside: ['unseen'],
      machine: ['seen'],
    },
    {
      name: 'the user namespace above: NS_GET_PARENT',
      // From one that is made below, the same call leads to the own one.
      perl: `my $below = own_users(${number('unshare')}); my $own = ${fdBy('ioctl', '$below', 0xb702)}; ${call('ioctl', '$own', 0xb702)}`,
      inside: ['EPERM'],
    },
    {
      name: 'the first mount namespace of the machine: NS_MNT_GET_PREV',
      // Back from its own one as far as it goes. The first user namespace has the same number on every machine (PROC_USER_INIT_INO).
      perl: `my $fd = fd_of('/proc/self/ns/mnt'); my $information = pack 'L L Q', 16, 0, 0;
        while (($fd = result_of(${number('ioctl')}, $fd, 0x8010b70c, $information)) >= 0) {
          my $owner = result_of(${number('ioctl')}, $fd, 0xb701);
          return 'reached' if $owner < 0 || (stat fdopen_of_reading($owner))[1] == 0xeffffffd;
        }
        $!{ENOTTY} ? 'ENOTTY' : 'not reached'`,
      inside: ['not reached', 'ENOTTY'],
      machine: ['reached'],
    },
    {
      name: 'out of a changed root: chroot, and up 64 directories',
      perl: `mkdir "$at{H}/tmp/below$$"; my $fd = fd_of('/'); call(${number('chroot')}, "$at{H}/tmp/below$$"); my $handle = fdopen_of_reading($fd); chdir $handle;
        chdir '..' for 1 .. 64; call(${number('chroot')}, '.'); rmdir "$at{H}/tmp/below$$"; reached('')`,
      inside: ['not reached'],
      machine: ['reached'],
    },
    {
      name: "the machine's files through any process: /proc/PID/root and /proc/PID/cwd",
      perl: `(grep { reached($_) eq 'reached' } glob '/proc/[0-9]*/{root,cwd}/../../../../../..') ? 'reached' : 'not reached'`,
      inside: ['not reached'],
      machine: ['reached'],
    },
    {
      name: "the machine's files through descriptors that were left open: /proc/PID/fd",
      perl: `my $fd = $at{H} eq '' && $at{machine} ? fd_of('/') : 0;
        (grep { reached("$_/../../../../../../..") eq 'reached' || reached($_) eq 'reached' } glob '/proc/[0-9]*/fd/[0-9]*') ? 'reached' : 'not reached'`,
      inside: ['not reached'],
      machine: ['reached'],
    },
  ],
}
