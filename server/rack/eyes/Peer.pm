package Peer;
# Sockets that ask somebody at an address, and the words in which the kernel refuses.
use strict;
use Socket qw(:DEFAULT :addrinfo);

# to TYPE, ADDRESS, PORT: a socket of SOCK_STREAM or SOCK_DGRAM for that address and, packed, where it leads. No name is looked
# up. What an ICMP message says counts at once, not only a refusal (ip(7) and ipv6(7), IP_RECVERR).
sub to {
  my ($type, $address, $port) = @_;
  my %numeric = (flags => AI_NUMERICHOST | AI_NUMERICSERV, socktype => $type);
  my ($wrong, $to) = getaddrinfo($address, $port, \%numeric);
  die "$wrong\n" if $wrong;
  socket(my $socket, $to->{family}, $type, 0) or die "socket: $!\n";
  tell_errors($socket, $to->{family});
  return ($socket, $to->{addr});
}

sub tell_errors {
  my ($socket, $family) = @_;
  my ($level, $option) = $family == AF_INET ? (0, 11) : (41, 25);
  setsockopt($socket, $level, $option, pack('i', 1));
}

# say TEXT: the answer; it ends the program.
sub say {
  print "@_\n";
  exit;
}

1;
