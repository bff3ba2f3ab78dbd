/** Something that one rack does to slow its neighbours down: a script as root of its docker host, which goes on until it is ended. */
export interface Vandal {
  name: string
  script: string
  /** It has so many terminals whose output is shown, each with this command in it. */
  terminals?: { count: number; command: string }
  /** Somebody looks at its map meanwhile. */
  watched?: true
}

const arm = process.arch === 'arm64'
const unshare = arm ? 97 : 272
const mount = arm ? 40 : 165
const umount = arm ? 39 : 166

/** The same program of perl, so many times side by side. Programs are quoted as they are. */
const perl = (program: string, times = 1) => `for n in $(seq ${times}); do perl -e '${program}' & done; wait`
/** A child that does it, again and again. */
const again = (what: string) =>
  `for (;;) { my $child = fork; if (!defined $child) { next } if (!$child) { ${what}; exit } waitpid $child, 0 }`
/** Directories of control groups that can be made there, on both versions; and a name for each program. */
const groups =
  'my @top = grep { -d } glob "/sys/fs/cgroup/{memory,cpu,pids}"; @top = ("/sys/fs/cgroup") if !@top; my $own = "v$$"'
const batch = (line: string, count: number) => `seq ${count} | sed "s/.*/${line}/" | ip -batch -`
/** 50,000 rules, in files of as many as a host may hand to the kernel at once. */
const rules = `perl -e 'print "add table ip many\\nadd chain ip many c\\n"; print "add rule ip many c ip daddr 10.1.2.3 tcp dport $_ accept\\n" for 1 .. 50000' | split -l 4000 - /tmp/rules.`

/** The first does nothing: what is measured of it is how far two measurements of the same are from each other. */
export const vandals: Vandal[] = [
  { name: 'nothing', script: 'sleep 1000' },
  { name: '400 programs that compute', script: perl('1 while 1', 400) },
  { name: 'a fork bomb', script: perl('fork while 1') },
  { name: 'programs that begin and end', script: perl(again('exec "/bin/true"'), 4) },
  {
    name: 'small files, made and removed',
    script: perl(
      'my $at = "/var/tmp/small$$"; mkdir $at; for (;;) { for my $n (1 .. 500) { open(my $file, ">", "$at/$n"); print $file "x" } unlink "$at/$_" for 1 .. 500 }',
      4,
    ),
  },
  {
    name: 'large files',
    script:
      'for n in 1 2 3 4; do while :; do dd if=/dev/zero of=/var/tmp/large$n bs=1M count=150; rm /var/tmp/large$n; done & done; wait',
  },
  {
    name: 'writes that are synced',
    // O_WRONLY, O_CREAT and O_SYNC.
    script: perl(
      'sysopen(my $file, "/var/tmp/synced$$", 1 | 0x40 | 0x101000); for (;;) { sysseek $file, 0, 0; syswrite $file, "x" x 4096 }',
      4,
    ),
  },
  {
    name: 'memory, to the limit and again',
    script: `while :; do ${perl('my @held; push @held, "x" x (1 << 20) while 1')}; done`,
  },
  { name: 'network namespaces', script: perl(again(`syscall(${unshare}, 0x40000000)`), 4) },
  { name: 'user and mount namespaces', script: perl(again(`syscall(${unshare}, 0x10020000)`), 4) },
  {
    name: 'mounts',
    script: perl(
      `syscall(${unshare}, 0x20000); my ($none, $type, $at) = ("none", "tmpfs", "/mnt"); for (;;) { syscall(${mount}, $none, $at, $type, 0, 0); syscall(${umount}, $at, 2) }`,
      4,
    ),
  },
  {
    name: 'control groups',
    script: perl(
      `${groups}; for (;;) { for my $top (@top) { mkdir "$top/$own-$_" for 1 .. 100; rmdir "$top/$own-$_" for 1 .. 100 } }`,
      4,
    ),
  },
  {
    name: 'moves between control groups',
    script: perl(
      `${groups}; for my $top (@top) { mkdir "$top/$own-$_" for 1, 2 }
        for (;;) { for my $n (1, 2) { for my $top (@top) { open(my $file, ">", "$top/$own-$n/cgroup.procs"); syswrite $file, "$$" } } }`,
      4,
    ),
  },
  {
    name: 'UDP over docker0',
    script: `docker run -d --rm --name sink busybox sleep 1000; ${perl(
      'use Socket; my $to = pack_sockaddr_in(9, inet_aton("172.17.0.2")); socket(my $from, 2, 2, 0); send($from, "x" x 1400, 0, $to) for 1 .. 1e12',
      4,
    )}`,
  },
  {
    name: 'UDP over the LAN',
    script: perl(
      'use Socket; my $to = pack_sockaddr_in(9, inet_aton("192.168.1.50")); socket(my $from, 2, 2, 0); send($from, "x" x 1400, 0, $to) for 1 .. 1e12',
      4,
    ),
  },
  {
    name: 'connections, tracked',
    script: perl(
      'use Socket; my $to = inet_aton("192.168.1.50"); for (;;) { for my $port (1 .. 60000) { socket(my $from, 2, 2, 0); send($from, "x", 0, pack_sockaddr_in($port, $to)) } }',
    ),
  },
  {
    name: 'TCP over loopback, opened and closed',
    script: perl(
      'use Socket; socket(my $at, 2, 1, 0); bind($at, pack_sockaddr_in(0, inet_aton("127.0.0.1"))); listen($at, 99); my $to = getsockname($at); for (;;) { socket(my $from, 2, 1, 0); connect($from, $to); accept(my $end, $at) }',
      4,
    ),
  },
  {
    name: 'neighbours that are not there',
    script: `ip link add neighbours type bridge; ip address add 10.99.0.1/16 dev neighbours; ip link set neighbours up; ${perl(
      'use Socket; socket(my $from, 2, 2, 0); for (;;) { for my $n (2 .. 65000) { send($from, "x", 0, pack_sockaddr_in(9, pack("N", 0x0a630000 + $n))) } }',
      2,
    )}`,
  },
  {
    name: 'docker run, 4 at a time',
    script: 'for n in 1 2 3 4; do while :; do docker run --rm busybox true; done & done; wait',
  },
  {
    name: 'veth pairs, made and removed',
    script: `for n in 1 2; do while :; do ${batch('link add v$n-& type veth peer name w$n-&', 50)}; ${batch('link delete v$n-&', 50)}; done & done; wait`,
  },
  { name: '2,000 veth pairs', script: `${batch('link add v& type veth peer name w&', 2000)}; sleep 1000` },
  {
    name: '50,000 rules, loaded again and again',
    script: `${rules}; while :; do for file in /tmp/rules.*; do nft -f $file; done; nft delete table ip many; done`,
  },
  { name: '12 terminals that print', script: 'sleep 1000', terminals: { count: 12, command: 'yes' } },
  {
    name: 'links that change while watched',
    script: 'while :; do ip link add v type veth peer name w; ip link delete v; sleep 0.02; done',
    watched: true,
  },
  {
    name: 'rules that change while watched',
    script:
      'while :; do iptables -A INPUT -s 10.1.2.3 -j DROP; iptables -D INPUT -s 10.1.2.3 -j DROP; sleep 0.02; done',
    watched: true,
  },
  {
    name: '3,400 links while watched',
    script: `${batch('link add v& type veth peer name w&', 1700)}; while :; do ip link set v1 up; ip link set v1 down; sleep 0.2; done`,
    watched: true,
  },
]
