package Kernel;
# What several eyes ask of the kernel. It uses no module: each costs time at every start.
use strict;

# Perl has no function for these, so they are called by number: x86_64's, then arm64's. The ELF header of the running program
# says which it is (elf(5), e_machine; 62 is x86_64).
my %numbers = (
  clock_gettime => [228, 113],
  close => [3, 57],
  fstatfs => [138, 44],
  getsockopt => [55, 209],
  ioctl => [16, 29],
  kcmp => [312, 272],
  openat2 => [437, 437],
  pidfd_getfd => [438, 438],
  pidfd_open => [434, 434],
  prctl => [157, 167],
  prlimit64 => [302, 261],
  setfsuid => [122, 151],
  setgroups => [116, 159],
  setns => [308, 268],
  setresgid => [119, 149],
  setresuid => [117, 147],
  unshare => [272, 97],
);
open(my $program, '<:raw', '/proc/self/exe') or die "/proc/self/exe: $!\n";
read $program, my $header, 20;
close $program;
my $column = unpack('x18 S', $header) == 62 ? 0 : 1;

# What reads a learner's bytes may grow: it is no better than other programs when memory runs out (proc(5)), whoever starts it.
if (open(my $adjustment, '>', '/proc/self/oom_score_adj')) { syswrite $adjustment, '0' }

# call NAME, ARGUMENTS: makes a system call. -1 is a failure; $! has the reason.
sub call {
  my $name = shift;
  return syscall($numbers{$name}[$column], @_);
}

# enter PATH: makes the network namespace at a path this process's own (CLONE_NEWNET). Returns whether that worked; $! has
# the reason if not.
sub enter {
  my ($path) = @_;
  open(my $namespace, '<', $path) or return 0;
  return enter_open($namespace);
}

# enter_open HANDLE: the same of a namespace that is open.
sub enter_open { call('setns', fileno $_[0], 0x40000000) == 0 }

# join_host USER: leaves the machine's root for root of a host's outer user namespace (see hold-user-namespaces.pl), for good, and
# for all that is started from here: what it reads of a learner's, it reads with the learner's own rights. USER is the path of
# the user namespace of a process of the host, which lies in the outer one. A file of the machine's that is not everybody's
# has to be open by now. Dies on failure.
sub join_host {
  my ($user) = @_;
  open(my $inner, '<', $user) or die "$user: $!\n";
  # NS_GET_PARENT (ioctl_ns(2))
  my $outer = ioctl($inner, 0xb702, 0) or die "the user namespace above $user: $!\n";
  call('setgroups', 0, 0) == 0 or die "setgroups: $!\n";
  # CLONE_NEWUSER
  call('setns', int $outer, 0x10000000) == 0 or die "setns: $!\n";
  take_id(0);
}

# join_network USER, NETWORK: the same, and then enters one of the host's network namespaces, given by its path.
sub join_network {
  my ($user, $network) = @_;
  open(my $namespace, '<', $network) or die "$network: $!\n";
  join_host($user);
  enter_open($namespace) or die "$network: $!\n";
}

# become_nobody: gives up every right of the machine's root, for good; what is open stays so. Dies on failure.
sub become_nobody {
  call('setgroups', 0, 0) == 0 or die "setgroups: $!\n";
  take_id(65534);
}

sub take_id {
  my ($id) = @_;
  # Perl's own variables leave the saved ids as they were.
  for my $set ('setresgid', 'setresuid') {
    call($set, $id, $id, $id) == 0 or die "$set $id: $!\n";
  }
  # PR_SET_NO_NEW_PRIVS
  call('prctl', 38, 1, 0, 0, 0) == 0 or die "prctl: $!\n";
}

# leave: makes a new, empty network namespace this process's own. Returns whether that worked.
sub leave { call('unshare', 0x40000000) == 0 }

# now: nanoseconds of the machine's clock (CLOCK_REALTIME).
sub now {
  my $time = pack 'q q', 0, 0;
  call('clock_gettime', 0, $time);
  return nanoseconds($time);
}

# time_of_last SOCKET: when the kernel took what was received last (SIOCGSTAMPNS), in nanoseconds of the same clock. The first
# call asks it to take times; see `timekeeper`.
sub time_of_last {
  my ($socket) = @_;
  my $time = pack 'q q', 0, 0;
  ioctl($socket, 0x8907, $time);
  return nanoseconds($time);
}

# timekeeper: a socket for whose life the kernel takes the time of every packet; undef on failure. It leaves the beginning of that
# to a work queue (net_enable_timestamp), many milliseconds on a busy machine, and gives until then the time at which a packet is
# read. In what order sockets are read says nothing, so `await_times` comes before all that matters.
sub timekeeper {
  # AF_INET, SOCK_DGRAM.
  socket(my $keeper, 2, 2, 0) or return;
  bind($keeper, pack('S n C4 x8', 2, 0, 127, 0, 0, 1)) or return;
  time_of_last($keeper);
  return $keeper;
}

# await_times TIMEKEEPER: waits until times are taken, two seconds at most. Returns whether they are.
sub await_times {
  my ($keeper) = @_;
  my $own = getsockname $keeper;
  for (my $until = now() + 2e9; now() < $until; select undef, undef, undef, 0.0005) {
    # What it sends to itself has been received once it is sent.
    defined send($keeper, 'x', 0, $own) or return 0;
    my $sent = now();
    # MSG_DONTWAIT
    defined recv($keeper, my $received, 1, 0x40) or next;
    return 1 if time_of_last($keeper) <= $sent;
  }
  return 0;
}

sub nanoseconds {
  my ($seconds, $nanoseconds) = unpack 'q q', $_[0];
  return $seconds * 1_000_000_000 + $nanoseconds;
}

# netlink PROTOCOL: a netlink socket (AF_NETLINK, SOCK_RAW) of the present namespace with a port id that the kernel chooses;
# undef on failure, with its reason in $!.
sub netlink {
  my ($protocol) = @_;
  socket(my $socket, 16, 3, $protocol) or return;
  bind($socket, pack('S S L L', 16, 0, 0, 0)) or return;
  return $socket;
}

# attributes BYTES, AT: netlink attributes (struct nlattr, padded to 4 bytes) from there to the end, each as [type, value].
sub attributes {
  my ($bytes, $at) = @_;
  my @found;
  while ($at + 4 <= length $bytes) {
    my ($size, $type) = unpack 'S S', substr $bytes, $at, 4;
    last if $size < 4;
    push @found, [$type, substr $bytes, $at + 4, $size - 4];
    $at += ($size + 3) & ~3;
  }
  return @found;
}

# messages BYTES: netlink messages (struct nlmsghdr, padded to 4 bytes), each as [type, port id of its sender, body].
sub messages {
  my ($bytes) = @_;
  my @found;
  for (my $at = 0; $at + 16 <= length $bytes;) {
    my ($size, $type, $flags, $sequence, $from) = unpack 'L S S L L', substr $bytes, $at, 16;
    last if $size < 16;
    push @found, [$type, $from, substr $bytes, $at + 16, $size - 16];
    $at += ($size + 3) & ~3;
  }
  return @found;
}

# request TYPE, FLAGS, BODY: one netlink message. NLM_F_REQUEST is always set.
sub request {
  my ($type, $flags, $body) = @_;
  return pack('L S S L L', 16 + length $body, $type, $flags | 1, 0, 0) . $body;
}

1;
