# Connects to ADDRESS PORT within SECONDS, sends what standard input has, and repeats what comes back. netcat counts whole
# seconds, which is long to wait for a silence that is expected.
#   perl -I EYES ask-by-stream.pl USER NETWORK ADDRESS PORT SECONDS < PAYLOAD
# USER, NETWORK: namespaces of the host that asks (Kernel::join_network).
# It prints `connected` and then the answer as it is; or `timed out`; or `failed:` and the kernel's words.
use strict;
use Kernel;
use Peer;

my ($user, $network, $address, $port, $left) = @ARGV;
Kernel::join_network($user, $network);
$SIG{PIPE} = 'IGNORE';
my ($socket, $to) = Peer::to($Peer::stream, $address, $port);
Peer::unwaiting($socket);
my $payload = do { local $/; <STDIN> };
unless (connect($socket, $to)) {
  Peer::say("failed: $!") unless Peer::is_on_its_way();
  ready('write') or Peer::say('timed out');
  local $! = Peer::fault_of($socket);
  Peer::say("failed: $!") if $!;
}
$| = 1;
print "connected\n";
exit if !defined $payload || $payload eq '';
syswrite($socket, $payload);
while (ready('read')) {
  my $count = sysread($socket, my $part, 65536);
  last unless $count;
  print $part;
}

# Waits for as long as is left, and notes how much of it is left then, as Linux says (select(2)).
sub ready {
  my ($way) = @_;
  my ($read, $write) = ('', '');
  vec($way eq 'write' ? $write : $read, fileno $socket, 1) = 1;
  (my $found, $left) = select($read, $write, undef, $left);
  return $found > 0;
}
