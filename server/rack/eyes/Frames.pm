package Frames;
# What the eyes share that listen with packet sockets (packet(7)) in many network namespaces, and tell of it line by line.
use strict;
use Kernel;

# listener FILTER: a socket of the present namespace that hears all that the filter, classic BPF, lets through; undef and the reason
# on failure.
sub listener {
  my ($filter) = @_;
  # AF_PACKET, SOCK_RAW; nothing is received before the filter is there and ETH_P_ALL is asked for.
  socket(my $packets, 17, 3, 0) or return (undef, "packet socket: $!");
  # struct sock_fprog, SO_ATTACH_FILTER; SO_RCVBUFFORCE
  setsockopt($packets, 1, 26, pack('S x6 P', length($filter) / 8, $filter)) or return (undef, "filter: $!");
  setsockopt($packets, 1, 33, pack('i', 1 << 20));
  # From now on it has the time of each packet.
  Kernel::time_of_last($packets);
  bind($packets, pack('S n l S C C x8', 17, 3, 0, 0, 0, 0)) or return (undef, "packet socket: $!");
  return $packets;
}

# received SOCKET: the next frame that waits there, and from where it came (struct sockaddr_ll); nothing where none waits.
sub received {
  my ($packets) = @_;
  # MSG_DONTWAIT
  my $from = recv($packets, my $bytes, 65536, 0x40);
  return defined $from && length $from >= 12 ? ($bytes, $from) : ();
}

# tell_frame NAMESPACE, BYTES, FROM, MOST: the line of a frame that was just received, with so many of its bytes. NAMESPACE has its
# `index`, its socket `packets`, and `names`.
sub tell_frame {
  my ($namespace, $bytes, $from, $most) = @_;
  my $time = Kernel::time_of_last($namespace->{packets});
  # 4 is PACKET_OUTGOING.
  my ($link, $type) = unpack 'x4 l x2 C', $from;
  say_line('frame', $namespace->{index}, $time, $link, hex_of(name_of($namespace, $link)), $type == 4 ? 'out' : 'in',
    length $bytes, hex_of(substr $bytes, 0, $most));
}

# name_of NAMESPACE, LINK: the name of a link by its number (struct ifreq, SIOCGIFNAME).
sub name_of {
  my ($namespace, $link) = @_;
  return $namespace->{names}{$link} //= do {
    my $request = pack('x16 l x20', $link);
    ioctl($namespace->{packets}, 0x8910, $request) ? unpack('Z16', $request) : '';
  };
}

# lost NAMESPACE...: frames that came and found no room in their sockets.
sub lost {
  my $sum = 0;
  for my $packets (grep { defined } map { $_->{packets} } @_) {
    # SOL_PACKET, PACKET_STATISTICS
    my (undef, $dropped) = unpack 'L L', getsockopt($packets, 263, 6) // '';
    $sum += $dropped // 0;
  }
  return $sum;
}

my @said;

# say_line WORD...: a line, which goes out with the next `flush_lines`.
sub say_line { push @said, join(' ', @_) . "\n" }

sub flush_lines {
  syswrite STDOUT, join('', @said) if @said;
  @said = ();
}

sub hex_of { unpack 'H*', $_[0] }

1;
