package Peer;
# Sockets that ask somebody at an address, and the words in which the kernel refuses. It uses no module: Socket alone takes longer to
# load than Perl itself.
use strict;

# SOCK_STREAM and SOCK_DGRAM; AF_INET and AF_INET6 (socket(2)).
our ($stream, $datagram) = (1, 2);
my ($ip4, $ip6) = (2, 10);
my $in_progress = 115;

# to TYPE, ADDRESS, PORT: a socket of that type for that address and, packed, where it leads. No name is looked up. What an ICMP
# message says counts at once, not only a refusal (ip(7) and ipv6(7), IP_RECVERR).
sub to {
  my ($type, $address, $port) = @_;
  my $is_six = $address =~ /:/;
  my $family = $is_six ? $ip6 : $ip4;
  # struct sockaddr_in, struct sockaddr_in6.
  my $to = $is_six ? pack('S n N a16 L', $ip6, $port, 0, six($address), 0) : pack('S n a4 x8', $ip4, $port, four($address));
  socket(my $socket, $family, $type, 0) or die "socket: $!\n";
  tell_errors($socket, $family);
  return ($socket, $to);
}

sub tell_errors {
  my ($socket, $family) = @_;
  my ($level, $option) = $family == $ip4 ? (0, 11) : (41, 25);
  setsockopt($socket, $level, $option, pack('i', 1));
}

sub four {
  my ($address) = @_;
  my @bytes = split /\./, $address, -1;
  die "$address: no address\n" if @bytes != 4 or grep { !/^\d{1,3}$/ or $_ > 255 } @bytes;
  return pack 'C4', @bytes;
}

# As inet_pton(3) reads it: `::` stands for as many words of 0 as are missing, and the end may be written as IPv4.
sub six {
  my ($address) = @_;
  my ($before, $after, @more) = split /::/, $address, -1;
  my @first = map { words_of($_) } split /:/, $before, -1;
  my @last = map { words_of($_) } split /:/, $after // '', -1;
  my $missing = 8 - @first - @last;
  die "$address: no address\n" if @more or (defined $after ? $missing < 1 : $missing != 0);
  return pack 'n8', @first, (0) x $missing, @last;
}

sub words_of {
  my ($part) = @_;
  return unpack 'n2', four($part) if $part =~ /\./;
  die "$part: no part of an address\n" unless $part =~ /^[0-9a-f]{1,4}$/i;
  return hex $part;
}

# unwaiting SOCKET: from now on nothing that is done with it waits (F_SETFL, O_NONBLOCK).
sub unwaiting { fcntl($_[0], 4, 2048) }

# is_on_its_way: whether the last failure was only that a connection takes its time.
sub is_on_its_way { $! == $in_progress }

# fault_of SOCKET: what became of a connection, as $! has it (SOL_SOCKET, SO_ERROR); 0 where it is there.
sub fault_of { unpack 'i', getsockopt $_[0], 1, 4 }

# say TEXT: the answer; it ends the program.
sub say {
  print "@_\n";
  exit;
}

1;
