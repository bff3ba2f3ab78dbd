import { call, number, type Subject, type Technique } from './technique.js'

/** A file of the control group that bounds the host: the machine's root is shown to open the very same one. */
const bound = (name: string, controller: string, v1: string, v2 = ''): Technique => ({
  name,
  perl: `opens(group('${controller}', '${v1}', '${v2}'), 1)`,
  inside: ['EACCES', 'ENOENT', 'EPERM'],
  machine: ['ok'],
})

export const groups: Subject = {
  title: 'Control groups',
  techniques: [
    bound('lift the limit on memory', 'memory', 'memory.limit_in_bytes', 'memory.max'),
    bound('lift the limit on memory and swap', 'memory', 'memory.memsw.limit_in_bytes', 'memory.swap.max'),
    bound('not be killed for lack of memory', 'memory', 'memory.oom_control', 'memory.oom.group'),
    bound('watch the memory of the host: cgroup.event_control', 'memory', 'cgroup.event_control', 'memory.low'),
    bound('lift the limit on processes', 'pids', 'pids.max', 'pids.max'),
    bound('a larger share of the processors', 'cpu', 'cpu.shares', 'cpu.weight'),
    bound('more time of the processors', 'cpu', 'cpu.cfs_quota_us', 'cpu.max'),
    bound('allow devices', 'devices', 'devices.allow'),
    bound('other processors', 'cpuset', 'cpuset.cpus', 'cpuset.cpus'),
    bound('freeze or thaw the host', 'freezer', 'freezer.state', 'cgroup.freeze'),
    bound('a program that the machine runs at the end of a group: notify_on_release', 'memory', 'notify_on_release'),
    bound('count of groups below: cgroup.max.descendants', 'memory', '', 'cgroup.max.descendants'),
    {
      name: 'a program of the machine at the end of a group: release_agent (CVE-2022-0492)',
      perl: `call(${number('unshare')}, 0x20000); mkdir "$at{H}/tmp/groups$$";
        my $mounted = call(${number('mount')}, 'none', "$at{H}/tmp/groups$$", 'cgroup', 0, 'memory');
        my $outcome = $mounted eq 'ok' ? opens("$at{H}/tmp/groups$$/release_agent", 1) : $mounted; call(${number('umount2')}, "$at{H}/tmp/groups$$", 2); rmdir "$at{H}/tmp/groups$$"; $outcome`,
      inside: ['ENOENT', 'EACCES', 'EPERM', 'EINVAL'],
      machine: ['ok'],
    },
    {
      name: 'a hierarchy of its own: mount of cgroup with a name',
      perl: `call(${number('unshare')}, 0x20000); ${call('mount', '"none"', '"$at{H}/tmp"', '"cgroup"', 0, '"none,name=attack"')}`,
      inside: ['EPERM', 'ENOENT', 'EINVAL'],
      machine: ['ok'],
    },
    {
      name: 'a program at the end of a group, said when mounting',
      perl: `call(${number('unshare')}, 0x20000); ${call('mount', '"none"', '"$at{H}/tmp"', '"cgroup"', 0, '"none,name=attack,release_agent=/bin/false"')}`,
      inside: ['EPERM', 'ENOENT', 'EINVAL'],
      machine: ['ok'],
    },
  ],
}
