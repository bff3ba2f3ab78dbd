# Measures what a host has of what the whole machine has but once: the kernel's memory that no control group counts, entries of
# neighbour tables, open files, pseudo-terminals.
#   perl -I EYES measure-namespaces.pl PATHS < PIDS
# PATHS: of network namespaces; PIDS: of processes; both with commas between. The namespaces of the processes' sockets count too, so
# that a socket is found whose maker has left its namespace; the one that this program runs in counts only if it is among PATHS.
# Lines come as it goes on: bytes, neighbours, files, terminals, so far. The last one has a word behind: `whole`, or `beyond` where
# there is more than is looked at. Without that word the program was ended before it was through.
#
# Counted are rings of packet sockets (PACKET_RX_RING, PACKET_TX_RING; packet(7)), what waits in and for sockets (SO_MEMINFO,
# sock_diag(7)), fragments (/proc/net/sockstat), and neighbours, forwarding entries, routes and connections with what one of each takes.
use strict;
use Kernel;

my $neighbour_bytes = 512;
my $forwarding_bytes = 128;
my $route_bytes = 256;
my $connection_bytes = 320;
# So much is looked at, of one host: far more than a lesson needs, and about a second's work. It is counts that bound the work, and
# not time, so that a slow machine finds no more than a fast one that there is more.
my %left = (files => 65_536, sockets => 16_384, answers => 131_072);

my ($paths) = @ARGV;
chomp(my $pids = <STDIN> // '');
my ($bytes, $neighbours, $files, $terminals, $beyond) = (0, 0, 0, 0, 0);
my (%seen, @namespaces);
$| = 1;
open(my $home, '<', '/proc/self/ns/net') or die "/proc/self/ns/net: $!\n";

look_at($_) for split /,/, $paths // '';
# A program of a host may hold a socket of ours, such as its standard input.
$seen{'net:' . (stat $home)[1]}++;
my $last;
look_into($_) for split /,/, $pids;
# Last, since these questions wait for each other on the whole machine (rtnl_lock).
within($_, \&tables) for @namespaces;
report($beyond ? ' beyond' : ' whole');

# Whether one more of a kind is looked at.
sub may {
  my ($kind) = @_;
  return 1 if $left{$kind}-- > 0;
  $beyond = 1;
  return 0;
}

sub report { print "$bytes $neighbours $files $terminals", @_, "\n" }

# All that one process has open. Its threads may have other files than it, and other namespaces (clone(2), CLONE_FILES).
sub look_into {
  my ($process) = @_;
  opendir(my $tasks, "/proc/$process/task") or return;
  for my $task (grep { /^\d+$/ } readdir $tasks) {
    look_at("/proc/$process/task/$task/ns/net");
    # kcmp(2), KCMP_FILES: what has one table with what was looked at last is not counted again.
    my $other = $last ? Kernel::call('kcmp', $last, $task + 0, 2, 0, 0) : 1;
    next if $other == 0 or $other < 0 and $task != $process;
    $last = $task + 0;
    count_files($process, $task);
  }
}

sub count_files {
  my ($process, $task) = @_;
  opendir(my $entries, "/proc/$process/task/$task/fd") or return;
  my $reached;
  while (defined(my $file = readdir $entries)) {
    next if $file !~ /^\d+$/;
    may('files') or last;
    report() if ++$files % 1024 == 0;
    # What it is, whatever its name: st_ino, st_mode, st_rdev.
    my (undef, $inode, $mode, undef, undef, undef, $device) = stat "/proc/$process/task/$task/fd/$file" or next;
    # A master of a pseudo-terminal has the device 5:2 (pts(4)).
    $terminals++ if ($mode & 0170000) == 0020000 and $device == 0x502;
    next if ($mode & 0170000) != 0140000 or $seen{"socket:$inode"}++;
    may('sockets') or next;
    $reached //= process_of($process, $task);
    if (!$reached) {
      $beyond = 1 if -e "/proc/$process/task/$task";
      next;
    }
    my $copy = Kernel::call('pidfd_getfd', fileno $reached, $file + 0, 0);
    next if $copy < 0;
    note_that_of($copy);
    Kernel::call('close', $copy);
  }
  report();
}

# pidfd_open(2). PIDFD_THREAD is of Linux 6.9; before, the files of a thread that has its own can be counted alone. False if not.
sub process_of {
  my ($process, $task) = @_;
  my $number = Kernel::call('pidfd_open', $task + 0, $task == $process ? 0 : 0200);
  return 0 if $number < 0;
  open(my $reached, '<&=', $number) or return 0;
  return $reached;
}

# Notes the namespace of a socket by its number, without the handle that Perl would make of each.
sub note_that_of {
  my ($socket) = @_;
  # SIOCGSKNS (include/uapi/linux/sockios.h)
  my $number = Kernel::call('ioctl', $socket, 0x894c, 0);
  return if $number < 0;
  my (undef, $inode) = stat "/proc/self/fd/$number";
  if (!$inode or $seen{"net:$inode"}) {
    Kernel::call('close', $number);
    return;
  }
  open(my $namespace, '<&=', $number) or return;
  note($namespace);
}

sub look_at {
  my ($path) = @_;
  my (undef, $inode) = stat $path or return;
  return if $seen{"net:$inode"};
  open(my $namespace, '<', $path) or return;
  note($namespace);
}

# Adds what the sockets of one namespace hold, once.
sub note {
  my ($namespace) = @_;
  my (undef, $inode) = stat $namespace;
  return if !$inode or $seen{"net:$inode"}++;
  push @namespaces, $namespace;
  within($namespace, sub { $bytes += $_ for rings(), queues(), fragments() });
}

# RTM_GETNEIGH of all families, and of AF_BRIDGE; RTM_GETROUTE of both.
sub tables {
  my $here = dumped(30, 0);
  $neighbours += $here;
  $bytes += $here * $neighbour_bytes + dumped(30, 7) * $forwarding_bytes + (dumped(26, 2) + dumped(26, 10)) * $route_bytes;
  $bytes += number('/proc/sys/net/netfilter/nf_conntrack_count') * $connection_bytes;
}

# Does something within a namespace, and says what was found by then.
sub within {
  my ($namespace, $work) = @_;
  Kernel::call('setns', fileno $namespace, 0x40000000) == 0 or return;
  $work->();
  Kernel::call('setns', fileno $home, 0x40000000) == 0 or die "the way back: $!\n";
  report();
}

# AF_PACKET with PACKET_SHOW_RING_CFG and PACKET_SHOW_MEMINFO (include/uapi/linux/packet_diag.h).
sub rings {
  my $sum = 0;
  dump_sockets(pack('C C S L L x8', 17, 0, 0, 0, 0x14), 16, sub {
    my ($type, $value) = @_;
    if ($type == 2 or $type == 3) {
      my ($size, $count) = unpack 'L L', $value;
      $sum += $size * $count;
    }
    $sum += memory($value) if $type == 6;
  });
  return $sum;
}

# TCP, UDP and raw sockets with INET_DIAG_SKMEMINFO (include/uapi/linux/inet_diag.h).
sub queues {
  my $sum = 0;
  for my $family (2, 10) {
    for my $protocol (6, 17, 255) {
      dump_sockets(pack('C C C C L x48', $family, $protocol, 0x40, 0, 0xffffffff), 72, sub {
        my ($type, $value) = @_;
        $sum += memory($value) if $type == 7;
      });
    }
  }
  return $sum;
}

# The numbers of SK_MEMINFO_* without limits and drops.
sub memory {
  my ($received, undef, $sent, undef, $ahead, $queued, $options, $backlog) = unpack 'L9', $_[0];
  return $received + $sent + $ahead + $queued + $options + $backlog;
}

# A dump of sock_diag(7): calls back with each attribute of each socket. A kernel without that family has none.
sub dump_sockets {
  my ($asked, $header, $use) = @_;
  my $diag = Kernel::netlink(4) or return;
  defined send $diag, Kernel::request(20, 0x300, $asked), 0 or return;
  while (defined recv $diag, my $answers, 65536, 0) {
    for (Kernel::messages($answers)) {
      my ($type, undef, $body) = @$_;
      return if $type != 20 or !may('answers');
      $use->(@$_) for Kernel::attributes($body, $header);
    }
  }
}

sub fragments {
  my $sum = 0;
  for my $file ('sockstat', 'sockstat6') {
    open(my $lines, '<', "/proc/self/net/$file") or next;
    /^FRAG6?: inuse \d+ memory (\d+)/ and $sum += $1 while <$lines>;
  }
  return $sum;
}

# How many entries a dump of rtnetlink(7) has, by the request's type; each is a message of the type two below.
sub dumped {
  my ($type, $family) = @_;
  my $count = 0;
  my $route = Kernel::netlink(0) or return 0;
  defined send $route, Kernel::request($type, 0x300, pack 'C x11', $family), 0 or return 0;
  while (defined recv $route, my $answers, 65536, 0) {
    for (Kernel::messages($answers)) {
      return $count if $_->[0] != $type - 2 or !may('answers');
      $count++;
    }
  }
  return $count;
}

sub number {
  open(my $file, '<', $_[0]) or return 0;
  return <$file> + 0;
}
