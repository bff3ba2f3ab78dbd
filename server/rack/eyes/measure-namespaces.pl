# Measures what network namespaces hold of the kernel's memory that no control group counts.
#   perl -I EYES measure-namespaces.pl PATHS PIDS
# PATHS: of namespaces; PIDS: of processes; both with commas between. The namespaces of the processes' sockets count too, so that a
# socket is found whose maker has left its namespace. One line comes: bytes, and entries of the neighbour tables.
#
# Counted are rings of packet sockets (PACKET_RX_RING, PACKET_TX_RING; packet(7)), what waits in and for sockets (SO_MEMINFO,
# sock_diag(7)), fragments (/proc/net/sockstat), and neighbours, forwarding entries, routes and connections with what one of each takes.
use strict;
use Kernel;

my $neighbour_bytes = 512;
my $forwarding_bytes = 128;
my $route_bytes = 256;
my $connection_bytes = 320;
# Of one host's sockets, so many are looked at.
my $most_sockets = 4096;

my ($paths, $pids) = @ARGV;
my (%seen, $bytes, $neighbours);
open(my $home, '<', '/proc/self/ns/net') or die "/proc/self/ns/net: $!\n";

for my $path (split /,/, $paths) {
  open(my $namespace, '<', $path) or next;
  look($namespace);
}
for my $pid (split /,/, $pids) {
  next if $most_sockets <= 0;
  opendir(my $files, "/proc/$pid/fd") or next;
  # pidfd_open(2)
  my $process = Kernel::call('pidfd_open', $pid + 0, 0);
  next if $process < 0;
  open(my $held, '<&=', $process) or next;
  while (defined(my $file = readdir $files)) {
    my $link = readlink("/proc/$pid/fd/$file") or next;
    next if $link !~ /^socket:/ or $seen{$link}++;
    last if $most_sockets-- <= 0;
    # pidfd_getfd(2), then SIOCGSKNS (include/uapi/linux/sockios.h).
    my $copy = Kernel::call('pidfd_getfd', $process, $file + 0, 0);
    next if $copy < 0;
    open(my $socket, '+<&=', $copy) or next;
    my $number = ioctl($socket, 0x894c, 0) or next;
    open(my $namespace, '<&=', $number + 0) or next;
    look($namespace);
  }
}
print $bytes + 0, ' ', $neighbours + 0, "\n";

# Adds what one namespace holds, once.
sub look {
  my ($namespace) = @_;
  my (undef, $inode) = stat $namespace;
  return if !$inode or $seen{"net:$inode"}++;
  Kernel::call('setns', fileno $namespace, 0x40000000) == 0 or return;
  $bytes += rings() + queues() + fragments();
  # RTM_GETNEIGH of all families, and of AF_BRIDGE; RTM_GETROUTE of both.
  my $here = dumped(30, 0);
  $neighbours += $here;
  $bytes += $here * $neighbour_bytes + dumped(30, 7) * $forwarding_bytes + (dumped(26, 2) + dumped(26, 10)) * $route_bytes;
  $bytes += number('/proc/sys/net/netfilter/nf_conntrack_count') * $connection_bytes;
  Kernel::call('setns', fileno $home, 0x40000000) == 0 or die "the way back: $!\n";
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
      return if $type != 20;
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
      return $count if $_->[0] != $type - 2;
      $count++;
    }
  }
  return $count;
}

sub number {
  open(my $file, '<', $_[0]) or return 0;
  return <$file> + 0;
}
